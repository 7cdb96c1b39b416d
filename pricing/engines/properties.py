"""The 38 statements that pricing models are held to: each with its checker, by the name that a claim gives it.

A checker returns a counterexample or None; the property tests run exactly these functions, and no others stand behind a claim.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Final

from pricing.engines.checkers import appraisal, bilateral, charges, datum, information, mechanisms, posted, revenue, sharing
from pricing.engines.checkers.property import Property, Witness


def _index(properties: Iterable[Property]) -> Mapping[str, Property]:
    """Index properties, refusing two of one name."""
    index: dict[str, Property] = {}
    for each in properties:
        if each.name in index:
            message = f"two properties {each.name}"
            raise ValueError(message)
        index[each.name] = each
    return MappingProxyType(index)


PROPERTIES: Final = _index(
    (
        *charges.PROPERTIES,
        *appraisal.PROPERTIES,
        *bilateral.PROPERTIES,
        *posted.PROPERTIES,
        *mechanisms.PROPERTIES,
        *revenue.PROPERTIES,
        *sharing.PROPERTIES,
        *information.PROPERTIES,
        *datum.PROPERTIES,
    )
)
CHECKERS: Final[Mapping[str, Callable[..., Witness | None]]] = MappingProxyType({name: each.check for name, each in PROPERTIES.items()})
