"""Identifiers inside: UUIDv7 made from the business clock, so that primary keys sort by time and partition by it."""

import secrets
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from registry.base import clock

_RANDOM_BITS: Final = 74


def uuid7(at: datetime | None = None) -> UUID:
    """A fresh UUIDv7 for an instant (default: the business clock's now).

    Source: RFC 9562, section 5.7.
    """
    milliseconds = int((at or clock.now()).timestamp() * 1000)
    return _pack(milliseconds, secrets.randbits(_RANDOM_BITS))


def uuid7_floor(at: datetime) -> UUID:
    """The smallest UUIDv7 of an instant: a partition bound."""
    return UUID(int=(int(at.timestamp() * 1000) & ((1 << 48) - 1)) << 80)


def uuid7_instant(value: UUID) -> datetime:
    """The instant written in a UUIDv7, to the millisecond."""
    return datetime.fromtimestamp((value.int >> 80) / 1000, tz=UTC)


def _pack(milliseconds: int, random: int) -> UUID:
    high, low = random >> 62, random & ((1 << 62) - 1)
    return UUID(int=(milliseconds & ((1 << 48) - 1)) << 80 | 0x7 << 76 | high << 64 | 0b10 << 62 | low)
