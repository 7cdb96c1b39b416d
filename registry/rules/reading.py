"""Reads untrusted JSON one node at a time, so that whoever wrote a rule wrongly is told where."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, NoReturn

ITEMS_MAX: Final = 200
STRING_MAX: Final = 600
INT_MAX: Final = 2**63 - 1


class Malformed(ValueError):
    """Rule data that cannot be accepted. ``code`` and ``params`` are for translation, ``path`` is a JSONPath to the fault."""

    def __init__(self, code: str, *, path: str, **params: object) -> None:
        """Keep the code, the place and what was found there."""
        super().__init__(f"{code} at {path} {params or ''}".rstrip())
        self.code = code
        self.path = path
        self.params = params


@dataclass(frozen=True, slots=True)
class Node:
    """A JSON value and the way to it. Every reader raises Malformed when the value is something else."""

    value: object
    path: str = "$"

    def fail(self, code: str, **params: object) -> NoReturn:
        """Refuse this node."""
        raise Malformed(code, path=self.path, **params)

    def members(self, required: Collection[str], optional: Collection[str] = ()) -> dict[str, "Node"]:
        """The members of an object that has all required keys and none beyond the optional ones."""
        found = self.mapping()
        for key in required:
            if key not in found:
                self.fail("MISSING_KEY", key=key)
        for key in found:
            if key not in required and key not in optional:
                self.fail("UNKNOWN_KEY", key=key)
        return found

    def mapping(self) -> dict[str, "Node"]:
        """The members of any object, by key."""
        if not isinstance(self.value, Mapping):
            self.fail("NOT_AN_OBJECT")
        if len(self.value) > ITEMS_MAX:
            self.fail("TOO_LONG", limit=ITEMS_MAX)
        return {str(key): Node(member, f"{self.path}.{key}") for key, member in self.value.items()}

    def items(self, *, least: int = 0) -> tuple["Node", ...]:
        """The items of a list of at least ``least`` and at most ITEMS_MAX items."""
        if not isinstance(self.value, list | tuple):
            self.fail("NOT_A_LIST")
        if len(self.value) < least:
            self.fail("TOO_SHORT", least=least)
        if len(self.value) > ITEMS_MAX:
            self.fail("TOO_LONG", limit=ITEMS_MAX)
        return tuple(Node(item, f"{self.path}[{index}]") for index, item in enumerate(self.value))

    def string(self) -> str:
        """A string that is neither empty nor longer than STRING_MAX."""
        if not isinstance(self.value, str):
            self.fail("NOT_A_STRING")
        if not 0 < len(self.value) <= STRING_MAX:
            self.fail("BAD_LENGTH", limit=STRING_MAX)
        return self.value

    def choice(self, choices: Collection[str]) -> str:
        """One of the given strings."""
        if not isinstance(self.value, str) or self.value not in choices:
            self.fail("UNKNOWN_CODE", value=self.value, known=sorted(choices))
        return self.value

    def choices(self, choices: Collection[str], *, least: int = 0) -> frozenset[str]:
        """A list of distinct strings, each one of the given."""
        chosen = [item.choice(choices) for item in self.items(least=least)]
        if len(set(chosen)) != len(chosen):
            self.fail("REPEATED_CODE")
        return frozenset(chosen)

    def integer(self) -> int:
        """A whole number from 0 to the largest bigint; true and false are not numbers."""
        if not isinstance(self.value, int) or isinstance(self.value, bool):
            self.fail("NOT_AN_INTEGER")
        if not 0 <= self.value <= INT_MAX:
            self.fail("OUT_OF_RANGE", least=0, most=INT_MAX)
        return self.value

    def boolean(self) -> bool:
        """True or false, nothing that merely looks like it."""
        if not isinstance(self.value, bool):
            self.fail("NOT_A_BOOLEAN")
        return self.value

    def day(self) -> date:
        """A date, given as such or written as YYYY-MM-DD."""
        if type(self.value) is date:
            return self.value
        if not isinstance(self.value, str):
            self.fail("NOT_A_DATE")
        try:
            parsed = date.fromisoformat(self.value)
        except ValueError:
            self.fail("NOT_A_DATE")
        if parsed.isoformat() != self.value:
            self.fail("NOT_A_DATE")
        return parsed
