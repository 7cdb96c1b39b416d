"""Compares certificates that somebody holds with what the log says was issued."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Self

from registry.log.canonical import NotCanonical, canonical
from registry.log.findings import Finding

PAPER_BYTES_MAX = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Paper:
    """A certificate as a file: its name, its number if it states one, and the SHA-256 that its entry in the log may have.

    A statement is hashed as it stands. A credential that carries its proof is hashed without it, in canonical form, since that is the
    statement.
    """

    name: str
    number: str
    hashes: tuple[bytes, ...]

    @classmethod
    def read(cls, name: str, raw: bytes) -> Self:
        """Read a file.

        Raises:
            ValueError: it is too long, or no JSON object.
        """
        message = f"{name} is no certificate: a JSON object of at most {PAPER_BYTES_MAX} bytes"
        if len(raw) > PAPER_BYTES_MAX:
            raise ValueError(message)
        try:
            document = json.loads(raw)
        except (ValueError, RecursionError) as error:
            raise ValueError(message) from error
        if not isinstance(document, dict):
            raise ValueError(message)  # noqa: TRY004 the file is wrong, not the caller
        return cls(name, _number(document), tuple(_hashes(raw, document)))

    def compared(self, issued: Mapping[str, bytes], hashes: set[bytes]) -> Finding | None:
        """What is wrong with it, given the certificates that were issued by number, and their hashes."""
        if not hashes.isdisjoint(self.hashes):
            return None
        told = self.hashes[-1].hex()
        if self.number in issued:
            return Finding.of(self.name, None, "other_hash", self.number, told, issued[self.number].hex())
        return Finding.of(self.name, None, "no_entry", self.number or "?", told)


def unlogged(papers: Iterable[Paper], issued: Mapping[str, bytes]) -> list[Finding]:
    """What is wrong with these certificates, given those that the log has by their numbers."""
    hashes = set(issued.values())
    return [finding for paper in papers if (finding := paper.compared(issued, hashes))]


def _number(document: dict[str, Any]) -> str:
    subject = document.get("credentialSubject")
    for place in (subject if isinstance(subject, dict) else {}, document):
        if isinstance(place.get("number"), str):
            return str(place["number"])
    return ""


def _hashes(raw: bytes, document: dict[str, Any]) -> Iterable[bytes]:
    yield sha256(raw).digest()
    if "proof" in document:
        try:
            yield sha256(canonical({name: value for name, value in document.items() if name != "proof"})).digest()
        except NotCanonical:
            return
