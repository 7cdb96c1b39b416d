"""The committed schema is the code's, and the code's schema keeps the house's rules."""

from __future__ import annotations

import re

import graphene
import pytest
from django.core.management import CommandError, call_command
from graphql import get_named_type, is_input_object_type, is_non_null_type, is_object_type

from marketplace.api.schema import assemble, market_schema, sdl
from marketplace.management.commands import schema as command
from registry.base.graphql import MUTATIONS, NODES, Mutation
from registry.base.jobs import job_start
from registry.base.models import Job
from tests.support.graphql import Client
from tests.support.parties import admit

TYPES_THAT_CARRY = re.compile(r"(Connection|Edge|Payload|Input)$")


def types():
    return {name: kind for name, kind in market_schema().graphql_schema.type_map.items() if not name.startswith("__")}


def test_the_committed_file_is_current():
    call_command("schema", "--check")


def test_the_command_writes_and_checks(tmp_path, monkeypatch):
    path = tmp_path / "schema.graphql"
    monkeypatch.setattr(command, "FILE", path)
    with pytest.raises(CommandError, match="is not current"):
        call_command("schema", "--check")
    call_command("schema")
    assert path.read_text(encoding="utf-8") == sdl()
    call_command("schema", "--check")
    path.write_text(sdl().replace("clock: Clock!", "clock: Clock"), encoding="utf-8")
    with pytest.raises(CommandError, match=r"-  clock: Clock\n\+  clock: Clock!"):
        call_command("schema", "--check")


def test_every_type_that_means_something_is_explained_in_both_languages():
    missing = {
        name
        for name, kind in types().items()
        if (is_object_type(kind) or name in NODES)
        and not TYPES_THAT_CARRY.search(name)
        and not re.search("[\u4e00-\u9fff]", kind.description or "")
    }
    assert missing == set()


def test_every_mutation_is_explained_in_both_languages():
    fields = market_schema().graphql_schema.mutation_type.fields
    assert {name for name, field in fields.items() if not re.search("[\u4e00-\u9fff]", field.description or "")} == set()


def test_every_mutation_takes_one_input_and_returns_a_payload_that_can_refuse():
    for name, field in market_schema().graphql_schema.mutation_type.fields.items():
        title = name[0].upper() + name[1:]
        assert {argument: str(one.type) for argument, one in field.args.items()} == {"input": f"{title}Input!"}
        assert str(field.type) == f"{title}Payload!"
        payload = get_named_type(field.type).fields
        assert str(payload["userErrors"].type) == "[UserError!]!"
        assert [key for key, one in payload.items() if key != "userErrors" and is_non_null_type(one.type)] == [], name


def test_money_is_never_a_float():
    for name, kind in types().items():
        if is_object_type(kind) or is_input_object_type(kind):
            assert [field for field, one in kind.fields.items() if get_named_type(one.type).name == "Float"] == [], name


def test_two_rooms_may_not_answer_one_name():
    first, second = (type(name, (), {"thing": graphene.String()}) for name in ("First", "Second"))
    with pytest.raises(ValueError, match="both answer thing"):
        assemble([first, second], {})


def test_two_mutations_may_not_have_one_name():
    with pytest.raises(ValueError, match="two mutations are called jobCancel"):
        type("JobCancel", (Mutation,), {"Input": type("Input", (), {"a": graphene.String()})})
    assert MUTATIONS["jobCancel"].__module__ == "marketplace.api.base_types"


def test_a_job_is_seen_and_cancelled_by_its_organisation_alone(merchant, merchant_party, snapshot):
    stranger = Client(token=admit("BUYER", name="Stranger").token)
    job = job_start(actor=merchant_party.actor, kind="profile", params={})
    read = "query($id: ID!) { job(id: $id) { kind state done total cancelRequested result errorCode endedAt } }"
    document_id = merchant.query("{ jobs(first: 5) { nodes { id } totalCount } }")["jobs"]["nodes"][0]["id"]
    shown = merchant.query(read, id=document_id)["job"]
    assert (shown["kind"], shown["state"], shown["done"], shown["total"]) == ("profile", "QUEUED", "0", "0")
    assert (shown["cancelRequested"], shown["result"], shown["errorCode"], shown["endedAt"]) == (False, None, "", None)
    before = snapshot(Job)
    assert stranger.query(read, id=document_id)["job"] is None
    assert stranger.query("{ jobs(first: 5) { nodes { id } totalCount } }")["jobs"] == {"nodes": [], "totalCount": 0}
    assert stranger.mutate("jobCancel", jobId=job).codes == ["NOT_FOUND"]
    assert snapshot(Job) == before
    assert merchant.mutate("jobCancel", "job { cancelRequested }", jobId=job)["job"] == {"cancelRequested": True}
