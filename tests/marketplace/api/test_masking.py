"""What a client is told of a failure: typed errors in their words, everything else as INTERNAL with a request id, all logged or audited."""

from __future__ import annotations

import logging
from datetime import timedelta

import graphene
import pytest
from django.db import connection

from registry.base import clock
from registry.base.actor import PartyKind
from registry.base.errors import Forbidden, NotFound, Unauthenticated
from registry.base.graphql import BigInt
from registry.base.models import Job, RefusedAccess
from tests.support.parties import admit

SECRET = "postgresql://egret:hunter2@db"


class Failing:
    """A read for each way in which a resolver may fail."""

    crash = graphene.String()
    crash_hard = graphene.String(required=True)
    sql = graphene.String()
    out_of_range = graphene.String()
    missing = graphene.String()
    refused = graphene.String()
    unknown = graphene.String()
    too_large = graphene.Int()
    null = graphene.String(required=True)
    fine = graphene.String()

    @staticmethod
    def resolve_crash(_root, _info):
        raise RuntimeError(SECRET)

    resolve_crash_hard = resolve_crash

    @staticmethod
    def resolve_sql(_root, _info):
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM no_such_table")

    @staticmethod
    def resolve_out_of_range(_root, _info):
        return str(Job.objects.filter(tries=2**70, done=2**90).count() + _cast(2**90))

    @staticmethod
    def resolve_missing(_root, _info):
        raise NotFound(field=("id",), noun="job")

    @staticmethod
    def resolve_refused(_root, _info):
        raise Forbidden(scope="deal:settle")

    @staticmethod
    def resolve_unknown(_root, _info):
        raise Unauthenticated

    @staticmethod
    def resolve_too_large(_root, _info):
        return 2**40

    @staticmethod
    def resolve_fine(_root, _info):
        return "fine"


def _cast(number):
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::int", [number])
        return cursor.fetchone()[0]


@pytest.mark.parametrize("name", ["crash", "sql", "tooLarge"])
def test_an_unknown_error_is_masked_and_logged_with_the_request_id(endpoint, caplog, name):
    with caplog.at_level(logging.ERROR, logger="marketplace.api.masking"):
        status, body = endpoint(Failing, f"{{ fine {name} }}")
    assert status == 200
    assert body["data"] == {"fine": "fine", name: None}
    error = body["errors"][0]
    assert error["message"] == "Something failed inside. The request changed nothing."
    assert (error["extensions"]["code"], error["path"]) == ("INTERNAL", [name])
    assert error["extensions"]["requestId"] == body["extensions"]["requestId"]
    text = str(body)
    assert not any(part in text for part in (SECRET, "no_such_table", "RuntimeError", "1099511627776"))
    assert error["extensions"]["requestId"] in caplog.text


@pytest.mark.parametrize("name", ["crashHard", "null"])
def test_a_failure_of_a_required_field_takes_the_data_but_is_no_5xx(endpoint, name):
    status, body = endpoint(Failing, f"{{ fine {name} }}")
    assert (status, body["data"]) == (200, None)
    assert [error["extensions"]["code"] for error in body["errors"]] == ["INTERNAL"]


def test_what_the_database_cannot_hold_is_the_clients_error(endpoint, caplog):
    status, body = endpoint(Failing, "{ outOfRange }")
    assert (status, body["data"]) == (200, {"outOfRange": None})
    assert [error["extensions"]["code"] for error in body["errors"]] == ["BAD_INPUT"]
    assert caplog.records == []


def test_a_typed_error_of_a_read_keeps_its_code_field_and_remedy(endpoint):
    _, body = endpoint(Failing, "{ missing }")
    error = body["errors"][0]
    assert error["message"] == "There is no such job, or you may not see it."
    assert error["extensions"] == {
        "code": "NOT_FOUND",
        "requestId": body["extensions"]["requestId"],
        "remedy": "Check the id; ask its owner for access.",
        "field": ["id"],
    }
    assert RefusedAccess.objects.count() == 0


@pytest.mark.parametrize(("name", "code"), [("refused", "FORBIDDEN"), ("unknown", "UNAUTHENTICATED")])
def test_a_refused_access_is_written_down_under_the_schemas_name(endpoint, name, code):
    status, body = endpoint(Failing, f"{{ alias: {name} }}")
    assert (status, [error["extensions"]["code"] for error in body["errors"]]) == (200, [code])
    row = RefusedAccess.objects.get()
    assert (row.code, row.operation, str(row.request_id), row.organisation) == (code, name, body["extensions"]["requestId"], None)


