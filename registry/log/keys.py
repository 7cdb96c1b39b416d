"""The log's signing keys: which there were, for which sizes each vouches, and which of them sign now.

A key that is added vouches for the checkpoints that cover the entry which adds it, so from that checkpoint on there are two signature lines
until the older key is retired. Which sizes a key vouches for therefore follows from the log itself and is stored nowhere else.

Keys of the second line, by SM2, begin and end by entries too. Nobody's trust runs over them, so there is one at a time: the newest signs,
and one that may not sign costs the checkpoint nothing but that line.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeAlias
from uuid import UUID

from django.conf import settings

from registry.base import clock, signing
from registry.base.ids import uuid7
from registry.log.checkpoint import BadCheckpoint, open_by_any
from registry.log.files import LogFiles, Published
from registry.log.models import Leaf, LogKey
from registry.log.note import AnyKey, NoteSigner, Signer, Verifier
from registry.log.sm2_line import Sm2Key, Sm2LineSigner

logger = logging.getLogger(__name__)

NO_KEY: Final = (
    "none of the keys in EGRET_LOG_KEY and EGRET_LOG_NEXT_KEY may sign for this log: "
    "a key must be announced by `manage.py log_keys add` first, and a retired key signs nothing"
)
NOT_ANNOUNCED: Final = "EGRET_LOG_SM2_KEY signs nothing: it must be announced by `manage.py log_keys add --sm2` first"
NOT_YET: Final = "EGRET_LOG_SM2_KEY signs nothing yet: the entry that announces it waits for its place"
NO_LONGER: Final = "EGRET_LOG_SM2_KEY signs nothing: it is retired, or another has followed it; set a fresh key and announce that"
_warned: Final[set[str]] = set()
"""What this process has told its operator already."""


class NoSigningKey(RuntimeError):
    """The environment holds no key that may sign; nothing is signed."""


@dataclass(frozen=True, slots=True)
class KnownKey(Generic[AnyKey]):
    """A key that signs or has signed.

    Attributes:
        row: as it is stored.
        verifier: the key itself.
        from_size: the least size that it vouches for; None while the entry that adds it has no place yet.
    """

    row: LogKey
    verifier: AnyKey
    from_size: int | None

    def vouches(self, size: int) -> bool:
        """Whether its signature counts under a checkpoint of this size."""
        return self.from_size is not None and self.from_size <= size and (self.row.last_size is None or size <= self.row.last_size)


AnyKnown: TypeAlias = KnownKey[Verifier] | KnownKey[Sm2Key]


def origin(log_id: UUID) -> str:
    """The log's name in every checkpoint."""
    return f"{settings.EGRET_LOG_ORIGIN}/{log_id}"


def environment_keys(log_id: UUID) -> list[Signer]:
    """The keys that this process could sign with, the present one first."""
    found = (settings.EGRET_LOG_KEY, settings.EGRET_LOG_NEXT_KEY)
    return [Signer(origin(log_id), signing.Ed25519Signer(bytes.fromhex(seed))) for seed in found if seed]


def sm2_signer(log_id: UUID) -> Sm2LineSigner | None:
    """The key of the second line as the settings have it, whether or not it may sign; None where the installation has none.

    Raises:
        CannotSign: what is configured is no key, or SM2 needs a library that is not installed.
    """
    scalar = settings.EGRET_LOG_SM2_KEY
    return Sm2LineSigner(origin(log_id), signing.Sm2Signer(bytes.fromhex(scalar))) if scalar else None


def begin(log_id: UUID) -> None:
    """Remember the keys that a new log is born with; they need no entry, since whoever trusts the log has them from elsewhere.

    Raises:
        NoSigningKey: there is none.
        CannotSign: what is configured is no key.
    """
    if LogKey.objects.exists():
        return
    if not settings.EGRET_LOG_KEY:
        raise NoSigningKey(NO_KEY)
    second, at = sm2_signer(log_id), clock.now()
    born = {signing.Algorithm.ED25519: str(environment_keys(log_id)[0].verifier)}
    born |= {signing.Algorithm.SM2_SM3: str(second.verifier)} if second else {}
    for algorithm, key in born.items():
        LogKey.objects.get_or_create(added_event=None, algorithm=algorithm, defaults={"id": uuid7(at), "key": key, "added_at": at})


