"""What may be read of the log: entries, proofs, disclosures, the latest checkpoint."""

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db.models import QuerySet

from registry.base.actor import Actor, PartyKind
from registry.log.checkpoint import BadCheckpoint, open_by_any
from registry.log.keys import KnownKey, known_keys, known_sm2_keys, signed_by
from registry.log.merkle import InvalidProof, Tree, leaf_hash, verify_inclusion
from registry.log.models import Disclosure, Entry, Leaf, LogState, SignedCheckpoint
from registry.log.note import Verifier, parse_note
from registry.log.sm2_line import Sm2Key

KEYS_SHOWN_MAX: Final = 100
LEAVES_MAX: Final = 65_536
"""Leaf hashes that are read at once into the tree in memory, which is 64 bytes a leaf."""

_trees: dict[UUID, Tree] = {}
_trees_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class Proof:
    """That an entry is in the log: its place, the audit path, and the signed checkpoint that it leads to."""

    index: int
    size: int
    hashes: tuple[bytes, ...]
    note: str


@dataclass(frozen=True, slots=True)
class Place:
    """How far an event has come into the log.

    Attributes:
        index: its place; None while it still waits for one.
        size: of the latest checkpoint, if that covers it; None while none does.
    """

    index: int | None
    size: int | None


def entry_page(*, actor: Actor, subject_id: UUID | None = None, schema: str | None = None) -> QuerySet[Entry]:
    """Entries that the actor may see, of one subject or schema if asked."""
    entries = Entry.objects.visible_to(actor)
    if subject_id is not None:
        entries = entries.filter(subject_id=subject_id)
    return entries if schema is None else entries.filter(schema=schema)


def logged(event: UUID) -> bool:
    """Whether a signed checkpoint covers the event."""
    leaf, checkpoint = Leaf.objects.filter(entry=event).first(), latest_checkpoint()
    return leaf is not None and checkpoint is not None and leaf.index < checkpoint.size


def places(events: set[UUID]) -> dict[UUID, Place]:
    """How far each of these recorded events has come into the log, in two queries."""
    found, checkpoint = dict(Leaf.objects.filter(entry__in=events).values_list("entry", "index")), latest_checkpoint()
    size = checkpoint.size if checkpoint else 0
    return {event: _place(found.get(event), size) for event in events}


def first_checkpoint_over(event: UUID) -> SignedCheckpoint | None:
    """The first signed checkpoint that covers the event; None while none does."""
    leaf = Leaf.objects.filter(entry=event).first()
    return SignedCheckpoint.objects.filter(size__gt=leaf.index).order_by("size").first() if leaf else None


def latest_checkpoint() -> SignedCheckpoint | None:
    """The newest published checkpoint."""
    return SignedCheckpoint.objects.order_by("-size").first()


def verifier_key() -> str | None:
    """The log's public key as a verifier key: of those that signed the latest checkpoint the newest; None before the first checkpoint."""
    latest = latest_checkpoint()
    return next((str(key) for key in checkpoint_keys(latest)), None) if latest else None


def checkpoint_keys(checkpoint: SignedCheckpoint) -> list[Verifier]:
    """The keys that signed a checkpoint and vouch for it, the newest first.

    Raises:
        BadCheckpoint: the row is no checkpoint of this log.
    """
    return [each.verifier for each in reversed(signed_by(checkpoint.note.encode(), known_keys()))]


def log_keys() -> list[KnownKey[Verifier]]:
    """The keys that sign or have signed, oldest first; of very many the last."""
    return known_keys()[-KEYS_SHOWN_MAX:]


def log_sm2_keys() -> list[KnownKey[Sm2Key]]:
    """The keys that sign or have signed the second line, oldest first; of very many the last."""
    return known_sm2_keys()[-KEYS_SHOWN_MAX:]


def log_sm2_key() -> str | None:
    """The SM2 key that signed the second line of the latest checkpoint and vouches for it; None where there is none."""
    latest = latest_checkpoint()
    if latest is None:
        return None
    lines = {(each.name, each.key_id) for each in parse_note(latest.note.encode()).signatures}
    signed = [
        each.row.key for each in known_sm2_keys() if (each.verifier.name, each.verifier.key_id) in lines and each.vouches(latest.size)
    ]
    return signed[-1] if signed else None


def proof_of(event: UUID, *, checkpoint: SignedCheckpoint | None = None) -> Proof | None:
    """The inclusion proof of an event under a checkpoint (default: the latest); None while none covers it."""
    leaf, checkpoint = Leaf.objects.filter(entry=event).first(), checkpoint or latest_checkpoint()
    if leaf is None or checkpoint is None or leaf.index >= checkpoint.size:
        return None
    tree = _tree(checkpoint.size)
    return Proof(leaf.index, checkpoint.size, tuple(tree.inclusion_proof(leaf.index, checkpoint.size)), checkpoint.witnessed_note)


def proof_holds(proof: Proof, body: bytes) -> bool:
    """Whether a proof leads from an entry's canonical bytes to a checkpoint that a key of this log vouches for, computed anew."""
    known = known_keys()
    try:
        signed, by = open_by_any(proof.note.encode(), logs=[each.verifier for each in known])
        if not any(each.verifier in by and each.vouches(signed.size) for each in known):
            return False
        verify_inclusion(index=proof.index, size=signed.size, leaf=leaf_hash(body), proof=proof.hashes, root=signed.root)
    except (BadCheckpoint, InvalidProof):
        return False
    return True


def consistency_proof(old: int, new: int) -> list[bytes]:
    """That the first ``new`` entries continue the first ``old`` ones; empty for an old size of 0.

    Raises:
        OutsideTree: the log has no such sizes.
    """
    return _tree(new).consistency_proof(old, new)


def leaf_bytes(event: UUID) -> bytes:
    """The canonical bytes of an entry, exactly as they were hashed.

    Raises:
        Entry.DoesNotExist: the event is not sequenced yet.
    """
    return bytes(Entry.objects.values_list("body", flat=True).get(pk=event))


def disclosures(events: Iterable[UUID]) -> list[dict[str, Any]]:
    """Salts and values of the sealed members of these events, as an evidence bundle holds them."""
    rows = Disclosure.objects.filter(event__in=list(events)).order_by("event", "path")
    return [{"event": row.event, "path": row.path, "salt": bytes(row.salt), "value": row.value} for row in rows]


def disclosed_to(actor: Actor, entry: Entry) -> dict[str, Any] | None:
    """The sealed values of an entry by path, for who recorded it and for regulators; None for anybody else."""
    if not actor.is_kind(PartyKind.REGULATOR) and (entry.organisation is None or entry.organisation != actor.organisation):
        return None
    return dict(Disclosure.objects.filter(event=entry.pk).values_list("path", "value"))


def _place(index: int | None, size: int) -> Place:
    return Place(index, size if index is not None and index < size else None)


def _tree(size: int) -> Tree:
    """The tree of at least ``size`` leaves, kept in memory and extended as the log grows."""
    log_id = LogState.objects.values_list("log_id", flat=True).get(id=1)
    with _trees_lock:
        tree = _trees.setdefault(log_id, Tree())
        while tree.size < size:
            leaves = Leaf.objects.filter(index__gte=tree.size, index__lt=min(tree.size + LEAVES_MAX, size)).order_by("index")
            if not (hashes := [bytes(hashed) for hashed in leaves.values_list("hash", flat=True)]):
                break
            tree.extend(hashes)
        return tree
