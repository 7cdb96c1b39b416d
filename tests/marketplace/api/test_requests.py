"""What reaches GraphQL at all: method, media types, body, key, language; every refusal typed, none a 5xx, nothing changed."""

from __future__ import annotations

import gzip
import json

import pytest
from django.test import Client as DjangoClient

from registry.base.limits import BODY_BYTES_MAX
from registry.base.models import ClockOffset, IdempotencyKey, Job, RefusedAccess
from tests.support.graphql import PATH, Client

CLOCK = '{"query": "{ clock { demo } }"}'
GRAPHQL = "application/graphql-response+json"


def test_a_query_is_answered_with_its_cost_and_request_id(anonymous):
    answer = anonymous.query("{ clock { demo } }")
    assert (answer.status, answer.data, answer.errors) == (200, {"clock": {"demo": False}}, [])
    assert answer.extensions["cost"] == {"requested": 1, "maximum": 2000}
    assert answer.extensions["requestId"] == answer.headers["x-request-id"]
    assert answer.headers["content-type"] == "application/graphql-response+json; charset=utf-8"


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete", "options", "head"])
def test_only_post_executes(db, method):
    response = getattr(DjangoClient(), method)(PATH + "?query={clock{demo}}")
    assert (response.status_code, response["Allow"]) == (405, "POST")


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/x-www-form-urlencoded", b"query={clock{demo}}"),
        ("multipart/form-data; boundary=b", b'--b\r\nContent-Disposition: form-data; name="query"\r\n\r\n{clock{demo}}\r\n--b--\r\n'),
        ("application/graphql", b"{clock{demo}}"),
        ("text/plain", CLOCK.encode()),
        ("application/json; charset=gbk", CLOCK.encode("gbk")),
        ("", CLOCK.encode()),
    ],
)
def test_a_body_that_a_form_could_send_is_refused(anonymous, content_type, body):
    answer = anonymous.post(body, **{"Content-Type": content_type})
    assert (answer.status, answer.codes, answer.data) == (415, ["BAD_REQUEST"], None)


def test_a_charset_is_allowed_if_it_is_the_one(anonymous):
    assert anonymous.post(CLOCK.encode(), **{"Content-Type": "application/json; charset=UTF-8"}).status == 200


@pytest.mark.parametrize(
    "body",
    [
        b" ",
        b"{",
        b"null",
        b"17",
        b'"text"',
        b"[]",
        b'[{"query": "{ clock { demo } }"}]',
        b"{}",
        b'{"query": null}',
        b'{"query": ""}',
        b'{"query": " "}',
        b'{"query": 1}',
        b'{"query": ["{ clock { demo } }"]}',
        b'{"query": "{ clock { demo } }", "variables": []}',
        b'{"query": "{ clock { demo } }", "variables": "{}"}',
        b'{"query": "{ clock { demo } }", "variables": 3}',
        b'{"query": "{ clock { demo } }", "operationName": 3}',
        b'{"query": "{ clock { demo } }", "extensions": []}',
        b'{"query": "{ clock { demo } }", "variables": {"a": NaN}}',
        b'{"query": "{ clock { demo } }", "variables": {"a": Infinity}}',
        b'{"query": "{ clock { demo } }", "variables": {"a": -Infinity}}',
        b'{"query": "{ clock { demo } }", "variables": {"a": 1e400}}',
        b'{"query": "{ clock { demo } }", "variables": {"a": ' + b"9" * 5000 + b"}}",
        b'{"query": "{ clock { demo } }", "variables": {"a": "\\u0000"}}',
        b'{"query": "{ clock { demo } }", "variables": {"\\u0000": "a"}}',
        b'{"query": "{ clock { demo } }", "variables": {"a": ["\\ud800"]}}',
        b'{"query": "{ clock { demo } } #\\udfff"}',
        b'{"query": "{ clock { demo } }", "operationName": "\\ud83d"}',
        b'{"query": "{ clock { demo } }"}\xff',
        b"\xff\xfe{\x00}\x00",
        gzip.compress(CLOCK.encode(), mtime=0),
        b'{"query": "{ clock { demo } }", "variables": {"a": ' + b"[" * 6000 + b"]" * 6000 + b"}}",
        b'{"a":' * 2000 + b"1" + b"}" * 2000,
    ],
)
@pytest.mark.parametrize("accept", [GRAPHQL, "application/json"])
def test_a_malformed_body_is_a_typed_400_and_changes_nothing(anonymous, snapshot, body, accept):
    before = snapshot(Job, IdempotencyKey, ClockOffset, RefusedAccess)
    answer = anonymous.post(body, Accept=accept)
    assert (answer.status, answer.codes, answer.data) == (400, ["BAD_REQUEST"], None)
    assert answer.errors[0]["extensions"]["requestId"] == answer.extensions["requestId"]
    assert snapshot(Job, IdempotencyKey, ClockOffset, RefusedAccess) == before


