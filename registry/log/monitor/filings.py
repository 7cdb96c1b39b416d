"""Deposited filings and the certificates issued on them: each first right needs its deposit, and so does each certificate."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from registry.log.monitor.reading import Fields, Malformed, shown
from registry.log.monitor.rights import KINDS, Right, Rights, Tell

GRACE: Final = 4_096
"""Entries that may stand between a first right and its deposit: one transaction writes both, and others may come between them."""
HASH: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)


class Filings:
    """What was deposited and certified.

    Attributes:
        deposited: the object of each deposited filing.
        awaited: first rights that no deposit has named yet, by id, with the index of their entry; oldest first, at most ``GRACE``.
        certificates: the SHA-256 of each certificate's statement, by its number.
    """

    def __init__(self) -> None:
        """Begin with nothing."""
        self.deposited: dict[int, int] = {}
        self.awaited: dict[int, int] = {}
        self.certificates: dict[str, bytes] = {}

    def first_right(self, right: Right, index: int) -> None:
        """A right that rests on no other was granted: it waits for its deposit."""
        self.awaited[right.key] = index

    def overdue(self, size: int) -> Iterator[tuple[int, int]]:
        """Index and id of each first right whose deposit did not come within ``GRACE`` entries; each once."""
        while self.awaited:
            key, index = next(iter(self.awaited.items()))
            if size - index <= GRACE:
                return
            del self.awaited[key]
            yield index, key

    def deposit(self, data: Fields, rights: Rights, tell: Tell) -> None:
        """``filing.deposited``: it names first rights of the applicant in the object, all for its term."""
        filing, applicant, of = data.uid("filing"), data.uid("applicant"), data.uid("object")
        term = data.day("valid_from"), data.day("valid_until") + 1
        listed = [(each.uid("grant"), each.text("kind", KINDS)) for each in data.each("rights")]
        if filing in self.deposited:
            tell("twice", "filing", shown(filing))
            return
        self.deposited[filing] = of
        thing = rights.things.get(of)
        if thing is None or thing.owner is None:
            tell("unknown", "object", shown(of))
        for key, kind in listed:
            waited = self.awaited.pop(key, None) is not None
            right = rights.rights.get(key)
            if right is None:
                tell("unknown", "right", shown(key))
                continue
            if right.parent is None and not waited:
                tell("not_awaited", shown(key))
            told = {"parent": None, "object": of, "kind": kind, "holder": applicant, "term": term}
            there = {
                "parent": right.parent and right.parent.key,
                "object": right.thing.key,
                "kind": right.kind,
                "holder": right.holder,
                "term": (right.start, right.stop),
            }
            for name, value in told.items():
                if there[name] != value:
                    tell("differs", name, shown(key))

    def certified(self, data: Fields, tell: Tell) -> None:
        """``certificate.issued``."""
        number, filing, of, hashed = data.text("number"), data.uid("filing"), data.uid("object"), data.text("sha256")
        if not HASH.fullmatch(hashed):
            raise Malformed("member", "certificate.issued", "sha256")
        if self.deposited.get(filing) != of:
            tell("no_filing", number, shown(filing))
        if number in self.certificates:
            tell("number_twice", number)
        else:
            self.certificates[number] = bytes.fromhex(hashed)
