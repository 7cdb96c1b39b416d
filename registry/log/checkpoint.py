"""Checkpoints: the log's signed word on its size and root, the one thing an outsider has to trust.

Source: C2SP tlog-checkpoint. Three lines, no extension lines: a reader of ours refuses what it cannot interpret.
"""

import re
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

from registry.log.merkle import EMPTY_ROOT, HASH_BYTES, SIZE_MAX
from registry.log.note import BadNote, Key, NoteSigner, Verifier, decoded, open_note, sign_note

CHECKPOINT_BYTES_MAX: Final = 64 * 1024
_SIZE: Final = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)


class BadCheckpoint(ValueError):
    """A checkpoint that must not be trusted; ``reason`` and ``chinese`` say why."""

    def __init__(self, *, reason: str, chinese: str = "") -> None:
        """Keep the reason in English, and in Chinese where it may reach a reader of a log and not only the market's own operator."""
        super().__init__(reason)
        self.reason, self.chinese = reason, chinese or reason


class WrongEmptyRoot(BadCheckpoint):
    """A checkpoint of size 0 with another root than the empty one."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A log's state: the first ``size`` entries of ``origin`` have the Merkle root ``root``."""

    origin: str
    size: int
    root: bytes

    def __post_init__(self) -> None:
        """Refuse a state that no log can have."""
        if not self.origin or "\n" in self.origin:
            raise BadCheckpoint(reason="an origin is one line", chinese="日志名称须为一行")
        if not 0 <= self.size <= SIZE_MAX or len(self.root) != HASH_BYTES:
            raise BadCheckpoint(reason="a size has 63 bits and a root 32 bytes", chinese="规模不超过 63 位，根须为 32 字节")
        if self.size == 0 and self.root != EMPTY_ROOT:
            raise WrongEmptyRoot(reason="an empty log has the empty root", chinese="空日志须有空根")

    @classmethod
    def parse(cls, body: str) -> Self:
        """Read the three lines.

        Raises:
            BadCheckpoint: not exactly three lines in their one form.
        """
        lines = body.split("\n")
        if len(lines) != len(("origin", "size", "root", "")) or lines[-1]:
            raise BadCheckpoint(reason="a checkpoint has three lines", chinese="检查点须有三行")
        if not _SIZE.fullmatch(lines[1]):
            raise BadCheckpoint(reason="the size is not a decimal number", chinese="规模不是十进制数")
        try:
            root = decoded(lines[2])
        except BadNote as error:
            raise BadCheckpoint(reason=f"the root is {error.reason}", chinese=f"根{error.chinese}") from error
        return cls(origin=lines[0], size=int(lines[1]), root=root)

    @property
    def body(self) -> str:
        """The three lines that are signed."""
        return f"{self.origin}\n{self.size}\n{b64encode(self.root).decode()}\n"


def sign_checkpoint(checkpoint: Checkpoint, signers: Sequence[NoteSigner]) -> bytes:
    """The signed note of a checkpoint, as it is published.

    Raises:
        BadNote: no signer, too many, or an origin that cannot stand in a note.
    """
    return str(sign_note(checkpoint.body, signers)).encode()


def open_checkpoint(data: bytes, *, log: Verifier, witnesses: Sequence[Key] = ()) -> tuple[Checkpoint, tuple[Key, ...]]:
    """Check a published checkpoint: its content, and which trusted keys signed it (always the log's).

    Raises:
        BadCheckpoint: malformed, not signed by the log, a bad signature by a trusted key, or another log's origin.
    """
    return open_by_any(data, logs=(log,), witnesses=witnesses)


def open_by_any(data: bytes, *, logs: Sequence[Verifier], witnesses: Sequence[Key] = ()) -> tuple[Checkpoint, tuple[Key, ...]]:
    """Check a published checkpoint of a log that has several keys: its content, and which of all these keys signed it.

    Args:
        data: the signed note.
        logs: keys of one log, of which at least one signed it.
        witnesses: further keys, which need not have.

    Raises:
        BadCheckpoint: malformed, signed by none of the log's keys, a bad signature by any of these keys, or another log's origin.
    """
    if len(data) > CHECKPOINT_BYTES_MAX:
        raise BadCheckpoint(
            reason=f"a checkpoint has at most {CHECKPOINT_BYTES_MAX} bytes", chinese=f"检查点最多 {CHECKPOINT_BYTES_MAX} 字节"
        )
    try:
        keys: tuple[Key, ...] = (*logs, *witnesses)
        note, signed = open_note(data, keys)
    except BadNote as error:
        raise BadCheckpoint(reason=error.reason, chinese=error.chinese) from error
    if not any(log in signed for log in logs):
        raise BadCheckpoint(reason="the log did not sign it", chinese="该日志未签署")
    checkpoint = Checkpoint.parse(note.text)
    if any(checkpoint.origin != log.name for log in logs):
        raise BadCheckpoint(
            reason=f"the origin is {checkpoint.origin}, not {logs[0].name}", chinese=f"日志名称为 {checkpoint.origin}，而非 {logs[0].name}"
        )
    return checkpoint, signed