def test_an_escaped_backslash_before_u0000_is_only_text(anonymous):
    assert anonymous.post(rb'{"query": "{ clock { demo } }", "variables": {"a": "\\u0000"}}').status == 200


def test_a_surrogate_pair_is_a_character(anonymous):
    assert anonymous.post(b'{"query": "{ clock { demo } }", "variables": {"a": "\\ud83d\\ude00"}}').status == 200


def test_a_nul_in_a_literal_of_the_document_is_refused(merchant):
    answer = merchant.post({"query": '{ organisations(first: 1, uscc: "\\u0000") { nodes { id } } }'})
    assert (answer.status, answer.codes) == (400, ["BAD_REQUEST"])


def test_the_body_may_have_16_kib_and_not_one_byte_more(anonymous):
    padding = BODY_BYTES_MAX - len(CLOCK)
    assert anonymous.post(CLOCK.encode() + b" " * padding).status == 200
    answer = anonymous.post(CLOCK.encode() + b" " * (padding + 1))
    assert (answer.status, answer.codes) == (413, ["BAD_REQUEST"])


@pytest.mark.parametrize(
    ("accept", "status", "media_type"),
    [
        (None, 200, "application/json"),
        ("*/*", 200, "application/json"),
        ("application/*", 200, "application/json"),
        ("application/json", 200, "application/json"),
        (GRAPHQL, 400, GRAPHQL),
        (f"{GRAPHQL}, application/json;q=0.9", 400, GRAPHQL),
        (f"{GRAPHQL}, application/json", 400, GRAPHQL),
        (f"{GRAPHQL};q=0.5, application/json", 200, "application/json"),
        (f"{GRAPHQL}; charset=utf-8", 400, GRAPHQL),
    ],
)
def test_an_invalid_document_has_the_status_of_the_accepted_media_type(db, accept, status, media_type):
    headers = {} if accept is None else {"Accept": accept}
    response = DjangoClient().post(PATH, data='{"query": "{ nothing }"}', content_type="application/json", headers=headers)
    assert (response.status_code, response["Content-Type"]) == (status, f"{media_type}; charset=utf-8")
    body = json.loads(response.content)
    assert "data" not in body
    assert [error["extensions"]["code"] for error in body["errors"]] == ["BAD_QUERY"]


@pytest.mark.parametrize("accept", ["text/html", "image/png, text/*", "application/json;q=0"])
def test_a_client_that_accepts_no_json_gets_406(anonymous, accept):
    assert anonymous.post(CLOCK.encode(), Accept=accept).status == 406


@pytest.mark.parametrize(
    "query",
    [
        "{ nothing }",
        "{",
        "",
        "{ clock }",
        "{ clock { demo { x } } }",
        "mutation { jobCancel { job { id } } }",
        "subscription { clock { now } }",
    ],
)
def test_a_wrong_document_is_a_400(merchant, query):
    answer = merchant.post({"query": query})
    assert (answer.status, answer.data) == (400, None)
    assert set(answer.codes) <= {"BAD_QUERY", "BAD_REQUEST"}


def test_the_standard_rules_hold_and_suggest_nothing(anonymous):
    answer = anonymous.query("{ clok { now } }")
    assert answer.errors[0]["message"] == "Cannot query field 'clok' on type 'Query'."


