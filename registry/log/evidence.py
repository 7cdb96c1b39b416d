"""Packs what proves a deal or a right into one file that ``verifier.py`` checks without us.

The layout, the forms of the members and the events that the verifier knows are documented there, in one place. A bundle is a
zip in one byte form (sorted, stored, fixed date), so the same evidence is always the same file.
"""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final
from zlib import crc32

from registry.log.canonical import JSON, canonical
from registry.log.note import Verifier

VERSION: Final = 1
BUNDLE_BYTES_MAX: Final = 16 * 1024 * 1024
MEMBERS_MAX: Final = 500


class CannotPack(ValueError):
    """Members that make no bundle; ``reason`` says why."""

    def __init__(self, *, reason: str) -> None:
        """Keep the reason, in English, for logs and tests."""
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class LoggedEntry:
    """One leaf, byte for byte, with its place in the log and the audit path under the bundle's checkpoint."""

    index: int
    leaf: bytes
    proof: Sequence[bytes]


@dataclass(frozen=True, slots=True)
class DisclosedMember:
    """Salt and value of one sealed member; ``path`` is its name in the leaf's ``data``."""

    index: int
    path: str
    salt: bytes
    value: JSON


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the log has to show for a bundle.

    Attributes:
        size: the size that ``checkpoint`` states.
        checkpoint: the signed note, with the lines of its witnesses.
        logs: the log's keys that signed it.
        timestamp: an RFC 3161 answer over this very checkpoint as the log signed it, if there is one.
        certificates: secured credentials by number, one for each ``certificate.issued`` among the entries; and by number and
            ``.sm2`` the detached signature of one that has it.
    """

    entries: Sequence[LoggedEntry]
    size: int
    checkpoint: bytes
    logs: Sequence[Verifier]
    disclosures: Sequence[DisclosedMember] = ()
    timestamp: bytes | None = None
    certificates: Mapping[str, JSON] = field(default_factory=dict)


def pack_deal(evidence: Evidence, *, claims: Mapping[str, Any], contract: bytes) -> bytes:
    """The bundle of one deal.

    ``claims`` is the content of deal.json without ``format`` and ``version``; ``contract`` is the canonical bytes of the terms,
    exactly as they were hashed and signed.

    Raises:
        CannotPack: too many or too large members.
        NotCanonical: a claim or disclosed value has no canonical form.
        KeyError: the claims do not name the deal, the parties and their keys.
    """
    sides = "".join(f"{side} {claims[side]} {claims[f'{side}_key']}\n" for side in ("seller", "buyer"))
    return _bundle("deal", claims, evidence, keys=sides, more={"contract.json": contract})


def pack_right(evidence: Evidence, *, claims: Mapping[str, Any]) -> bytes:
    """The bundle of one right; ``claims`` is the content of right.json without ``format`` and ``version``.

    Raises:
        CannotPack: too many or too large members.
        NotCanonical: a claim or disclosed value has no canonical form.
        KeyError: the claims do not name the right.
    """
    return _bundle("right", claims, evidence)


def _bundle(kind: str, claims: Mapping[str, Any], evidence: Evidence, *, keys: str = "", more: Mapping[str, bytes] | None = None) -> bytes:
    disclosed = sorted(evidence.disclosures, key=lambda each: (each.index, each.path))
    members = {
        **(more or {}),
        "checkpoint": evidence.checkpoint,
        f"{kind}.json": canonical({"format": f"egret-{kind}", "version": VERSION, **claims}),
        "disclosures.json": canonical(
            [{"index": each.index, "path": each.path, "salt": each.salt.hex(), "value": each.value} for each in disclosed]
        ),
        "keys.txt": ("".join(f"log {log}\n" for log in evidence.logs) + keys).encode(),
        **{f"certificates/{name}.json": canonical(value) for name, value in evidence.certificates.items()},
    }
    if evidence.timestamp is not None:
        members["timestamp.tsr"] = evidence.timestamp
    for entry in evidence.entries:
        members[f"entries/{entry.index}.json"] = entry.leaf
        proof: JSON = {"index": entry.index, "size": evidence.size, "hashes": [each.hex() for each in entry.proof]}
        members[f"proofs/{entry.index}.json"] = canonical(proof)
    return pack(members | {"manifest.json": manifest(subject={"type": kind, "id": str(claims[kind])}, members=members)})


def manifest(*, subject: Mapping[str, str], members: Mapping[str, bytes]) -> bytes:
    """The list of members with their SHA-256, in canonical form."""
    listed: list[JSON] = [{"name": name, "sha256": sha256(members[name]).hexdigest()} for name in sorted(members)]
    form = f"egret-{subject['type']}-evidence"
    return canonical({"format": form, "version": VERSION, "subject": dict(subject), "members": listed})


def pack(members: Mapping[str, bytes]) -> bytes:
    """A zip in one byte form: sorted by name, stored, dated 1980-01-01, with nothing optional.

    Written here rather than by ``zipfile``, whose header bytes differ between Python versions.

    Raises:
        CannotPack: a name that is not ASCII, too many members, or more than ``BUNDLE_BYTES_MAX`` in all.

    Source: PKWARE APPNOTE 6.3, 4.3.
    """
    if not 1 <= len(members) <= MEMBERS_MAX or not all(name and name.isascii() for name in members):
        raise CannotPack(reason=f"a bundle has 1 to {MEMBERS_MAX} members with ASCII names")
    body, directory = bytearray(), bytearray()
    for name in sorted(members):
        data, path = members[name], name.encode("ascii")
        common = struct.pack("<5H3L2H", 20, 0, 0, 0, 0x21, crc32(data), len(data), len(data), len(path), 0)
        directory += b"PK\x01\x02" + struct.pack("<H", 20) + common + struct.pack("<3H2L", 0, 0, 0, 0, len(body)) + path
        body += b"PK\x03\x04" + common + path + data
    end = struct.pack("<4H2LH", 0, 0, len(members), len(members), len(directory), len(body), 0)
    packed = bytes(body + directory + b"PK\x05\x06" + end)
    if len(packed) > BUNDLE_BYTES_MAX:
        raise CannotPack(reason=f"a bundle has at most {BUNDLE_BYTES_MAX} bytes, not {len(packed)}")
    return packed
