"""Asks the witnesses of the policy to cosign what was published, and adds their lines to the checkpoint.

A witness that does not answer holds nobody up: a checkpoint stands without it, and the next one is shown to it again.
"""

from __future__ import annotations

import logging
import re
import time
from base64 import b64encode
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import transaction

from registry.base import clock
from registry.log import keys
from registry.log.asking import post
from registry.log.cosignature import WitnessKey
from registry.log.files import LogFiles
from registry.log.integrator import try_lock
from registry.log.models import Cosignature, LogState, SignedCheckpoint
from registry.log.note import BadNote, parse_note
from registry.log.policy import Policy, read_policy
from registry.log.selectors import consistency_proof, latest_checkpoint
from registry.log.tiles import CHECKPOINT_PATH

logger = logging.getLogger(__name__)

TIMEOUT_SECONDS: Final = 5.0
ANSWER_BYTES_MAX: Final = 16 * 1024
EVERY: Final = timedelta(seconds=2)
"""Least time from one checkpoint that is shown to a witness to the next: a witness need not see each."""
PAUSE_SECONDS: Final = 30.0
"""How long a witness that did not cosign is left alone by this process: it may be away for days."""

_failed_at: dict[str, float] = {}
"""When each witness, by its key, last did not cosign for this process, on the monotonic clock."""

_shown: dict[UUID, tuple[int, int]] = {}
"""Of each log the size, and the number of cosignatures, of what this process last saw published with all of them."""

_SIZE: Final = re.compile(rb"(0|[1-9][0-9]{0,18})\n")


def cosign() -> int:
    """Show the latest checkpoint to every witness that has not cosigned it; returns how many did.

    Without EGRET_LOG_POLICY there is nobody to ask.

    Raises:
        BadPolicy: the policy file cannot be followed.
        OSError: it cannot be read.
    """
    checkpoint = latest_checkpoint()
    if not settings.EGRET_LOG_POLICY or checkpoint is None:
        return 0
    policy = read_policy(Path(settings.EGRET_LOG_POLICY))
    added = sum(_ask(policy, name, checkpoint) for name in policy.witnesses if _due(policy, name, checkpoint))
    _show(checkpoint)
    return added


def _due(policy: Policy, name: str, checkpoint: SignedCheckpoint) -> bool:
    failed = _failed_at.get(str(policy.witnesses[name]))
    if failed is not None and time.monotonic() - failed < PAUSE_SECONDS:
        return False
    last = Cosignature.objects.filter(witness=str(policy.witnesses[name])).order_by("-size").first()
    return name in policy.urls and (last is None or (last.size < checkpoint.size and clock.now() - last.at >= EVERY))


def _ask(policy: Policy, name: str, checkpoint: SignedCheckpoint) -> bool:
    """Ask one witness, a second time if it knows another size than we think."""
    key = policy.witnesses[name]
    last = Cosignature.objects.filter(witness=str(key)).order_by("-size").first()
    old = last.size if last else 0
    for _ in range(2):
        status, answer = _post(policy.urls[name], _request(old, checkpoint))
        if status == HTTPStatus.OK and _keep(key, checkpoint, answer):
            return True
        known = _SIZE.fullmatch(answer) if status == HTTPStatus.CONFLICT else None
        if known is None or not 0 <= int(known[1]) <= checkpoint.size or int(known[1]) == old:
            break
        old = int(known[1])
    _failed_at[str(key)] = time.monotonic()
    logger.warning("witness %s did not cosign size %d: status %d", name, checkpoint.size, status)
    return False


def _request(old: int, checkpoint: SignedCheckpoint) -> bytes:
    proof = consistency_proof(old, checkpoint.size)
    return b"".join([f"old {old}\n".encode(), *(b64encode(each) + b"\n" for each in proof), b"\n", checkpoint.note.encode()])


def _post(url: str, body: bytes) -> tuple[int, bytes]:
    """Status and body; status 0 if nobody answered."""
    return post(f"{url.rstrip('/')}/add-checkpoint", body, content_type="text/plain", seconds=TIMEOUT_SECONDS, most=ANSWER_BYTES_MAX)


def _keep(key: WitnessKey, checkpoint: SignedCheckpoint, answer: bytes) -> bool:
    """Keep the line that is this witness's cosignature, whatever else was answered."""
    try:
        note = parse_note(checkpoint.note.encode() + answer)
    except BadNote as error:
        logger.warning("witness %s answered no signature: %s", key.name, error.reason)
        return False
    for line in note.signatures:
        if (line.name, line.key_id) == (key.name, key.key_id) and key.accepts(note.text, line.signature):
            Cosignature.objects.get_or_create(size=checkpoint.size, witness=str(key), defaults={"line": line.line, "at": clock.now()})
            return True
    logger.warning("witness %s answered without a cosignature of its own", key.name)
    return False


def _show(checkpoint: SignedCheckpoint) -> None:
    """Publish the checkpoint with the cosignatures that are stored, unless a newer one has taken its place.

    Asked for again and again: the integrator may be at work just now, and who stored a line may have been killed before it was shown.
    """
    lines = Cosignature.objects.filter(size=checkpoint.size).count()
    log_id = LogState.objects.values_list("log_id", flat=True).get(id=1)
    if not lines or _shown.get(log_id) == (checkpoint.size, lines):
        return
    with transaction.atomic():
        if not try_lock():
            return
        files = LogFiles.of(log_id)
        published, note = keys.published(files), checkpoint.witnessed_note.encode()
        if published and published.checkpoint.size == checkpoint.size and published.note != note:
            files.put(CHECKPOINT_PATH, note)
    _shown[log_id] = checkpoint.size, lines
