"""Looks for what the leaves of a log must not say: everybody may read them, for ever."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PERSONAL: Final = re.compile(
    r"(?<![0-9A-Za-z])1[3-9][0-9]{9}(?![0-9A-Za-z])|(?<![0-9A-Za-z])[1-9][0-9]{16}[0-9Xx](?![0-9A-Za-z])|[\w.+-]+@[\w-]+\.[\w.]+"
)
"""A Chinese mobile number, a citizen's identity number, a mail address."""
OPAQUE: Final = re.compile(r"[0-9a-f]{64}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[A-Za-z0-9+/]{42,}={0,2}|z[1-9A-HJ-NP-Za-km-z]{40,}")
"""A hash, an identifier of ours, a key or a signature: nobody reads a person in it."""
PLAIN: Final = re.compile(r"[0-9a-f-]{36}|\d{4}-\d\d-\d\d(?:T[\d:.+Z-]+)?|[A-Z_]+|true|false")
"""A sealed value that tells nothing by itself: an identifier, a day, a word of a list."""
SHORT: Final = 6
FREE_TEXT: Final = 12


def revealed(leaves: Iterable[bytes], *, names: Iterable[str], sealed: Iterable[Any] = ()) -> list[str]:
    """What the leaves tell that they must not: one line each; empty if they keep what they should.

    Args:
        leaves: the entries, JSON.
        names: of people; one in Latin and Chinese, such as "Chen Wei 陈伟", also in either alone.
        sealed: values that were sealed; whatever is in them, they must stand in no leaf.
    """
    hidden = {text for value in sealed for text in _texts(value, keys=False) if len(text) >= SHORT and not PLAIN.fullmatch(text)}
    persons = {part for name in names for part in (name, *(() if name.isascii() else name.rsplit(" ", 1)))}
    found = []
    for number, leaf in enumerate(leaves):
        for text in set(_texts(json.loads(leaf))):
            found += [f"leaf {number} names {name}" for name in persons if name in text]
            found += [f"leaf {number} tells {value}" for value in hidden if value == text or (len(value) >= FREE_TEXT and value in text)]
            if not OPAQUE.fullmatch(text) and (person := PERSONAL.search(text)):
                found.append(f"leaf {number} has {person[0]}")
    return found


def _texts(value: Any, *, keys: bool = True) -> Iterator[str]:
    """Every text and number in a JSON value, and the names of its members if asked for."""
    if isinstance(value, dict):
        yield from value if keys else ()
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from _texts(inner, keys=keys)
    elif value is not None and not isinstance(value, bool):
        yield str(value)
