"""The log as static files: what the integrator writes and anybody reads, under the log's own folder of the storage `log`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final, Self
from uuid import UUID

from django.core.files.base import ContentFile
from django.core.files.storage import Storage, storages

from registry.log.checkpoint import Checkpoint, open_by_any
from registry.log.frontier import Frontier, widths
from registry.log.merkle import HASH_BYTES
from registry.log.note import Key, Verifier
from registry.log.tiles import CHECKPOINT_PATH, TILE_HEIGHT, TILE_WIDTH, Tile

FILE_BYTES_MAX: Final = 17 * 1024 * 1024
"""A little more than the longest bundle, 256 entries of 65,535 bytes."""


class AlteredFile(RuntimeError):
    """A published file is missing or not what was written; ``path`` names it. Nothing is signed until somebody repairs it."""

    def __init__(self, path: str, reason: str) -> None:
        """Name the file and what is wrong with it, in English, for the operator."""
        super().__init__(f"{path} {reason}")
        self.path = path


@dataclass(frozen=True, slots=True)
class Published:
    """A checkpoint as it is published: what it says, which of our keys signed it, and the note itself."""

    checkpoint: Checkpoint
    signed: tuple[Key, ...]
    note: bytes


class LogFiles:
    """The files of one log."""

    def __init__(self, folder: str, storage: Storage) -> None:
        """Open a folder of a storage; nothing is read yet."""
        self._folder, self._storage = folder, storage

    @classmethod
    def of(cls, log_id: UUID) -> Self:
        """The files that this market's own log is published as."""
        return cls(str(log_id), storages["log"])

    def read(self, path: str) -> bytes | None:
        """The bytes of a file, or None if there is none.

        Raises:
            AlteredFile: it is longer than any file of a log.
        """
        try:
            with self._storage.open(f"{self._folder}/{path}") as file:
                content: bytes = file.read(FILE_BYTES_MAX + 1)
        except FileNotFoundError:
            return None
        if len(content) > FILE_BYTES_MAX:
            raise AlteredFile(path, f"is longer than {FILE_BYTES_MAX} bytes")
        return content

    def write(self, path: str, content: bytes) -> None:
        """Write a tile or a bundle, which never changes: the same bytes again are no work.

        Raises:
            AlteredFile: it is there with other bytes.
        """
        there = self.read(path)
        if there is None:
            self.put(path, content)
        elif there != content:
            raise AlteredFile(path, "is not what the log has written")

    def put(self, path: str, content: bytes) -> None:
        """Write a file in the place of whatever is there.

        Raises:
            AlteredFile: the storage gave it another name, as Django's own do with a name that is taken.
        """
        name = f"{self._folder}/{path}"
        given = self._storage.save(name, ContentFile(content))
        if PurePosixPath(given) != PurePosixPath(name):
            self._storage.delete(given)
            raise AlteredFile(path, "cannot be replaced: the storage of the log must overwrite files")

    def published(self, *logs: Verifier) -> Published | None:
        """The published checkpoint, checked with the log's key, or with all that it has had; None before the first.

        Raises:
            BadCheckpoint: it is no checkpoint that this log has signed with one of these keys.
        """
        note = self.read(CHECKPOINT_PATH)
        return None if note is None else Published(*open_by_any(note, logs=logs), note)

    def frontier(self, size: int) -> Frontier:
        """The right edge of the first ``size`` leaves, from the unfinished tiles; a full tile serves for a partial one that was removed.

        Raises:
            AlteredFile: a tile is missing or too short.
        """
        return Frontier(size, tuple(self._hashes(level, size) for level in range(len(widths(size)))))

    def _hashes(self, level: int, size: int) -> bytes:
        index, width = divmod(size >> TILE_HEIGHT * level, TILE_WIDTH)
        if not width:
            return b""
        partial, full = Tile(level, index, width).path, Tile(level, index).path
        content = self.read(partial) or self.read(full)
        if content is None or len(content) < width * HASH_BYTES:
            raise AlteredFile(partial, "is missing or too short")
        return content[: width * HASH_BYTES]

    def remove_partials(self, path: str) -> None:
        """Remove the partial forms of a tile or bundle whose full form is there."""
        folder = f"{self._folder}/{path}.p"
        try:
            _folders, files = self._storage.listdir(folder)
        except FileNotFoundError:
            return
        for name in files:
            self._storage.delete(f"{folder}/{name}")
        self._storage.delete(folder)
