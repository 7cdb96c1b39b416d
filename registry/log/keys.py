"""The log's signing keys: which there were, for which sizes each vouches, and which of them sign now.

A key that is added vouches for the checkpoints that cover the entry which adds it, so from that checkpoint on there are two signature lines
until the older key is retired. Which sizes a key vouches for therefore follows from the log itself and is stored nowhere else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.conf import settings

from registry.base import clock, signing
from registry.base.ids import uuid7
from registry.log.checkpoint import BadCheckpoint, open_by_any
from registry.log.files import LogFiles, Published
from registry.log.models import Leaf, LogKey
from registry.log.note import NoteSigner, Signer, Verifier
from registry.log.sm2_line import Sm2LineSigner

NO_KEY: Final = (
    "none of the keys in EGRET_LOG_KEY and EGRET_LOG_NEXT_KEY may sign for this log: "
    "a key must be announced by `manage.py log_keys add` first, and a retired key signs nothing"
)


class NoSigningKey(RuntimeError):
    """The environment holds no key that may sign; nothing is signed."""


@dataclass(frozen=True, slots=True)
class KnownKey:
    """A key that signs or has signed.

    Attributes:
        row: as it is stored.
        verifier: the key itself.
        from_size: the least size that it vouches for; None while the entry that adds it has no place yet.
    """

    row: LogKey
    verifier: Verifier
    from_size: int | None

    def vouches(self, size: int) -> bool:
        """Whether its signature counts under a checkpoint of this size."""
        return self.from_size is not None and self.from_size <= size and (self.row.last_size is None or size <= self.row.last_size)


def origin(log_id: UUID) -> str:
    """The log's name in every checkpoint."""
    return f"{settings.EGRET_LOG_ORIGIN}/{log_id}"


def environment_keys(log_id: UUID) -> list[Signer]:
    """The keys that this process could sign with, the present one first."""
    found = (settings.EGRET_LOG_KEY, settings.EGRET_LOG_NEXT_KEY)
    return [Signer(origin(log_id), signing.Ed25519Signer(bytes.fromhex(seed))) for seed in found if seed]


def sm2_signer(log_id: UUID) -> Sm2LineSigner | None:
    """The key of the second line; None where the installation has none."""
    scalar = settings.EGRET_LOG_SM2_KEY
    return Sm2LineSigner(origin(log_id), signing.Sm2Signer(bytes.fromhex(scalar))) if scalar else None


def begin(log_id: UUID) -> None:
    """Remember the key that a new log is born with; it needs no entry, since whoever trusts the log has it from elsewhere.

    Raises:
        NoSigningKey: there is none.
    """
    if LogKey.objects.exists():
        return
    if not settings.EGRET_LOG_KEY:
        raise NoSigningKey(NO_KEY)
    key, at = environment_keys(log_id)[0].verifier, clock.now()
    LogKey.objects.get_or_create(added_event=None, defaults={"id": uuid7(at), "key": str(key), "added_at": at})


def known_keys() -> list[KnownKey]:
    """Every key of the log, oldest first."""
    rows = list(LogKey.objects.order_by("added_at", "id"))
    places = dict(Leaf.objects.filter(entry__in=[row.added_event for row in rows if row.added_event]).values_list("entry", "index"))
    return [KnownKey(row, Verifier.parse(row.key), _from_size(row, places)) for row in rows]


def vouched_from() -> int:
    """The least size that a key which still signs vouches for: whoever knows only the keys of today can judge checkpoints from there on."""
    return min((each.from_size for each in known_keys() if each.row.retired_event is None and each.from_size is not None), default=0)


def signers(log_id: UUID, size: int) -> list[NoteSigner]:
    """Who signs a checkpoint of this size now: every key of the environment that vouches for it and is not retired, and the SM2 key.

    Raises:
        NoSigningKey: nobody may.
        CannotSign: what is configured is no key.
    """
    active = {known.row.key for known in known_keys() if known.row.retired_event is None and known.vouches(size)}
    found: list[NoteSigner] = [key for key in environment_keys(log_id) if str(key.verifier) in active]
    if not found:
        raise NoSigningKey(NO_KEY)
    second = sm2_signer(log_id)
    return found if second is None else [*found, second]


def published(files: LogFiles) -> Published | None:
    """The published checkpoint, signed by a key that vouches for its size; None before the first.

    Raises:
        BadCheckpoint: it is none.
    """
    known = known_keys()
    found = files.published(*(each.verifier for each in known))
    if found and not any(each.verifier in found.signed and each.vouches(found.checkpoint.size) for each in known):
        raise BadCheckpoint(reason=f"no key that vouches for size {found.checkpoint.size} signed it")
    return found


def signed_by(note: bytes, known: Sequence[KnownKey]) -> list[KnownKey]:
    """Which of the log's keys signed a checkpoint and vouch for it.

    Raises:
        BadCheckpoint: it is not to be believed.
    """
    checkpoint, signed = open_by_any(note, logs=[each.verifier for each in known])
    return [each for each in known if each.verifier in signed and each.vouches(checkpoint.size)]


def _from_size(row: LogKey, places: dict[UUID, int]) -> int | None:
    if row.added_event is None:
        return 0
    index = places.get(row.added_event)
    return None if index is None else index + 1
