"""The fast path and the library's executor give the same answers, key order, errors and paths."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import graphene
import pytest
from graphql import execute_sync, parse, validate
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis_graphql import nodes, queries

from marketplace.api.execution import LeafFastPath
from marketplace.api.schema import market_schema
from registry.base.actor import SYSTEM, PartyKind
from tests.support.parties import admit, register_key


class Colour(graphene.Enum):
    RED = "red"
    BLUE = "blue"


class Raising:
    """A row whose attributes are as bad as rows can be."""

    text = 5
    number = 2**40
    needed = None
    colour = "green"
    at = "not a time"
    flag = RuntimeError("a value that is an error")
    with_default = None

    @property
    def broken(self) -> str:
        message = "broken"
        raise ValueError(message)


class Row(graphene.ObjectType):
    text = graphene.String()
    number = graphene.Int()
    needed = graphene.String(required=True)
    colour = Colour()
    at = graphene.DateTime()
    flag = graphene.Boolean()
    broken = graphene.String()
    with_default = graphene.String(default_value="default")
    with_argument = graphene.String(extra=graphene.Int())
    resolved = graphene.String()
    words = graphene.List(graphene.String)
    row = graphene.Field(lambda: Row)
    row_needed = graphene.Field(lambda: Row, required=True)

    @staticmethod
    def resolve_resolved(_root, _info):
        return "resolved"

    @staticmethod
    def resolve_with_argument(_root, _info, extra=0):
        return str(extra)


def rows() -> list[Any]:
    """Dicts and objects: complete, empty, and broken; each a row of the others."""
    good = {"text": "t", "number": 1, "needed": "n", "colour": "red", "flag": False, "broken": "", "words": ["a", None]}
    plain = SimpleNamespace(**good, with_default="d", row=good)
    return [good, {**good, "row": good, "row_needed": plain}, plain, {}, SimpleNamespace(), Raising(), None]


class Query(graphene.ObjectType):
    rows = graphene.List(Row)
    strict_rows = graphene.List(graphene.NonNull(Row))
    row = graphene.Field(Row)

    @staticmethod
    def resolve_rows(_root, _info):
        return rows()

    @staticmethod
    def resolve_strict_rows(_root, _info):
        return rows()[:3]

    @staticmethod
    def resolve_row(_root, _info):
        return rows()[1]


SMALL = graphene.Schema(query=Query).graphql_schema


def both(schema, text, context, *, middleware=None):
    document = parse(text)
    if validate(schema, document):
        return None
    shown = []
    for context_class in (None, LeafFastPath):
        result = execute_sync(
            schema, document, context_value=context(), execution_context_class=context_class, hide_suggestions=True, middleware=middleware
        )
        shown.append((list_items(result.data), sorted(f"{error.path} {error.message} {error.locations}" for error in result.errors or ())))
    return shown


def list_items(value):
    """Values with the order of their keys."""
    if isinstance(value, dict):
        return [(key, list_items(item)) for key, item in value.items()]
    return [list_items(item) for item in value] if isinstance(value, list) else value


@given(queries(SMALL))
@settings(max_examples=200, deadline=None, phases=[Phase.generate, Phase.shrink])
def test_generated_queries_over_every_kind_of_field_agree(text):
    shown = both(SMALL, text, dict)
    assert shown is None or shown[0] == shown[1]


@pytest.mark.parametrize("field", sorted(set(SMALL.type_map["Row"].fields) - {"row", "rowNeeded"}))
def test_every_field_of_every_row_agrees(field):
    normal, fast = both(SMALL, f"{{ rows {{ {field} again: {field} __typename }} strictRows {{ {field} }} }}", dict)
    assert normal == fast


def test_a_default_value_and_middleware_switch_the_fast_path_off():
    def upper(resolve, root, info, **arguments):
        value = resolve(root, info, **arguments)
        return value.upper() if isinstance(value, str) else value

    normal, fast = both(SMALL, "{ rows { text withDefault } }", dict)
    assert normal == fast
    assert ("withDefault", "default") in normal[0][0][1][3]
    normal, fast = both(SMALL, "{ row { text withDefault } }", dict, middleware=[upper])
    assert normal == fast
    assert ("text", "T") in fast[0][0][1]


SCALARS = {
    "UUID": st.uuids().map(lambda value: nodes.String(str(value))),
    "BigInt": st.integers(0, 2**63 - 1).map(nodes.Int),
    "Date": st.just(nodes.String("2026-01-31")),
    "DateTime": st.just(nodes.String("2026-01-31T08:00:00+08:00")),
    "Decimal": st.just(nodes.String("1.50")),
    "JSONString": st.just(nodes.String("{}")),
}


def test_generated_queries_over_the_market_agree(db):
    party = admit(PartyKind.MERCHANT, PartyKind.REGULATOR, name="Merchant")
    register_key(party.actor)
    admit(PartyKind.BUYER, name="Buyer")
    schema = market_schema().graphql_schema
    counted = {"compared": 0}

    @given(queries(schema, custom_scalars=SCALARS, allow_x00=False), st.sampled_from([party.actor, SYSTEM]))
    @settings(
        max_examples=60,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def compare(text, actor):
        shown = both(schema, text, lambda: SimpleNamespace(actor=actor))
        if shown is not None:
            counted["compared"] += 1
            assert shown[0] == shown[1]

    compare()
    assert counted["compared"] >= 20


def test_the_setting_turns_it_off(merchant, settings, monkeypatch):
    used = []
    monkeypatch.setattr(
        LeafFastPath, "execute_fields", lambda self, *given, real=LeafFastPath.execute_fields: used.append(1) or real(self, *given)
    )
    merchant.query("{ clock { demo } }")
    assert used
    used.clear()
    settings.LEAF_FAST_PATH = False
    assert merchant.query("{ clock { demo } }")["clock"] == {"demo": False}
    assert used == []