def test_a_refused_mutation_leaves_the_audit_row_and_nothing_else(merchant, merchant_party, snapshot):
    before = snapshot(Job)
    payload = merchant.mutate(
        "feeSchedulePublish",
        "feeSchedule { id }",
        **dict.fromkeys(("platformPpm", "institutionPpm", "gatewayPpm"), 1),
        gatewayFixedMinor="1",
        idempotencyKey="k",
    )
    assert (payload.codes, payload.answer.data) == (["FORBIDDEN"], None)
    row = RefusedAccess.objects.get()
    assert (row.code, row.operation) == ("FORBIDDEN", "feeSchedulePublish")
    assert (row.person, row.organisation) == (merchant_party.person.pk, merchant_party.organisation.pk)
    assert snapshot(Job) == before


def test_an_audit_row_survives_although_the_refused_transaction_is_undone(committed_db):
    from tests.support.graphql import Client  # noqa: PLC0415 after the database is there

    party = admit(PartyKind.BUYER)
    Client(token=party.token).mutate(
        "feeSchedulePublish", platformPpm=1, institutionPpm=1, gatewayPpm=1, gatewayFixedMinor="1", idempotencyKey="k"
    )
    assert list(RefusedAccess.objects.values_list("code", "organisation")) == [("FORBIDDEN", party.organisation.pk)]


def test_a_failure_before_execution_is_masked_too(anonymous, monkeypatch):
    def broken(*_args):
        raise RuntimeError(SECRET)

    monkeypatch.setattr("marketplace.api.view.read", broken)
    answer = anonymous.query("{ clock { now } }")
    assert (answer.status, answer.codes) == (500, ["INTERNAL"])
    assert SECRET not in answer.content.decode()


def test_messages_are_in_the_language_of_the_request_where_there_is_a_translation(merchant):
    answer = merchant.post({"query": '{ node(id: "x") { id } }'}, **{"Accept-Language": "zh-Hans"})
    assert answer.codes == ["INVALID_ID"]
    assert answer.headers["content-language"] == "zh-hans"


@pytest.mark.parametrize(
    "value",
    ["", "1.5", "1e3", "0x10", " 1", "1_000", "１２", "9" * 20, "9223372036854775808", True, 1.5, [], {}, 2**63, "9" * 5000],
    ids=repr,
)
def test_bigint_takes_64_bits_of_ascii_digits_and_no_more(value):
    with pytest.raises(Exception, match="BigInt takes a whole number"):
        BigInt.parse_value(value)


@pytest.mark.parametrize(("value", "number"), [("-9223372036854775808", -(2**63)), ("9223372036854775807", 2**63 - 1), (7, 7), ("007", 7)])
def test_bigint_takes_its_whole_range(value, number):
    assert BigInt.parse_value(value) == number


@pytest.mark.parametrize("to", ["2027-01-31T08:00:00", "0001-01-01T00:00:00+23:00", "9999-12-31T23:59:59-23:00"])
def test_an_instant_without_an_offset_or_beyond_the_calendar_is_a_user_error(merchant, settings, to):
    settings.DEMO_CLOCK = True
    payload = merchant.mutate("clockAdvance", "clock { now }", to=to)
    assert [(error.code, error.field) for error in payload.user_errors] == [("BAD_INPUT", ["to"])]


def test_the_demo_clock_moves_for_callers_with_a_key_and_only_on_a_demo_server(merchant, anonymous, settings):
    to = clock.now().replace(microsecond=0) + timedelta(days=40)
    assert merchant.mutate("clockAdvance", "clock { now }", to=to).codes == ["DEMO_CLOCK_OFF"]
    settings.DEMO_CLOCK = True
    assert anonymous.mutate("clockAdvance", "clock { now }", to=to).codes == ["UNAUTHENTICATED"]
    moved = merchant.mutate("clockAdvance", "clock { now demo }", to=to)
    assert (moved["clock"]["now"][:16], moved["clock"]["demo"]) == (to.isoformat()[:16], True)
    assert merchant.mutate("clockAdvance", "clock { now }", to=to - timedelta(days=1)).codes == ["BAD_INPUT"]
    assert merchant.query("{ clock { now } }")["clock"]["now"] >= to.isoformat()
