"""The document cache: one parse for many requests, bounded in number and memory, and never a way around a check."""

from __future__ import annotations

import threading

import pytest
from graphql import build_schema
from graphql.validation.rules import overlapping_fields_can_be_merged as overlapping

from marketplace.api import documents
from marketplace.api.documents import RULES, Documents
from marketplace.api.errors import BadDocument

SCHEMA = build_schema("type Query { a: String b(n: Int): Int }")


def test_a_document_is_prepared_once(monkeypatch):
    calls = []
    monkeypatch.setattr(documents, "parse", lambda *args, real=documents.parse, **named: calls.append(args) or real(*args, **named))
    kept = Documents(SCHEMA)
    first = kept.get("{ a }")
    assert kept.get("{ a }") is first
    assert kept.get("{ a  }") is not first
    assert len(calls) == 2


def test_an_invalid_document_is_not_kept():
    kept = Documents(SCHEMA)
    for _ in range(2):
        with pytest.raises(BadDocument):
            kept.get("{ c }")
    assert len(kept) == 0


def test_the_least_used_goes_first_when_number_or_text_is_too_much():
    kept = Documents(SCHEMA, size=2)
    first = kept.get("{ a }")
    kept.get("{ b }")
    assert kept.get("{ a }") is first
    kept.get("{ a b }")
    assert len(kept) == 2
    assert kept.get("{ a }") is first
    small = Documents(SCHEMA, characters=12)
    for _ in range(3):
        small.get("{ a }")
        small.get("{ b }")
        small.get("{ a b }")
    assert (len(small), small._held) == (2, 12)


def test_threads_share_it_without_losing_count():
    kept = Documents(SCHEMA, size=10)
    texts = [f"{{ a b(n: {number}) }}" for number in range(30)]
    threads = [threading.Thread(target=lambda: [kept.get(text) for text in texts * 3]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(kept) == 10
    assert kept._held == sum(length for _, length in kept._kept.values())


def test_the_standard_rules_are_all_there_and_their_budget_is_lowered():
    from graphql import specified_rules  # noqa: PLC0415 the list compared with

    assert set(specified_rules) <= set(RULES)
    assert overlapping.get_complexity_budget() == 20_000


def test_a_cached_document_is_still_charged_and_still_private(anonymous, merchant):
    document = "query($n: Int!) { organisations(first: $n) { nodes { signingKeys { id } } } }"
    assert merchant.query(document, n=5).status == 200
    assert anonymous.query(document, n=100).codes == ["COST_EXCEEDED"]
    introspection = "{ __schema { queryType { name } } }"
    assert merchant.query(introspection).status == 200
    assert anonymous.query(introspection).codes == ["BAD_QUERY"]
    assert merchant.query(introspection).status == 200


def test_two_actors_of_one_cached_document_see_their_own(merchant, anonymous, merchant_party):
    document = "{ viewer { organisation { id nameEn } } }"
    assert merchant.query(document)["viewer"]["organisation"]["nameEn"] == merchant_party.organisation.name_en
    assert anonymous.query(document)["viewer"] is None
