"""Every type, by every path, for every kind of user: what comes back is what `visible_to` says, no more and no less.

Types and paths are read from the schema and users from the seeds, so that a new room is in the matrix the day it is in the
schema. The oracle is the model's own rule on the plain table; the paths are root lists, `node(id:)`, references and nested lists.
"""

from __future__ import annotations

from functools import cache
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from django.db import transaction
from django.db.models import Q
from django.test import override_settings
from graphene.utils.str_converters import to_camel_case
from graphql import execute_sync, get_named_type, is_required_argument, parse

from marketplace.api.execution import LeafFastPath
from marketplace.api.schema import market_schema
from registry.base.actor import ANONYMOUS, Actor, PartyKind, scopes_for
from registry.base.graphql import NODES, Children, NodeType, Ref, to_global
from registry.base.ids import uuid7
from registry.base.visibility import Record
from registry.parties.models import Membership, Organisation
from tests.support.seeds import SEEDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_django.plugin import DjangoDbBlocker

pytestmark = pytest.mark.longest
ROWS_LOOKED_AT = 20
NARROWER = {"blockedTrades": "only verdicts that forbid", "catalogue": "only what is on sale"}
"""Root lists that show less than their actor may see, by intention, and why."""
WITHOUT_ROWS = {
    *("Complaint", "Flag", "OfferPlan", "InstitutionReport", "Objection", "Order", "Revocation", "Sample", "TitleLink"),
}
"""Types that no seed makes a row of yet: their lists are read and must be empty. A type is taken out with the seed that makes it."""

parsed = cache(parse)  # every user asks the same texts


@pytest.fixture(scope="module")
def market(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Market]:
    """Rows of every room, made once: these tests only read."""
    with django_db_blocker.unblock(), transaction.atomic(), override_settings(DEMO_CLOCK=True):
        for seed in SEEDS:
            seed()
        yield Market()
        transaction.set_rollback(True)


class Market:
    """What the tests ask of these rows. Each answer is kept, because no test changes a row."""

    def __init__(self) -> None:
        """Nothing is asked yet but who there is."""
        self.users = users()
        self.sample = cache(sample)
        self.visible = cache(visible)
        self.shown = cache(self._shown)

    def _shown(self, type_name: str, actor: Actor) -> dict[Any, Any]:
        """What `node(id:)` shows of each row of the sample: its id and the ids behind all its links, or None."""
        keys = [row.pk for row in self.sample(NODES[type_name])]
        if not keys:
            return {}
        asked = " ".join(["id", *(f"{name} {{ id }}" for name in links(NODES[type_name]))])
        text = " ".join(
            f'n{place}: node(id: "{to_global(type_name, key)}") {{ ... on {type_name} {{ {asked} }} }}' for place, key in enumerate(keys)
        )
        answer = ask(f"{{ {text} }}", actor)
        return {key: answer[f"n{place}"] for place, key in enumerate(keys)}


def users() -> dict[str, Actor]:
    """Nobody; a stranger of each kind; and each organisation that the seeds made, with one of its people."""
    found = {"anonymous": ANONYMOUS}
    for kind in PartyKind:
        kinds = frozenset({kind})
        found[f"stranger {kind}"] = Actor(person=uuid7(), organisation=uuid7(), kinds=kinds, scopes=scopes_for(kinds))
    for organisation in Organisation.objects.order_by("pk"):
        kinds = frozenset(PartyKind(kind) for kind in organisation.kinds)
        person = Membership.objects.filter(organisation=organisation).values_list("person", flat=True).first()
        found[f"{organisation.name_en} {organisation.pk}"] = Actor(
            person=person or uuid7(), organisation=organisation.pk, kinds=kinds, scopes=scopes_for(kinds)
        )
    return found


def ask(text: str, actor: Actor) -> dict[str, Any]:
    result = execute_sync(
        market_schema().graphql_schema, parsed(text), context_value=SimpleNamespace(actor=actor), execution_context_class=LeafFastPath
    )
    assert result.errors is None, (text[:300], result.errors)
    assert result.data is not None
    return result.data


def visible(node: type[NodeType], actor: Actor) -> set[Any]:
    return set(model(node).objects.visible_to(actor).values_list("pk", flat=True))


def model(node: type[NodeType]) -> Any:
    return node._meta.model


