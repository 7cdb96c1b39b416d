"""Three-valued logic, so that a fact nobody supplied never passes for a fact that was checked.

Source: S. C. Kleene, Introduction to Metamathematics (1952), section 64, the strong connectives.
"""

from collections.abc import Callable, Iterable
from typing import TypeAlias

Truth: TypeAlias = bool | None
"""True, False, or None for unknown."""


def negation(value: Truth) -> Truth:
    """Unknown stays unknown."""
    return None if value is None else not value


def conjunction(values: Iterable[Truth]) -> Truth:
    """False if any is false, else unknown if any is unknown, else true; true when there are none."""
    outcome: Truth = True
    for value in values:
        if value is False:
            return False
        if value is None:
            outcome = None
    return outcome


def disjunction(values: Iterable[Truth]) -> Truth:
    """True if any is true, else unknown if any is unknown, else false; false when there are none."""
    return negation(conjunction(negation(value) for value in values))


def lifted(relation: Callable[..., bool], *operands: object) -> Truth:
    """The relation between known operands; unknown as soon as one of them is."""
    return None if any(operand is None for operand in operands) else relation(*operands)
