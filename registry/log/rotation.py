"""Adds and retires the log's keys, in two steps between which both sign: whoever follows the log learns the new key from the old one.

A key of the second line, by SM2, is added and retired by the same entries, but vouches for nobody: there the new one simply follows.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from registry.base import clock
from registry.base.actor import SYSTEM
from registry.base.ids import uuid7
from registry.base.signing import Algorithm
from registry.log import events
from registry.log.files import LogFiles
from registry.log.integrator import wait_locks
from registry.log.keys import (
    NO_LONGER,
    AnyKnown,
    KnownKey,
    begin,
    environment_keys,
    known_keys,
    known_sm2_keys,
    published,
    sm2_refusal,
    sm2_signer,
)
from registry.log.models import LogKey, LogState
from registry.log.monitor.trust import KEYS_MAX
from registry.log.note import AnyKey, Verifier
from registry.log.services import record
from registry.log.sm2_line import Sm2Key


class CannotRotate(RuntimeError):
    """A step that would leave the log without a key that others can follow; the message says what to do first."""


def key_add() -> KnownKey[Verifier]:
    """Announce the key in EGRET_LOG_NEXT_KEY; returns it, also if it was announced before.

    Writes one ``log_key.added`` event. From the first checkpoint that covers it on, the key signs beside the one there was.

    Raises:
        CannotRotate: there is no such key, it signs already, it is retired, the log has had too many, or it has no entry yet.
    """
    with transaction.atomic():
        wait_locks()
        state = _state()
        keys = environment_keys(state.log_id)
        begin(state.log_id)
        if len(keys) != len(("EGRET_LOG_KEY", "EGRET_LOG_NEXT_KEY")):
            raise CannotRotate("set EGRET_LOG_NEXT_KEY to a fresh seed beside EGRET_LOG_KEY, for every process of this market")
        text = str(keys[1].verifier)
        row = LogKey.objects.filter(key=text).first()
        if row is not None and (row.retired_event or text == str(keys[0].verifier)):
            raise CannotRotate(f"EGRET_LOG_NEXT_KEY must be a fresh key: {text} has signed for this log before")
        if row is None:
            _announce(Algorithm.ED25519, text)
        return _known_as(text, known_keys())


def sm2_key_add() -> KnownKey[Sm2Key]:
    """Announce the key in EGRET_LOG_SM2_KEY; returns it, also if the log knows it already.

    Writes one ``log_key.added`` event. From the first checkpoint that covers it on, the key signs the second line, and no other does.

    Raises:
        CannotRotate: there is no such key, it is retired or another has followed it, the log has had too many, or it has no entry yet.
        CannotSign: what is configured is no key, or SM2 needs a library that is not installed.
    """
    with transaction.atomic():
        wait_locks()
        state = _state()
        begin(state.log_id)
        signer = sm2_signer(state.log_id)
        if signer is None:
            raise CannotRotate("set EGRET_LOG_SM2_KEY to a fresh key, for every process of this market")
        text = str(signer.verifier)
        if not LogKey.objects.filter(key=text).exists():
            _announce(Algorithm.SM2_SM3, text)
        elif sm2_refusal(signer.verifier, state.size) == NO_LONGER:
            raise CannotRotate(f"EGRET_LOG_SM2_KEY must be a fresh key: {text} is retired, or another has followed it")
        return _known_as(text, known_sm2_keys())


def key_retire(*, key: str, compromised: bool, last_size: int | None) -> AnyKnown:
    """Retire a key for good: from this transaction on it signs nothing.

    Waits for the integrator, so that the stated size is the largest that the key can have signed. Writes one ``log_key.retired`` event.

    Args:
        key: its text, as `manage.py log_keys list` shows it.
        compromised: whether somebody else may have it. It then vouches for nothing beyond ``last_size``, though it signed more.
        last_size: the last size at which it was surely only ours; for a compromised key only.

    Raises:
        CannotRotate: the log has no such key, it is retired, no other key has signed a published checkpoint (which one of the second
            line need not wait for), or the size is not one that the key can vouch for.
    """
    with transaction.atomic():
        wait_locks()
        state = _state()
        known = known_keys()
        everything: list[AnyKnown] = [*known, *known_sm2_keys()]
        found = next((each for each in everything if each.row.key == key), None)
        if found is None or found.row.retired_event is not None:
            raise CannotRotate(f"{key:.200} is no key that signs for this log; `manage.py log_keys list` shows them")
        if compromised != (last_size is not None):
            raise CannotRotate("a last size belongs to a compromised key, and such a key needs one; any other is valid for all it signed")
        if last_size is not None and not 0 <= last_size <= state.size:
            raise CannotRotate(f"the last size must lie between 0 and {state.size}, the size of the log")
        if found.row.algorithm == Algorithm.ED25519:
            _require_successor(found.row, known, LogFiles.of(state.log_id))
        last = state.size if last_size is None else last_size
        told = {"key": key, "last_size": last, "compromised": compromised}
        event = record(events.LOG_KEY_RETIRED.name, subject=("LogKey", found.row.pk), actor=SYSTEM, public=told)
        LogKey.objects.filter(pk=found.row.pk).update(retired_event=event, retired_at=clock.now(), last_size=last, compromised=compromised)
        found.row.refresh_from_db()
        return found


def _announce(algorithm: Algorithm, text: str) -> None:
    """Write the entry of a key that the log does not know, and its row."""
    if LogKey.objects.filter(algorithm=algorithm).count() >= KEYS_MAX:
        raise CannotRotate(f"a log has at most {KEYS_MAX} keys in its life: those who follow it refuse more")
    at = clock.now()
    key = uuid7(at)
    event = record(events.LOG_KEY_ADDED.name, subject=("LogKey", key), actor=SYSTEM, public={"key": text})
    LogKey.objects.create(id=key, key=text, algorithm=algorithm, added_event=event, added_at=at)


def _known_as(text: str, known: Sequence[KnownKey[AnyKey]]) -> KnownKey[AnyKey]:
    return next(each for each in known if each.row.key == text)


def _state() -> LogState:
    state = LogState.objects.filter(id=1).first()
    if state is None:
        raise CannotRotate("the log has no entry yet: it begins with EGRET_LOG_KEY, which may still be any key")
    return state


def _require_successor(leaving: LogKey, known: Sequence[KnownKey[Verifier]], files: LogFiles) -> None:
    """Refuse while outsiders cannot have met another key: it must have signed what is published, and be here to sign on."""
    shown = published(files)
    signed = shown.signed if shown else ()
    here = {str(each.verifier) for each in environment_keys(LogState.objects.get(id=1).log_id)}
    for each in known:
        if each.row.pk != leaving.pk and each.row.retired_event is None and each.verifier in signed and each.row.key in here:
            return
    raise CannotRotate(
        "no other key has signed the published checkpoint yet: announce one by `manage.py log_keys add`, and give those who follow the "
        "log the time to meet it"
    )
