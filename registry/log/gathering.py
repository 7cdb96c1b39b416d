"""Gathers from the database what the log has to show for a bundle: entries, proofs, and the checkpoint that proves most."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from registry.log.canonical import JSON
from registry.log.evidence import DisclosedMember, Evidence, LoggedEntry
from registry.log.keys import vouched_from
from registry.log.models import Cosignature, Leaf, SignedCheckpoint, Timestamp
from registry.log.selectors import checkpoint_keys, disclosures, leaf_bytes, proof_of

CANDIDATES: Final = 20
"""How many timestamped or cosigned checkpoints are compared: the first or the last ones that cover everything."""

Shown = Callable[[UUID, str], bool]
"""Whether a sealed member, by event and path, is disclosed in the bundle."""


def best_checkpoint(least: int, *, newest: bool) -> SignedCheckpoint | None:
    """Of the checkpoints of at least a size one with a timestamp, else with cosignatures, and then with as many as any; else any.

    Of several that prove the same, the first, so that a bundle stays the same file for good; or the last (``newest``), where it matters
    up to when nothing else was known.
    """
    order = "-size" if newest else "size"
    for proof in (Timestamp, Cosignature):
        sizes = proof.objects.filter(size__gte=least).order_by(order).values_list("size", flat=True).distinct()[:CANDIDATES]
        found = {size: Cosignature.objects.filter(size=size).count() for size in sizes}
        if found:
            return SignedCheckpoint.objects.get(size=max(found, key=lambda size: found[size]))
    return SignedCheckpoint.objects.filter(size__gte=least).order_by(order).first()


def gathered(
    events: Sequence[UUID], *, shown: Shown, certificates: Mapping[str, JSON] | None = None, newest: bool = False
) -> Evidence | None:
    """What a bundle shows of these events; None while no checkpoint covers all of them."""
    places = dict(Leaf.objects.filter(entry__in=list(events)).values_list("entry", "index"))
    least = max(vouched_from(), max(places.values(), default=0) + 1)  # a retired key alone would leave newcomers without proof
    checkpoint = best_checkpoint(least, newest=newest) if len(places) == len(set(events)) else None
    if checkpoint is None:
        return None
    entries = [_entry(event, index, checkpoint) for event, index in places.items()]
    stamp = Timestamp.objects.filter(size=checkpoint.size).first()
    return Evidence(
        entries=entries,
        size=checkpoint.size,
        checkpoint=checkpoint.witnessed_note.encode(),
        logs=checkpoint_keys(checkpoint),
        disclosures=list(_disclosed(disclosures(events), places, shown)),
        timestamp=bytes(stamp.token) if stamp else None,
        certificates=certificates or {},
    )


def _entry(event: UUID, index: int, checkpoint: SignedCheckpoint) -> LoggedEntry:
    proof = proof_of(event, checkpoint=checkpoint)
    return LoggedEntry(index, leaf_bytes(event), proof.hashes if proof else ())


def _disclosed(rows: Iterable[Mapping[str, Any]], places: Mapping[UUID, int], shown: Shown) -> Iterable[DisclosedMember]:
    for row in rows:
        if shown(row["event"], row["path"]):
            yield DisclosedMember(places[row["event"]], row["path"], row["salt"], row["value"])