@pytest.mark.parametrize(
    ("document", "variables"),
    [
        ("query($first: Int!) { jobs(first: $first) { nodes { id } } }", {}),
        ("query($first: Int!) { jobs(first: $first) { nodes { id } } }", {"first": None}),
        ("query($first: Int!) { jobs(first: $first) { nodes { id } } }", {"first": "5"}),
        ("query($first: Int!) { jobs(first: $first) { nodes { id } } }", {"first": 1.5}),
        ("query($first: Int!) { jobs(first: $first) { nodes { id } } }", {"first": True}),
        ("query($first: Int!) { jobs(first: $first) { nodes { id } } }", {"first": [1]}),
        ("query($first: Int!) { jobs(first: $first) { nodes { id } } }", {"first": {"a": 1}}),
        ("query($id: ID!) { node(id: $id) { id } }", {"id": 1.5}),
        ("mutation($input: ClockAdvanceInput!) { clockAdvance(input: $input) { clock { now } } }", {"input": {"to": "yesterday"}}),
        ("mutation($input: ClockAdvanceInput!) { clockAdvance(input: $input) { clock { now } } }", {"input": {"to": 5}}),
        ("mutation($input: ClockAdvanceInput!) { clockAdvance(input: $input) { clock { now } } }", {"input": {"at": "2026-01-01"}}),
        ("query($id: UUID) { logEntries(first: 1, subjectId: $id) { nodes { id } } }", {"id": 5}),
        ("query($id: UUID) { logEntries(first: 1, subjectId: $id) { nodes { id } } }", {"id": "x"}),
    ],
)
def test_a_variable_of_the_wrong_type_is_a_400_that_tells_nothing_of_the_inside(merchant, document, variables):
    answer = merchant.query(document, **variables)
    assert (answer.status, set(answer.codes), answer.data) == (400, {"BAD_QUERY"}, None)
    assert "object has no attribute" not in answer.content.decode()


def test_a_null_where_a_default_was_is_the_clients_error(merchant):
    answer = merchant.query("query($first: Int = 5) { jobs(first: $first) { nodes { id } } }", first=None)
    assert (answer.status, answer.data, answer.codes) == (200, None, ["BAD_QUERY"])


def test_several_operations_need_a_name(anonymous):
    document = "query A { clock { demo } } query B { clock { demo } }"
    assert anonymous.post({"query": document}).codes == ["BAD_QUERY"]
    assert anonymous.post({"query": document, "operationName": "C"}).codes == ["BAD_QUERY"]
    assert anonymous.post({"query": document, "operationName": "B"}).data == {"clock": {"demo": False}}


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Basic YTpi",
        "Bearer not-a-key",
        "Bearer egret_live_aaaaaaaa_" + "a" * 43,
        "Bearer " + "x" * 5000,
        "Bearer \xe9",
    ],
)
def test_a_bad_key_is_a_401_and_is_written_down(anonymous, header):
    answer = anonymous.post(CLOCK.encode(), Authorization=header)
    assert (answer.status, answer.codes, answer.data) == (401, ["UNAUTHENTICATED"], None)
    assert answer.headers["www-authenticate"] == "Bearer"
    row = RefusedAccess.objects.get()
    assert (row.code, row.operation, row.person, str(row.request_id)) == (
        "UNAUTHENTICATED",
        "authenticate",
        None,
        answer.extensions["requestId"],
    )


def test_no_cookie_is_set_or_obeyed(merchant, merchant_party):
    answer = merchant.query("{ viewer { organisation { id } } }")
    assert answer["viewer"] is not None
    assert (answer.cookies, "set-cookie" in answer.headers) == ({}, False)
    browser = DjangoClient(enforce_csrf_checks=True)
    browser.cookies["sessionid"] = merchant_party.token
    assert Client(browser).query("{ viewer { scopes } }").data == {"viewer": None}


@pytest.mark.parametrize(
    ("language", "expected"), [("zh-CN,zh;q=0.9,en;q=0.8", "zh-hans"), ("zh-Hans", "zh-hans"), ("en-GB", "en"), ("fr", "en"), ("*", "en")]
)
def test_the_answer_is_in_the_language_that_was_asked_for(anonymous, language, expected):
    answer = anonymous.post({"query": "{ clock { demo } }"}, **{"Accept-Language": language})
    assert answer.headers["content-language"] == expected


def test_introspection_is_for_callers_with_a_key(anonymous, merchant):
    for document in ("{ __schema { queryType { name } } }", '{ __type(name: "Job") { name } }'):
        answer = anonymous.query(document)
        assert (answer.status, answer.codes, answer.data) == (400, ["BAD_QUERY"], None)
        assert merchant.query(document).status == 200
    assert anonymous.query("{ __typename clock { __typename } }").data == {"__typename": "Query", "clock": {"__typename": "Clock"}}
