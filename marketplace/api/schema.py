"""Assembles the schema: every room's reads in one Query, every room's writes in one Mutation, extensions applied once."""

from collections.abc import Iterable
from functools import cache
from importlib import import_module
from typing import Any, Final

import graphene
from graphql import lexicographic_sort_schema, print_schema

from registry.base.graphql import MUTATIONS, NODES, Mutation, apply_extensions, node_field

ROOMS: Final = (
    "registry.log.schema",
    "registry.identifiers.schema",
    "registry.rules_store.schema",
    "registry.parties.schema",
    "registry.rights.schema",
    "registry.certificates.schema",
    "registry.filings.schema",
    "pricing.fees.schema",
    "pricing.inputs.schema",
    "pricing.plans.schema",
    "pricing.computations.schema",
    "pricing.quotes.schema",
    "pricing.rounds.schema",
    "pricing.splits.schema",
    "pricing.advice.schema",
    "listings.resources.schema",
    "listings.products.schema",
    "listings.catalogue.schema",
    "settlement.ledger.schema",
    "settlement.escrow.schema",
    "settlement.payments.schema",
    "settlement.statements.schema",
    "marketplace.screening.schema",
    "marketplace.delivery.schema",
    "marketplace.deals.schema",
    "marketplace.oversight.schema",
    "marketplace.api.base_types",
)
"""The modules that contribute ``Queries``, mutations or extensions, from the ground up."""


@cache
def market_schema() -> graphene.Schema:
    """The market's schema; assembled on first use, once for the process."""
    modules = [import_module(name) for name in ROOMS]
    apply_extensions()
    queries = [module.Queries for module in modules if hasattr(module, "Queries")]
    return assemble(queries, MUTATIONS)


def assemble(queries: Iterable[type], mutations: dict[str, type[Mutation]]) -> graphene.Schema:
    """A schema of these reads and writes.

    Raises:
        ValueError: two rooms answer one name.
    """
    mixins = tuple(queries)
    _refuse_doubles(mixins)
    query = type("Query", (*mixins, graphene.ObjectType), {"__doc__": "Every read. 查询", "node": node_field()})
    fields: dict[str, Any] = {name: mutation.field() for name, mutation in sorted(mutations.items())}
    mutation = type("Mutation", (graphene.ObjectType,), {"__doc__": "Every write. 变更", **fields}) if fields else None
    return graphene.Schema(query=query, mutation=mutation, types=list(NODES.values()))


def sdl() -> str:
    """The market's schema in the schema definition language, sorted, so that a change shows as itself."""
    return print_schema(lexicographic_sort_schema(market_schema().graphql_schema)) + "\n"


def _refuse_doubles(mixins: tuple[type, ...]) -> None:
    seen: dict[str, type] = {}
    for mixin in mixins:
        for name, value in vars(mixin).items():
            if not isinstance(value, graphene.Field | graphene.types.unmountedtype.UnmountedType):
                continue
            if name in seen:
                message = f"{seen[name].__module__} and {mixin.__module__} both answer {name}"
                raise ValueError(message)
            seen[name] = mixin
