"""The log as static files: what the integrator writes and anybody reads, under the log's own folder of the storage `log`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.files.base import ContentFile
from django.core.files.storage import storages

from registry.base.environment import WrongEnvironment
from registry.base.storage import DurableStorage
from registry.log.checkpoint import Checkpoint, open_by_any
from registry.log.frontier import Frontier, widths
from registry.log.merkle import HASH_BYTES
from registry.log.note import Key, Verifier
from registry.log.tiles import CHECKPOINT_PATH, FILE_BYTES_MAX, TILE_HEIGHT, TILE_WIDTH, Tile, entries_path


class AlteredFile(RuntimeError):
    """A published file is missing or not what was written; ``path`` names it. Nothing is signed until somebody repairs it."""

    def __init__(self, path: str, reason: str) -> None:
        """Name the file and what is wrong with it, in English, for the operator."""
        super().__init__(f"{path} {reason}")
        self.path = path


def require_store() -> None:
    """Refuse to go on with an object store that cannot be used: a wrong name is better found at the start than in the first deal.

    Raises:
        WrongEnvironment: it does not answer, or not to us; names the variable and says what the store said.
    """
    if settings.EGRET_LOG_STORAGE:
        try:
            storages["log"].listdir("")
        except OSError as error:
            message = f"EGRET_LOG_STORAGE names an object store that cannot be used: {error}"
            raise WrongEnvironment(message) from error


@dataclass(frozen=True, slots=True)
class Published:
    """A checkpoint as it is published: what it says, which of our keys signed it, and the note itself."""

    checkpoint: Checkpoint
    signed: tuple[Key, ...]
    note: bytes


class LogFiles:
    """The files of one log."""

    def __init__(self, folder: str, storage: DurableStorage) -> None:
        """Open a folder of a storage; nothing is read yet."""
        self._folder, self._storage = folder, storage

    @classmethod
    def of(cls, log_id: UUID) -> Self:
        """The files that this market's own log is published as.

        Raises:
            ImproperlyConfigured: the storage may rename, lose or tear a file.
        """
        storage = storages["log"]
        if not isinstance(storage, DurableStorage):
            message = (
                f'STORAGES["log"] must be a DurableStorage, which overwrites in one step and loses nothing, not {type(storage).__name__}'
            )
            raise ImproperlyConfigured(message)
        return cls(str(log_id), storage)

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

    def write(self, files: Mapping[str, bytes]) -> None:
        """Write tiles and bundles, which never change: the same bytes again are no work. All are durable on return.

        Raises:
            AlteredFile: one is there with other bytes.
        """
        named = {f"{self._folder}/{path}": path for path in files}
        taken = self._storage.create_all({name: files[path] for name, path in named.items()})
        for path in sorted(named[name] for name in taken):
            if self.read(path) != files[path]:
                raise AlteredFile(path, "is not what the log has written")

    def put(self, path: str, content: bytes) -> None:
        """Write a file in the place of whatever is there."""
        self._storage.save(f"{self._folder}/{path}", ContentFile(content))

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

    def prune(self, old: int, new: int) -> None:
        """Remove the partial tiles and bundle of a log of the old size that have become full in one of the new."""
        for level, width in enumerate(widths(old)):
            index = (old >> TILE_HEIGHT * level) // TILE_WIDTH
            if width and (new >> TILE_HEIGHT * level) // TILE_WIDTH > index:
                self.remove_partials(Tile(level, index).path)
                if level == 0:
                    self.remove_partials(entries_path(index))

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