def sample(node: type[NodeType]) -> list[Any]:
    """Rows whoever may see them: the newest and the oldest."""
    rows = model(node)._base_manager.order_by("pk")
    return list({row.pk: row for row in [*rows[: ROWS_LOOKED_AT // 2], *rows.order_by("-pk")[: ROWS_LOOKED_AT // 2]]}.values())


def ids(type_name: str, keys: Any) -> set[str]:
    return {to_global(type_name, key) for key in keys}


def root_lists() -> Iterator[tuple[str, str]]:
    """Name and node type of each root connection that needs no argument but `first`."""
    for name, field in market_schema().graphql_schema.query_type.fields.items():
        type_name = get_named_type(field.type).name.removesuffix("Connection")
        needed = {argument for argument, one in field.args.items() if is_required_argument(one)}
        if type_name in NODES and "first" in field.args and needed == {"first"}:
            yield name, type_name


def links(node: type[NodeType]) -> dict[str, Ref | Children]:
    return {field.name or to_camel_case(name): field for name, field in node._meta.fields.items() if isinstance(field, Ref | Children)}


def target(field: Ref | Children) -> type[NodeType]:
    return field.node if isinstance(field.node, type) else field.node()


def all_pages(name: str, actor: Actor) -> set[str]:
    seen: set[str] = set()
    after = "null"
    while after:
        page = ask(f"{{ {name}(first: 100, after: {after}) {{ nodes {{ id }} pageInfo {{ hasNextPage endCursor }} }} }}", actor)[name]
        seen |= {node["id"] for node in page["nodes"]}
        after = f'"{page["pageInfo"]["endCursor"]}"' if page["pageInfo"]["hasNextPage"] else ""
    return seen


def test_every_node_type_has_a_table_of_its_own_with_a_rule_of_visibility(market):
    market_schema()
    assert len({model(node) for node in NODES.values()}) == len(NODES)
    for name, node in NODES.items():
        assert issubclass(model(node), Record), name
        for actor in (ANONYMOUS, Actor(person=uuid7(), organisation=uuid7())):
            assert isinstance(model(node).visibility(actor), Q), name


def test_root_lists_show_exactly_what_is_visible(market):
    wrong = []
    for user, actor in market.users.items():
        for name, type_name in root_lists():
            shown, expected = all_pages(name, actor), ids(type_name, market.visible(NODES[type_name], actor))
            if shown - expected or (name not in NARROWER and shown != expected):
                wrong.append((user, name, len(shown), len(expected)))
    assert wrong == []


def test_totals_count_exactly_what_is_visible(market):
    wrong = []
    for user, actor in market.users.items():
        for name, type_name in root_lists():
            total = ask(f"{{ {name}(first: 1) {{ totalCount }} }}", actor)[name]["totalCount"]
            expected = len(market.visible(NODES[type_name], actor))
            if total > expected or (name not in NARROWER and total != expected):
                wrong.append((user, name, total, expected))
    assert wrong == []


def test_a_node_is_found_by_its_id_exactly_where_it_is_visible(market):
    wrong = []
    for type_name, node in NODES.items():
        for user, actor in market.users.items():
            for key, shown in market.shown(type_name, actor).items():
                expected = to_global(type_name, key) if key in market.visible(node, actor) else None
                if (shown and shown["id"]) != expected:
                    wrong.append((user, type_name, key))
    assert wrong == []


def test_links_lead_exactly_to_what_is_visible(market):
    assert list(wrong_links(market)) == []


def wrong_links(market: Market) -> Iterator[tuple[str, str, str]]:
    """User, type and name of each link that leads elsewhere than it should."""
    for type_name, node in NODES.items():
        for user, actor in market.users.items():
            shown = market.shown(type_name, actor)
            for row in market.sample(node):
                if shown[row.pk] is not None:
                    for name, field in links(node).items():
                        if follows(shown[row.pk][name]) != linked(field, row, actor, market):
                            yield user, type_name, name


def follows(value: Any) -> set[str]:
    """The ids behind a link."""
    if value is None:
        return set()
    return {one["id"] for one in value} if isinstance(value, list) else {value["id"]}


def linked(field: Ref | Children, row: Any, actor: Actor, market: Market) -> set[str]:
    """What the link should lead to, by the oracle."""
    node = target(field)
    if isinstance(field, Ref):
        return ids(node._meta.name, {getattr(row, field.attribute)} & market.visible(node, actor))
    rows = model(node).objects.visible_to(actor).filter(**{field.attribute: getattr(row, field.key)}).order_by(field.order, "pk")
    return ids(node._meta.name, list(dict.fromkeys(rows.values_list("pk", flat=True)))[: field.size])


def test_the_seeds_make_rows_of_every_type_but_those_listed(market):
    assert {name for name, node in NODES.items() if not model(node)._base_manager.exists()} == WITHOUT_ROWS


def test_a_leak_through_a_reference_would_be_found(market, monkeypatch):
    def leaking(self, parents, info):
        rows = info.context.row_cache[target(self)]
        rows.update({row.pk: row for row in model(target(self))._base_manager.all()})
        return []

    monkeypatch.setattr(Ref, "warm", leaking)
    assert any("stranger" in user for user, _, _ in wrong_links(Market()))
