"""Reads leaves as an outsider must: every byte in its one form, every member of the type that is relied on, or a named refusal."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from registry.log.canonical import SAFE_INTEGER_MAX, NotCanonical, canonical

NEVER: Final = date.max.toordinal() + 1
"""The day on which a right without end is over."""
LIST_MAX: Final = 10_000
MEMBERS: Final = frozenset({"schema", "version", "id", "at", "actor", "subject", "data"})
_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_INSTANT: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})", re.ASCII)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_TICK: Final = timedelta(microseconds=1)


class Malformed(ValueError):
    """A leaf that cannot be read; ``code`` and ``params`` are those of its finding."""

    def __init__(self, code: str, *params: object) -> None:
        """Keep both."""
        super().__init__(code, *params)
        self.code, self.params = code, params


class Fields:
    """Members of an event by name, each of the type that is asked for; whatever is not asked for is nobody's concern."""

    __slots__ = ("_about", "_values")

    def __init__(self, about: str, values: Mapping[str, Any]) -> None:
        """Take an object, and what it is called in a refusal."""
        self._about, self._values = about, values

    def uid(self, name: str) -> int:
        """A UUID in its one form, as a number."""
        value = self._values.get(name)
        if not isinstance(value, str) or not _UUID.fullmatch(value):
            raise Malformed("member", self._about, name)
        return int(value.replace("-", ""), 16)

    def uid_if_any(self, name: str) -> int | None:
        """A UUID, or None where null is written."""
        return None if name in self._values and self._values[name] is None else self.uid(name)

    def day(self, name: str) -> int:
        """A day, as its proleptic ordinal."""
        value = self._values.get(name)
        try:
            if isinstance(value, str) and _DAY.fullmatch(value):
                return date.fromisoformat(value).toordinal()
        except ValueError:
            pass
        raise Malformed("member", self._about, name)

    def day_if_any(self, name: str) -> int:
        """A day, or ``NEVER`` where null is written."""
        return NEVER if name in self._values and self._values[name] is None else self.day(name)

    def flag(self, name: str) -> bool:
        """True or false."""
        value = self._values.get(name)
        if not isinstance(value, bool):
            raise Malformed("member", self._about, name)
        return value

    def text(self, name: str, allowed: frozenset[str] = frozenset()) -> str:
        """A text of 1 to 1,000 characters, one of those allowed if any are named."""
        value = self._values.get(name)
        if not isinstance(value, str) or not 0 < len(value) <= 1_000 or (allowed and value not in allowed):  # noqa: PLR2004 said above
            raise Malformed("member", self._about, name)
        return value

    def size_if_any(self, name: str) -> int | None:
        """A size of the log, or None where null is written."""
        value = self._values.get(name, False)
        if value is not None and (type(value) is not int or value < 0):
            raise Malformed("member", self._about, name)
        return value

    def each(self, name: str) -> list[Fields]:
        """A list of objects."""
        value = self._values.get(name)
        if not isinstance(value, list) or len(value) > LIST_MAX or not all(isinstance(item, dict) for item in value):
            raise Malformed("member", self._about, name)
        return [Fields(self._about, item) for item in value]


@dataclass(frozen=True, slots=True)
class Event:
    """A leaf that could be read.

    Attributes:
        schema: what happened.
        version: of the schema.
        id: of the event, as a number.
        at: microseconds since 1970 in UTC, by the market's own clock.
        told: when, as it is written.
        data: the members that the schema names.
    """

    schema: str
    version: int
    id: int
    at: int
    told: str
    data: Fields


def read_event(leaf: bytes) -> Event:
    """Read a leaf.

    Raises:
        Malformed: it is not in its one byte form, or lacks what every event has.
    """
    value = _parsed(leaf)
    if not isinstance(value, dict) or value.keys() != MEMBERS:
        raise Malformed("member", "/", ", ".join(sorted(MEMBERS)))
    fields = Fields("/", value)
    schema, version = sys.intern(fields.text("schema")), value["version"]  # one text for each schema, not one for each entry
    if type(version) is not int:
        raise Malformed("member", "/", "version")
    if not isinstance(value["data"], dict):
        raise Malformed("member", schema, "data")
    return Event(schema, version, fields.uid("id"), _instant(value["at"]), value["at"], Fields(schema, value["data"]))


def shown(number: int) -> str:
    """An id as it is written."""
    return str(UUID(int=number))


def _instant(value: object) -> int:
    try:
        if isinstance(value, str) and _INSTANT.fullmatch(value):
            return (datetime.fromisoformat(value) - _EPOCH) // _TICK
    except ValueError:
        pass
    raise Malformed("member", "/", "at")


def _parsed(leaf: bytes) -> Any:
    """The value of a leaf in RFC 8785 form, without numbers that readers take for something else."""
    try:
        value = json.loads(leaf, parse_float=_refused, parse_int=_integer, parse_constant=_refused)
        # the library's own writer is many times faster and gives the same bytes but for the order of some rare keys
        if json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode() == leaf or canonical(value) == leaf:
            return value
    except (ValueError, RecursionError, NotCanonical):
        pass
    raise Malformed("not_canonical")


def _refused(written: str) -> object:
    raise ValueError(written)


def _integer(written: str) -> int:
    if len(written) > len(str(-SAFE_INTEGER_MAX)) or abs(int(written)) > SAFE_INTEGER_MAX:
        raise ValueError(written)
    return int(written)
