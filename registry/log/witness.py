"""A witness: cosigns a checkpoint only if it continues the last one that it cosigned for that log, so that nobody sees another history.

Whoever runs it keeps one small file for each log and needs nothing of the market: neither its database nor its keys.

Source: C2SP tlog-witness.
"""

from __future__ import annotations

import fcntl
import os
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path
from typing import BinaryIO, Final

from registry.log.checkpoint import CHECKPOINT_BYTES_MAX, BadCheckpoint, Checkpoint, WrongEmptyRoot
from registry.log.cosignature import WitnessSigner
from registry.log.merkle import HASH_BYTES, InvalidProof, verify_consistency
from registry.log.note import BadNote, Verifier, decoded, open_note, parse_note

PROOF_MAX: Final = 63
REQUEST_BYTES_MAX: Final = CHECKPOINT_BYTES_MAX + 64 * 50
LOCK_SECONDS: Final = 10.0
"""How long a request waits for its turn with a log; one takes as long as the disk does for one small file."""
PAUSE_SECONDS: Final = 0.02
SIZE_TYPE: Final = "text/x.tlog.size"
_OLD: Final = re.compile(r"old (0|[1-9][0-9]{0,18})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the witness answers: HTTP status, content type, body."""

    status: HTTPStatus
    body: str = ""
    content_type: str = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Request:
    """An ``add-checkpoint`` request taken apart: the size that the client thinks we have, the proof, and the note."""

    old: int
    proof: tuple[bytes, ...]
    note: bytes

    @classmethod
    def parse(cls, body: bytes) -> Request | None:
        """Read a request; None if it has not its one form."""
        head, blank, note = body.partition(b"\n\n")
        lines = head.decode("ascii", "replace").split("\n")
        found = _OLD.fullmatch(lines[0])
        if not blank or not found or len(lines) - 1 > PROOF_MAX or len(body) > REQUEST_BYTES_MAX:
            return None
        try:
            proof = tuple(decoded(line) for line in lines[1:])
        except BadNote:
            return None
        return cls(int(found[1]), proof, note) if all(len(each) == HASH_BYTES for each in proof) else None


class _Refused(Exception):
    """A request that is not looked at further; carries its answer."""

    def __init__(self, status: HTTPStatus, reason: str) -> None:
        super().__init__(reason)
        self.answer = Answer(status, f"{reason}\n")


class Witness:
    """Remembers the last checkpoint that it cosigned of each log it knows."""

    def __init__(self, signer: WitnessSigner, logs: Mapping[str, Sequence[Verifier]], folder: Path) -> None:
        """Watch these logs.

        Args:
            signer: the witness's key.
            logs: the keys of each log by its origin; a log may have several.
            folder: where the last checkpoints are kept; losing it means that the witness must be given a new key.
        """
        self._signer, self._logs, self._folder = signer, logs, folder
        folder.mkdir(parents=True, exist_ok=True)

    def add_checkpoint(self, body: bytes, *, seconds: int) -> Answer:
        """Cosign a checkpoint at this time, or say why not. What is cosigned is on the disk before it is answered."""
        try:
            request, checkpoint = self._read(body)
        except _Refused as refusal:
            return refusal.answer
        try:
            with self._locked(checkpoint.origin) as kept:
                return self._judged(request, checkpoint, kept, seconds)
        except _Refused as refusal:
            return refusal.answer

    def _read(self, body: bytes) -> tuple[Request, Checkpoint]:
        """The request and its checkpoint, signed by a log that is watched here; or raises ``_Refused``."""
        request = Request.parse(body)
        if request is None:
            raise _Refused(HTTPStatus.BAD_REQUEST, "the request is not: old size, proof lines, blank line, checkpoint")
        try:
            keys = self._logs.get(parse_note(request.note).text.split("\n")[0])
        except BadNote as error:
            raise _Refused(HTTPStatus.BAD_REQUEST, error.reason) from error
        if keys is None:
            raise _Refused(HTTPStatus.NOT_FOUND, "this log is not watched here")
        try:
            checkpoint = Checkpoint.parse(open_note(request.note, keys)[0].text)
        except BadNote as error:
            raise _Refused(HTTPStatus.FORBIDDEN, error.reason) from error
        except WrongEmptyRoot as error:
            raise _Refused(HTTPStatus.UNPROCESSABLE_ENTITY, error.reason) from error
        except BadCheckpoint as error:
            raise _Refused(HTTPStatus.BAD_REQUEST, error.reason) from error
        if request.old > checkpoint.size:
            raise _Refused(HTTPStatus.BAD_REQUEST, "the old size is larger than the checkpoint's")
        return request, checkpoint

    def _judged(self, request: Request, checkpoint: Checkpoint, kept: _Kept, seconds: int) -> Answer:
        last = kept.read()
        size = last.size if last else 0
        if request.old != size:
            return Answer(HTTPStatus.CONFLICT, f"{size}\n", SIZE_TYPE)
        if last and last.size == checkpoint.size and last.root != checkpoint.root:
            return Answer(HTTPStatus.CONFLICT, f"this size was cosigned with another root: {size}\n")
        if not _continues(last, checkpoint, request.proof):
            return Answer(HTTPStatus.UNPROCESSABLE_ENTITY, f"the proof does not show that this continues size {size}\n")
        if last != checkpoint:
            kept.write(checkpoint)
        return Answer(HTTPStatus.OK, self._signer.cosign(checkpoint.body, seconds=seconds).line)

    @contextmanager
    def _locked(self, origin: str) -> Iterator[_Kept]:
        """One request at a time for each log, across threads and processes; who waits too long for a turn is refused."""
        name = sha256(origin.encode()).hexdigest()
        with (self._folder / f"{name}.lock").open("wb") as lock:
            deadline = time.monotonic() + LOCK_SECONDS
            while not _taken(lock):
                if time.monotonic() >= deadline:
                    raise _Refused(HTTPStatus.SERVICE_UNAVAILABLE, "other requests about this log are not done; ask again later")
                time.sleep(PAUSE_SECONDS)
            yield _Kept(self._folder / name)


@dataclass(frozen=True, slots=True)
class _Kept:
    """The file with the body of the last checkpoint that was cosigned."""

    path: Path

    def read(self) -> Checkpoint | None:
        return Checkpoint.parse(self.path.read_text(encoding="utf-8")) if self.path.exists() else None

    def write(self, checkpoint: Checkpoint) -> None:
        draft = self.path.with_suffix(".draft")
        with draft.open("w", encoding="utf-8") as file:
            file.write(checkpoint.body)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self.path)
        folder = os.open(self.path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _taken(lock: BinaryIO) -> bool:
    """Whether the lock is now ours."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _continues(last: Checkpoint | None, new: Checkpoint, proof: tuple[bytes, ...]) -> bool:
    if last is None or last.size == 0:  # everything continues an empty log, and nothing is to be shown
        return not proof
    try:
        verify_consistency(old_size=last.size, new_size=new.size, old_root=last.root, new_root=new.root, proof=proof)
    except InvalidProof:
        return False
    return True
