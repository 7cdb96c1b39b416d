"""What a query costs: declared on the field, counted with variables, published with the answer."""

from __future__ import annotations

import pytest
from graphql import get_named_type, get_nullable_type, is_composite_type, is_introspection_type, is_list_type, is_object_type

from marketplace.api.cost import declared
from marketplace.api.schema import market_schema
from registry.base.limits import COST_MAX, COST_MAX_ANONYMOUS, PAGE_NESTED_MAX


def cost_of(client, document, **variables):
    return client.query(document, **variables).extensions["cost"]["requested"]


def test_a_page_costs_its_size_times_its_row(merchant):
    assert cost_of(merchant, "{ clock { now demo } }") == 1
    assert cost_of(merchant, "{ organisations(first: 7) { pageInfo { endCursor } } }") == 1 + 1
    assert cost_of(merchant, "{ organisations(first: 7) { nodes { id nameEn } } }") == 1 + 7
    assert cost_of(merchant, "{ organisations(first: 7) { edges { cursor node { id } } } }") == 1 + 7
    assert cost_of(merchant, "{ organisations(first: 7) { totalCount } }") == 1 + 10
    assert cost_of(merchant, "{ apiKeys(first: 7) { nodes { person { id } } } }") == 1 + 7 * (1 + 1)
    assert cost_of(merchant, "{ organisations(first: 7) { nodes { signingKeys { id } } } }") == 1 + 7 * (1 + 1 + PAGE_NESTED_MAX)


def test_aliases_and_fragments_cost_what_they_ask_for(merchant):
    twice = "{ a: organisations(first: 7) { nodes { id } } b: organisations(first: 7) { nodes { id } } }"
    spread = "{ ...q } fragment q on Query { a: organisations(first: 7) { ...c } b: organisations(first: 7) { ...c } }"
    spread += " fragment c on OrganisationConnection { nodes { ... on Node { id } } }"
    assert cost_of(merchant, twice) == cost_of(merchant, spread) == 16


@pytest.mark.parametrize("size", [7, 7.0])
def test_a_variable_counts_as_a_literal(merchant, size):
    document = "query($n: Int! = 9) { organisations(first: $n) { nodes { id } } }"
    assert cost_of(merchant, document, n=size) == 8
    assert cost_of(merchant, document) == 10


@pytest.mark.parametrize("size", [-5, 0, 101])
def test_a_page_of_no_size_is_refused_by_its_field(merchant, size):
    for answer in (
        merchant.query(f"{{ organisations(first: {size}) {{ nodes {{ id }} }} }}"),
        merchant.query("query($n: Int!) { organisations(first: $n) { nodes { id } } }", n=size),
    ):
        assert (answer.status, answer.data, answer.codes) == (200, None, ["BAD_INPUT"])
        assert answer.errors[0]["extensions"]["field"] == ["first"]


@pytest.mark.parametrize("size", [10**6, 2**31 - 1, 2**31, 2**63, 10**400, 1e300])
def test_a_page_too_large_is_refused_before_it_runs(merchant, size):
    answer = merchant.query("query($n: Int!) { organisations(first: $n) { nodes { id } } }", n=size)
    assert (answer.status, answer.codes, answer.data) == (400, ["COST_EXCEEDED"], None)
    assert answer.extensions["cost"]["maximum"] == COST_MAX


def test_an_id_written_as_a_number_without_end_is_no_size(merchant):
    answer = merchant.query(f"query($id: ID! = {'9' * 5000}) {{ node(id: $id) {{ id }} }}")
    assert (answer.status, answer.codes) == (200, ["INVALID_ID"])


def test_nested_lists_multiply_until_they_are_refused(merchant):
    level = "signingKeys { organisation { signingKeys { id } } }"
    answer = merchant.query(f"{{ organisations(first: 100) {{ nodes {{ {level} }} }} }}")
    assert (answer.status, answer.codes) == (400, ["COST_EXCEEDED"])
    assert answer.extensions["cost"] == {"requested": 1 + 100 * (1 + 1 + 25 * (1 + 1 + 1 + 25)), "maximum": COST_MAX}


def test_a_stranger_may_ask_for_less(anonymous, merchant):
    document = "{ organisations(first: 100) { nodes { signingKeys { id } } } }"
    assert merchant.query(document).status == 200
    answer = anonymous.query(document)
    assert (answer.status, answer.codes, answer.extensions["cost"]["maximum"]) == (400, ["COST_EXCEEDED"], COST_MAX_ANONYMOUS)


def test_a_refusal_for_cost_speaks_the_callers_language_and_says_what_to_do(merchant):
    answer = merchant.query("{ organisations(first: 99999999) { nodes { id } } }")
    assert answer.errors[0]["message"] == f"This query costs 100000000 points; one request may cost {COST_MAX}."
    assert answer.errors[0]["extensions"]["remedy"] == "Ask for shorter pages or fewer nested lists."


def object_lists():
    schema = market_schema().graphql_schema
    for kind in schema.type_map.values():
        if not is_object_type(kind) or is_introspection_type(kind):
            continue
        for name, field in kind.fields.items():
            if is_list_type(get_nullable_type(field.type)) and is_composite_type(get_named_type(field.type)):
                yield kind.name, name, declared(schema, kind.name, name)


def test_every_list_of_objects_declares_its_cost_and_size():
    found = {
        f"{kind}.{name}"
        for kind, name, field in object_lists()
        if name != "userErrors" and (getattr(field, "cost", None) is None or not (hasattr(field, "size") or getattr(field, "paged", False)))
    }
    assert found == set()


def test_every_connection_takes_its_size_from_first():
    schema = market_schema().graphql_schema
    for name, field in schema.query_type.fields.items():
        if get_named_type(field.type).name.endswith("Connection"):
            assert declared(schema, "Query", name).page, name
            assert str(field.args["first"].type) == "Int!", name
