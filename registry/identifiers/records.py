"""An identifier's public record, from the rows of one query to the values of a Handle record: the one source of all its renderings.

Source: RFC 3651, section 3 (handle values); Handle.Net Technical Manual, HTTP JSON REST API (their form in JSON).
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from registry.base.ids import uuid7_instant
from registry.identifiers.handles import Handle
from registry.identifiers.values import HS_ADMIN, KIND_AT, LOG, STATUS, URL, Kind

READ_ONLY: Final = "010000000000"
"""Permissions of an administrator who may read values and nothing else; bits as in RFC 3651, section 3.2.1, the highest first."""
ADMIN_INDEX: Final = 200
encode_json: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
"""A value as JSON without blanks; one encoder for all, since making one costs as much as using it."""
SECONDS_END: Final = len("2027-01-01T00:00:00")

_QUERY: Final = """
SELECT i.number, s.prefix, s.subject_type, i.subject_id, i.retired_at, v.index, v.version, v.at, v.data, leaf.index, log.log_id, log.size
FROM registry_identifiers_identifier i
JOIN registry_identifiers_series s ON s.id = coalesce(i.series_id, 1)
LEFT JOIN registry_log_logstate log ON log.id = 1
LEFT JOIN LATERAL (
  SELECT DISTINCT ON (index) index, version, at, data, event_id FROM registry_identifiers_identifiervalue
  WHERE identifier_id = i.number {known} ORDER BY index, version DESC
) v ON true
LEFT JOIN registry_log_leaf leaf ON leaf.entry = v.event_id
WHERE i.number {wanted}
"""
CURRENT: Final = _QUERY.format(known="", wanted="= %s")
"""A record as it is; one parameter, the number. Not the same as an array of one: its plan is made once, an array's again and again."""
EACH_CURRENT: Final = _QUERY.format(known="", wanted="= ANY(%s::bigint[])")
"""Records as they are; one parameter, the numbers."""
AT_VERSION: Final = _QUERY.format(known="AND version <= %s", wanted="= %s")
"""A record as a version left it; the version, then the number."""
AT_INDEX: Final = _QUERY.format(
    known="AND EXISTS (SELECT FROM registry_log_leaf told WHERE told.entry = event_id AND told.index <= %s)", wanted="= %s"
)
"""A record as the log had it with its entry of an index; the index, then the number."""


class Stored(NamedTuple):
    """One value as its owner pushed it."""

    kind: Kind
    data: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Record:
    """What the register says in public about one identifier.

    Attributes:
        version: how often the record has changed; 0 while nobody has said anything.
        index: the place in the log of the entry that last changed it; None while it is registered, but not yet logged.
        log_id: the log's own id; None before the first entry.
        log_size: how many entries the log has.
    """

    handle: str
    subject_type: str
    subject_id: UUID
    retired_at: datetime | None
    version: int
    index: int | None
    changed_at: datetime
    values: tuple[Stored, ...]
    log_id: UUID | None
    log_size: int

    def named_by(self, handle: Handle) -> bool:
        """Whether it is this identifier's record, and not that of one with the same number under another prefix."""
        return self.handle.startswith(f"{handle.prefix}/")

    @property
    def minted_at(self) -> datetime:
        """When the identifier was given."""
        return uuid7_instant(self.subject_id)


@dataclass(frozen=True, slots=True)
class Installation:
    """What this installation says of all its identifiers alike."""

    public_url: str
    prefix: str
    log_origin: str

    def page(self, handle: str) -> str:
        """The address of the page for people."""
        return f"{self.public_url}/objects/{handle}/"


class Value(NamedTuple):
    """One value of a Handle record; ``data`` is text, or an object where the format says so."""

    kind: Kind
    data: str | dict[str, Any]
    at: datetime

    def as_json(self) -> dict[str, Any]:
        """The value as the Handle JSON API shows it."""
        return {
            "index": self.kind.index,
            "type": self.kind.name,
            "data": {"format": self.kind.format, "value": self.data},
            "ttl": self.kind.ttl,
            "timestamp": instant(self.at),
        }


def instant(at: datetime) -> str:
    """An instant in UTC, to the second, as the Handle JSON API writes it."""
    return f"{at.astimezone(UTC).isoformat()[:SECONDS_END]}Z"


def records(rows: Iterable[Sequence[Any]]) -> dict[int, Record]:
    """The records by number, from rows of one of the queries above."""
    grouped: dict[int, list[Sequence[Any]]] = {}
    for row in rows:
        grouped.setdefault(row[0], []).append(row)
    return {number: _record(found) for number, found in grouped.items()}


def _record(rows: list[Sequence[Any]]) -> Record:
    number, prefix, subject_type, subject_id, retired_at, *_, log_id, log_size = rows[0]
    told = sorted((row[5:10] for row in rows if row[5] is not None), key=lambda value: value[0])
    places = [place for *_, place in told]
    return Record(
        handle=str(Handle(prefix, number)),
        subject_type=subject_type,
        subject_id=subject_id,
        retired_at=retired_at,
        version=max((version for _, version, *_ in told), default=0),
        index=max(places) if places and None not in places else None,
        changed_at=max((at for _, _, at, *_ in told), default=uuid7_instant(subject_id)),
        values=tuple(Stored(KIND_AT[index], data, at) for index, _, at, data, _ in told if data is not None),
        log_id=log_id,
        log_size=log_size or 0,
    )


def values_of(record: Record, installation: Installation) -> list[Value]:
    """All values of a record, by index: those that owners pushed, and those that follow from identifier, installation and log."""
    prefix = record.handle.partition("/")[0]
    admin = {"handle": f"0.NA/{prefix}", "index": ADMIN_INDEX, "permissions": READ_ONLY}
    values = [
        Value(URL, installation.page(record.handle), record.minted_at),
        *(Value(stored.kind, stored.data, stored.at) for stored in record.values),
    ]
    if record.index is not None:
        place = {"index": str(record.index), "origin": f"{installation.log_origin}/{record.log_id}"}
        values.append(Value(LOG, encode_json(place), record.changed_at))
    return [*values, Value(HS_ADMIN, admin, record.minted_at)]


def successor(record: Record) -> str | None:
    """The identifier that took a retired one's place, if any did."""
    said = next((stored.data for stored in record.values if stored.kind is STATUS), None)
    told = json.loads(said).get("successor") if said else None
    return told if isinstance(told, str) else None
