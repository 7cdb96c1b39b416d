"""Attacks on the parser, the validator and the executor: each is refused, in time, before it costs anything."""

from __future__ import annotations

import time

import pytest
from graphql import get_introspection_query, parse

from marketplace.api import guard
from marketplace.api.errors import LimitExceeded
from registry.base.models import Job

PAGE = "jobs(first: 20) { nodes { id state done total createdAt } }"
ATTACKS = {
    "a thousand aliases of a list": "{" + " ".join(f"a{i}: clock {{ now }}" for i in range(1000)) + "}",
    "thirty-one aliases": "{ clock {" + " ".join(f"a{i}: now" for i in range(31)) + "} }",
    "eleven root fields": "{" + " ".join(f"a{i}: clock {{ now }}" for i in range(11)) + "}",
    "copies of one field": "{ clock {" + " now" * 3000 + "} }",
    "copies with a selection": "{" + "clock{now} " * 1200 + "}",
    "directives that are legal one by one": "{ clock {" + " now @skip(if: false)" * 11 + "} }",
    "one field with many directives": "{ clock { now " + "@skip(if: false) " * 300 + "} }",
    "comments": "{ clock { now } }" + "#\n" * 5000,
    "deep selections": "{ node(id: 1) " + "{ ... on Organisation " * 40 + "{ id }" + "}" * 40 + "}",
    "deep fields": "{ organisations(first: 1) { nodes {" + "signingKeys { organisation {" * 7 + "id" + "}" * 17,
    "a tower of brackets": "{" + "a{" * 740 + "b" + "}" * 740 + "}",
    "inline fragments in a tower": "{" + "...{" * 490 + "clock{now}" + "}" * 490 + "}",
    "a fragment of itself": "{ ...f } fragment f on Query { clock { now } ...f }",
    "two fragments in a ring": "{ ...f } fragment f on Query { ...g } fragment g on Query { ...f }",
    "a ring through a field": "{ clock { ...f } } fragment f on Clock { now ... { ...f } }",
    "a bomb of fragments": "{ ...f0 }"
    + "".join(f" fragment f{i} on Query {{ ...f{i + 1} ...f{i + 1} }}" for i in range(16))
    + " fragment f16 on Query { clock { now } }",
    "a chain of fragments": "{ ...f0 }"
    + "".join(f" fragment f{i} on Query {{ ...f{i + 1} }}" for i in range(150))
    + " fragment f150 on Query { clock { now } }",
    "aliases hidden in fragments": "{ clock { ...f ...f ...f ...f } } fragment f on Clock {"
    + " ".join(f"a{i}: now" for i in range(10))
    + "}",
    "directives hidden in fragments": "{ clock { ...f ...f ...f } } fragment f on Clock { now @skip(if: false) demo "
    + " ".join(f"x{i}: now @include(if: true)" for i in range(4))
    + "}",
    "root fields hidden in fragments": "{ ...f ...f ...f } fragment f on Query {"
    + " ".join(f"{name}: clock {{ now }}" for name in "abcd")
    + "}",
    "two mutations": 'mutation { a: jobCancel(input: {jobId: "x"}) { job { id } } b: jobCancel(input: {jobId: "y"}) { job { id } } }',
    "two mutations in a fragment": 'mutation { ...f ...f } fragment f on Mutation { jobCancel(input: {jobId: "x"}) { job { id } } }',
    "circular introspection": "{ __schema { types {" + "fields { type {" * 5 + "name" + "}" * 10 + "} } }",
    "a long string of digits": "{ jobs(first: " + "9" * 9000 + ") { nodes { id } } }",
    "a long name": "{ " + "a" * 15000 + " }",
    "overlapping fields": "{ clock {" + "x: now " * 29 + "...on Clock { x: demo } " * 200 + "} }",
}


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_is_refused_as_a_bad_query_and_quickly(merchant, snapshot, name):
    merchant.post({"query": "{ clock { now } }"})  # what the first request of a process builds is not the attack's
    before = snapshot(Job)
    started = time.thread_time()  # of the processor, since others may be at work on the machine
    answer = merchant.post({"query": ATTACKS[name]})
    seconds = time.thread_time() - started
    assert answer.status in {400, 413}, answer.content
    assert set(answer.codes) <= {"BAD_QUERY", "BAD_REQUEST", "COST_EXCEEDED"}
    assert answer.data is None
    assert len(answer.content) < 20_000
    assert seconds < 1
    assert snapshot(Job) == before


def test_array_batching_does_not_exist(merchant):
    assert merchant.post([{"query": "{ clock { now } }"}] * 50).status == 400


def test_the_validator_is_quadratic_no_further_than_its_budget(merchant):
    rivals = " ".join(f"...on Clock {{ a{i % 29}: now }}" for i in range(29))
    merchant.post({"query": "{ clock { now } }"})
    started = time.thread_time()
    merchant.post({"query": "{" + f"clock {{ {rivals} }} " * 9 + "}"})
    assert time.thread_time() - started < 1


def test_limits_are_reachable(anonymous):
    thirty = "{ clock {" + " ".join(f"a{i}: now" for i in range(30)) + "} }"
    assert anonymous.query(thirty).status == 200
    ten = "{" + " ".join(f"a{i}: clock {{ now }}" for i in range(10)) + "}"
    assert anonymous.query(ten).status == 200
    assert anonymous.query("{ clock {" + " now @skip(if: false)" * 10 + "} }").status == 200


def test_a_client_can_still_introspect_as_graphiql_does(merchant):
    answer = merchant.query(get_introspection_query(input_value_deprecation=True))
    assert answer.status == 200, answer.content
    assert answer["__schema"]["queryType"]["name"] == "Query"


@pytest.mark.parametrize(
    ("inline", "spread"),
    [
        ("{ clock { a: now b: now } }", "{ clock { ...f } } fragment f on Clock { a: now b: now }"),
        ("{ clock { now demo } }", "{ ...r } fragment r on Query { clock { ...f } } fragment f on Clock { now demo }"),
    ],
)
def test_what_is_written_in_a_fragment_counts_as_what_is_written_inline(monkeypatch, inline, spread):
    for limit in ("DOCUMENT_ALIASES_MAX", "DOCUMENT_DEPTH_MAX", "DOCUMENT_ROOT_FIELDS_MAX"):
        for value in range(4):
            with monkeypatch.context() as patch:
                patch.setattr(guard, limit, value)
                assert refused(inline) == refused(spread), (limit, value)


def refused(text):
    try:
        guard.check(parse(text))
    except LimitExceeded:
        return True
    return False
