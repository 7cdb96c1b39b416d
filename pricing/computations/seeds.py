"""Seeds that nobody could choose: each comes from the first checkpoint of the log that covers everything the draw depends on."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from registry.log.models import SignedCheckpoint
from registry.log.selectors import first_checkpoint_over

SEED_BITS: Final = 53


@dataclass(frozen=True, slots=True)
class Seed:
    """A seed, and the checkpoint that it was taken from, so that an outsider can take it again.

    Without a checkpoint it was chosen by whoever asked, which is good enough for advice and never for money.
    """

    value: int
    size: int | None = None
    root: bytes | None = None


def seed_after(event: UUID, *, purpose: UUID) -> Seed | None:
    """Return the seed that the first checkpoint over an event gives for a purpose; None while no checkpoint covers the event.

    Inputs are committed by the event before the checkpoint's root exists, so neither side can steer the draw; the operator could only by
    holding the checkpoint back.
    """
    checkpoint = first_checkpoint_over(event)
    return None if checkpoint is None else _taken(checkpoint, purpose)


def _taken(checkpoint: SignedCheckpoint, purpose: UUID) -> Seed:
    root = bytes(checkpoint.root)
    return Seed(seed_value(root, purpose), checkpoint.size, root)


def seed_value(root: bytes, purpose: UUID) -> int:
    """Return the first 53 bits of SHA-256 over ``egret-seed-v1``, a line feed, the root's 32 bytes and the purpose's 16."""
    digest = hashlib.sha256(b"egret-seed-v1\n" + root + purpose.bytes).digest()
    return int.from_bytes(digest[:8]) >> (64 - SEED_BITS)
