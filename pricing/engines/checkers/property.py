"""What a property is: its number in the list of 38, its name, its checker, and its sentence in both languages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

Witness = Mapping[str, "int | str"]
"""A counterexample, by the names of what is in it; None from a checker means that it found none."""


@dataclass(frozen=True, slots=True)
class Property:
    """One statement that a claim may name.

    Attributes:
        number: which of the 38 statements of the catalogue it is, or is a part of.
        name: what a claim calls it; unique.
        check: decides it on an instance; returns a counterexample or None. The tests run exactly this function.
        sentence: what it says, in English and Chinese.
    """

    number: int
    name: str
    check: Callable[..., Witness | None]
    sentence: tuple[str, str]
