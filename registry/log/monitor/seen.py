"""Remembers a great many event ids in few bytes."""

from __future__ import annotations

from array import array
from hashlib import blake2b
from typing import Final, Self

_LEAST: Final = 1 << 10


class Seen:
    """A set of ids by their 64-bit fingerprints, 11 to 22 bytes an id: open addressing with linear probes.

    Two ids of one fingerprint pass for one. Of a million honest ids that happens once in about 37 million logs.
    """

    def __init__(self, slots: array[int] | None = None, count: int = 0) -> None:
        """Begin with nothing, or with what ``kept`` gave."""
        self._slots = array("Q", bytes(8 * _LEAST)) if slots is None else slots
        self.count = count

    def add(self, number: int) -> bool:
        """Remember an id; whether it was new."""
        if 4 * (self.count + 1) > 3 * len(self._slots):
            self._grow()
        mark = _fingerprint(number)
        slots, mask = self._slots, len(self._slots) - 1
        at = mark & mask
        while slots[at]:
            if slots[at] == mark:
                return False
            at = (at + 1) & mask
        slots[at] = mark
        self.count += 1
        return True

    def kept(self) -> bytes:
        """The table as bytes of this machine's order."""
        return self._slots.tobytes()

    @classmethod
    def of(cls, kept: bytes) -> Self:
        """What ``kept`` gave.

        Raises:
            ValueError: these bytes are no such table.
        """
        slots = array("Q")
        slots.frombytes(kept)
        count = len(slots) - slots.count(0)
        if len(slots) < _LEAST or len(slots) & (len(slots) - 1) or count == len(slots):
            raise ValueError("this is no table of event ids")
        return cls(slots, count)

    def _grow(self) -> None:
        old = self._slots
        self._slots = array("Q", bytes(16 * len(old)))
        slots, mask = self._slots, len(self._slots) - 1
        for mark in filter(None, old):
            at = mark & mask
            while slots[at]:
                at = (at + 1) & mask
            slots[at] = mark


def _fingerprint(number: int) -> int:
    """Never 0, which marks an empty slot."""
    return int.from_bytes(blake2b(number.to_bytes(16, "big"), digest_size=8).digest(), "big") or 1
