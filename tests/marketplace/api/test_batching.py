"""Reads of many rows take a fixed number of statements, whatever the number of rows, and no row is lost for it."""

from __future__ import annotations

import secrets

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from registry.base.actor import PartyKind
from registry.base.graphql import to_global
from registry.base.limits import PAGE_NESTED_MAX
from tests.support.graphql import Client, global_id
from tests.support.parties import AUTHORITY, admit, colleague, register_key


@pytest.fixture
def organisations(db):
    """Five organisations; the first two with two signing keys each."""
    parties = [admit(PartyKind.MERCHANT, name=f"Merchant {number}") for number in range(5)]
    for party in parties[:2]:
        signer(party)
        signer(party)
    return parties


def signer(party):
    """A new colleague with a signing key."""
    return register_key(colleague(party, authority=AUTHORITY))[1]


def statements(client, document, **variables):
    client.query(document, **variables)  # the document is cached and the key's use is noted
    with CaptureQueriesContext(connection) as captured:
        answer = client.query(document, **variables)
    return answer, len(captured)


NESTED = "nodes { nameEn signingKeys { organisation { nameEn signingKeys { person { id } } } person { id } } }"


@pytest.mark.parametrize("rows", [1, 5])
def test_a_page_with_nested_lists_takes_one_statement_a_relation(organisations, rows):
    answer, count = statements(Client(token=organisations[0].token), f"{{ organisations(first: {rows}) {{ {NESTED} }} }}")
    assert len(answer["organisations"]["nodes"]) == rows
    key, page, relations = 1, 1, 5
    assert count <= key + page + relations
    assert {len(node["signingKeys"]) for node in answer["organisations"]["nodes"]} <= {0, 2}


def test_a_total_is_counted_only_when_asked(organisations):
    client = Client(token=organisations[0].token)
    _, without = statements(client, "{ organisations(first: 2) { nodes { id } } }")
    answer, counted = statements(client, "{ organisations(first: 2) { totalCount nodes { id } } }")
    assert (without, counted, answer["organisations"]["totalCount"]) == (2, 3, 5)


def test_a_single_node_warms_what_hangs_on_it(organisations):
    document = "query($id: ID!) { node(id: $id) { ... on Organisation { signingKeys { person { id } organisation { id } } } } }"
    _, one = statements(Client(token=organisations[4].token), document, id=global_id(organisations[4].organisation))
    answer, many = statements(Client(token=organisations[4].token), document, id=global_id(organisations[0].organisation))
    assert len(answer["node"]["signingKeys"]) == 2
    assert many <= one + 2


def test_a_parent_with_many_children_starves_no_other(organisations):
    first, second = organisations[2:4]
    for _ in range(PAGE_NESTED_MAX + 5):
        signer(first)
    lonely = signer(second)
    rows = Client(token=first.token).query("{ organisations(first: 5) { nodes { id signingKeys { id } } } }")["organisations"]["nodes"]
    children = {row["id"]: row["signingKeys"] for row in rows}
    assert len(children[global_id(first.organisation)]) == PAGE_NESTED_MAX
    assert children[global_id(second.organisation)] == [{"id": global_id(lonely)}]


def test_pages_follow_one_another_without_gap_or_repetition(organisations):
    client = Client(token=organisations[0].token)
    document = "query($after: String) { organisations(first: 2, after: $after) { nodes { id } pageInfo { hasNextPage endCursor } } }"
    seen, after = [], None
    for _ in range(3):
        page = client.query(document, after=after)["organisations"]
        seen += [node["id"] for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
    assert page["pageInfo"]["hasNextPage"] is False
    assert seen == [global_id(party.organisation) for party in reversed(organisations)]


@pytest.mark.parametrize("after", ["", "x", "AAAA", "é", "djE6", "djI6AAAAAAAAAAAAAAAAAAAAAA", "djE6" + "A" * 200])
def test_a_forged_cursor_is_the_clients_error(organisations, after):
    answer = Client(token=organisations[0].token).query(
        "query($a: String) { organisations(first: 2, after: $a) { nodes { id } } }", a=after
    )
    assert (answer.status, answer.codes, answer.data) == (200, ["BAD_INPUT"], None)


@pytest.mark.parametrize("given", ["", "x", "é", "T3JnYW5pc2F0aW9u", "T3JnYW5pc2F0aW9uOng", "=" * 50, "A" * 4000])
def test_a_forged_id_is_invalid_and_not_missing(organisations, given):
    client = Client(token=organisations[0].token)
    assert client.query("query($id: ID!) { node(id: $id) { id } }", id=given).codes == ["INVALID_ID"]
    assert client.query("query($id: ID!) { job(id: $id) { id } }", id=given).codes == ["INVALID_ID"]
    assert client.mutate("jobCancel", jobId=given).codes == ["INVALID_ID"]


def test_an_id_of_another_type_is_invalid_and_an_unknown_one_is_not_found(organisations):
    client = Client(token=organisations[0].token)
    assert client.mutate("jobCancel", jobId=organisations[0].organisation).codes == ["INVALID_ID"]
    document = "query($id: ID!) { node(id: $id) { id } }"
    unknown = to_global("Job", organisations[0].organisation.pk)
    assert client.mutate("jobCancel", jobId=unknown).codes == ["NOT_FOUND"]
    assert client.query(document, id=unknown)["node"] is None
    assert client.query("query($id: ID!) { node(id: $id) { id } }", id=to_global("Nothing", organisations[0].organisation.pk)).codes == [
        "INVALID_ID"
    ]


def test_a_text_of_an_input_has_a_limit(organisations):
    payload = Client(token=organisations[0].token).mutate("personAdd", name="x" * 4001, mayBind=False, idempotencyKey=secrets.token_hex(4))
    assert [(error.code, error.field) for error in payload.user_errors] == [("BAD_INPUT", ["name"])]