def known_keys() -> list[KnownKey[Verifier]]:
    """Every key of the log, oldest first."""
    return _known(signing.Algorithm.ED25519, Verifier.parse)


def known_sm2_keys() -> list[KnownKey[Sm2Key]]:
    """Every key of the log's second line, oldest first."""
    return _known(signing.Algorithm.SM2_SM3, Sm2Key.parse)


def vouched_from() -> int:
    """The least size that a key which still signs vouches for: whoever knows only the keys of today can judge checkpoints from there on."""
    return min((each.from_size for each in known_keys() if each.row.retired_event is None and each.from_size is not None), default=0)


def signers(log_id: UUID, size: int) -> list[NoteSigner]:
    """Who signs a checkpoint of this size now: every key of the environment that vouches for it and is not retired.

    Raises:
        NoSigningKey: nobody may sign but for the second line.
        CannotSign: what is configured is no key.
    """
    active = {known.row.key for known in known_keys() if known.row.retired_event is None and known.vouches(size)}
    found: list[NoteSigner] = [key for key in environment_keys(log_id) if str(key.verifier) in active]
    if not found:
        raise NoSigningKey(NO_KEY)
    second = second_signer(log_id, size)
    return found if second is None else [*found, second]


def second_signer(log_id: UUID, size: int) -> Sm2LineSigner | None:
    """Who signs the second line of a checkpoint of this size: the SM2 key of the environment, while it is the newest and not retired.

    Where that key may not sign, the operator is told in one line, once in each process; the log goes on without the line.

    Raises:
        CannotSign: what is configured is no key, or SM2 needs a library that is not installed.
    """
    signer = sm2_signer(log_id)
    if signer is None:
        return None
    why = sm2_refusal(signer.verifier, size)
    if why is None:
        return signer
    if why not in _warned:
        _warned.add(why)
        logger.warning(why)
    return None


def sm2_refusal(key: Sm2Key, size: int) -> str | None:
    """Why an SM2 key may not sign the second line of a checkpoint of this size, for its operator; None if it may."""
    known = known_sm2_keys()
    found = next((each for each in known if each.verifier == key), None)
    if found is None:
        return NOT_ANNOUNCED
    begun = {each.from_size: each for each in known if each.from_size is not None and each.from_size <= size}
    if found.row.retired_event is not None:
        return NO_LONGER
    if found not in begun.values():
        return NOT_YET
    return None if begun[max(begun)] == found else NO_LONGER


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


def signed_by(note: bytes, known: Sequence[KnownKey[Verifier]]) -> list[KnownKey[Verifier]]:
    """Which of the log's keys signed a checkpoint and vouch for it.

    Raises:
        BadCheckpoint: it is not to be believed.
    """
    checkpoint, signed = open_by_any(note, logs=[each.verifier for each in known])
    return [each for each in known if each.verifier in signed and each.vouches(checkpoint.size)]


def _known(algorithm: signing.Algorithm, parse: Callable[[str], AnyKey]) -> list[KnownKey[AnyKey]]:
    rows = list(LogKey.objects.filter(algorithm=algorithm).order_by("added_at", "id"))
    places = dict(Leaf.objects.filter(entry__in=[row.added_event for row in rows if row.added_event]).values_list("entry", "index"))
    return [KnownKey(row, parse(row.key), _from_size(row, places)) for row in rows]


def _from_size(row: LogKey, places: dict[UUID, int]) -> int | None:
    if row.added_event is None:
        return 0
    index = places.get(row.added_event)
    return None if index is None else index + 1
