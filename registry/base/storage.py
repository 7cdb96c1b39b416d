"""A place for files that others rely on: a file is there whole or not at all, survives a power cut, and keeps the name it was given."""

from __future__ import annotations

import fcntl
import os
import secrets
from abc import ABCMeta, abstractmethod
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from django.core.files.storage import FileSystemStorage, Storage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from django.core.files import File

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")

DRAFT: Final = ".draft-"
"""How the name of a file begins that is still being written; a reader never sees one under its own name."""

AT_ONCE: Final = 8
"""Files that are sent to the disk, or over the network, at the same time: a disk writes several down in about the time of one."""

NAMED_MAX: Final = 10_000
"""Folders that a storage remembers as safe in their parents."""


class DurableStorage(Storage, metaclass=ABCMeta):
    """What a log may be published to.

    Saving under a name that is taken replaces the file in one step, a reader sees a file whole or not at all, whoever reads after a save
    sees what was saved, and what was saved survives a power cut.
    """

    @abstractmethod
    def create_all(self, contents: Mapping[str, bytes]) -> frozenset[str]:
        """Write the files whose names are free; all are durable on return, and if it fails, some may be there, each whole.

        Returns:
            the names that were taken, whose files are untouched and durable too.

        Raises:
            OSError: a file could not be written.
        """


class DurableFileStorage(DurableStorage, FileSystemStorage):
    """Files on a local disk, each put in its place in one step after its bytes have reached the disk."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """See ``FileSystemStorage``."""
        super().__init__(*args, **kwargs)
        self._named: set[Path] = set()  # folders whose own names have reached the disk

    def get_available_name(self, name: str, max_length: int | None = None) -> str:  # noqa: ARG002 the signature is Django's
        """Return the name itself: saving again replaces."""
        return name

    def create_all(self, contents: Mapping[str, bytes]) -> frozenset[str]:
        """Write the files whose names are free, with one wait for the disk for all of them, and one for all their folders."""
        taken = frozenset(name for name in contents if self.exists(name))
        self._place({name: [content] for name, content in contents.items() if name not in taken}, also=taken)
        return taken

    def _save(self, name: str, content: File[Any]) -> str:
        self._place({name: content.chunks()})
        return name

    def _place(self, contents: Mapping[str, Iterable[bytes]], *, also: Iterable[str] = ()) -> None:
        """Put files in their places: first their bytes reach the disk, then they get their names, then the folders reach it.

        The folders of ``also`` are synced too: whoever wrote those files may have been killed before it could.
        """
        places = {name: Path(self.path(name)) for name in (*contents, *also)}
        folders = {place.parent for place in places.values()}
        unnamed = self._unnamed(folders)
        with ExitStack() as undo:
            undo.enter_context(self._writing(folders & unnamed))
            drafts = []
            for name, chunks in contents.items():
                places[name].parent.mkdir(parents=True, exist_ok=True)
                draft = places[name].with_name(f"{DRAFT}{secrets.token_hex(8)}")
                undo.callback(draft.unlink, missing_ok=True)
                file = undo.enter_context(draft.open("xb"))
                file.writelines(chunks)
                file.flush()
                drafts.append((draft, file, places[name]))
            together(os.fsync, [file.fileno() for _, file, _ in drafts])
            for draft, _, place in drafts:
                draft.replace(place)
        together(_sync, sorted(folders | {folder.parent for folder in unnamed}))
        self._named = (self._named if len(self._named) < NAMED_MAX else set()) | unnamed

    @contextmanager
    def _writing(self, new: set[Path]) -> Iterator[None]:
        """Write beside others; but first, if nobody does, clear what killed runs have left in folders that are new to this process.

        Nobody waits for the lock. Who writes without it, while another clears, may lose a draft: then the write fails and is done again.
        """
        root = Path(self.location)
        root.mkdir(parents=True, exist_ok=True)
        handle = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
        try:
            with suppress(OSError):  # others write, or this file system knows no locks
                if new:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                for draft in (each for folder in new for each in folder.glob(f"{DRAFT}*")):
                    draft.unlink(missing_ok=True)
            with suppress(OSError):
                fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
            yield
        finally:
            os.close(handle)

    def _unnamed(self, folders: Iterable[Path]) -> set[Path]:
        """These folders and those above them, up to the storage's own, as far as their names may not have reached the disk."""
        root, found = Path(self.location), set[Path]()
        for each in folders:
            folder = each
            while not folder.exists() or (root in (folder, *folder.parents) and folder not in self._named):
                found.add(folder)
                folder = folder.parent
        return found


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Keep other processes of this machine, that ask for it too, away from a folder or file, by a lock in the one or beside the other.

    Raises:
        BlockingIOError: another process is at work there.
        OSError: it cannot be locked.
    """
    lock = path / ".lock" if path.is_dir() else path.with_name(f".{path.name}.lock")
    handle = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            message = f"another process is at work on {path}"
            raise BlockingIOError(message) from error
        yield
    finally:
        os.close(handle)


def together(work: Callable[[_Item], _Result], items: Sequence[_Item]) -> list[_Result]:
    """Do the same to each item, several at a time, each on a thread; the results in order.

    Raises:
        Whatever ``work`` raised for the first item for which it did, once all have ended.
    """
    if len(items) <= 1:
        return [work(item) for item in items]
    with ThreadPoolExecutor(min(AT_ONCE, len(items))) as pool:
        return list(pool.map(work, items))


def _sync(folder: Path) -> None:
    """Make the names in a folder survive a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
