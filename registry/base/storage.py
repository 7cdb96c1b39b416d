"""A place for files that others rely on: a file is there whole or not at all, survives a power cut, and keeps the name it was given."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.files.storage import FileSystemStorage

if TYPE_CHECKING:
    from django.core.files import File

DRAFT = ".draft-"
"""How the name of a file begins that is still being written; a reader never sees one under its own name."""


class DurableFileStorage(FileSystemStorage):
    """Files on a local disk, each replaced in one step after its bytes have reached the disk."""

    def get_available_name(self, name: str, max_length: int | None = None) -> str:  # noqa: ARG002 the signature is Django's
        """Return the name itself: saving again replaces."""
        return name

    def _save(self, name: str, content: File[Any]) -> str:
        path = Path(self.path(name))
        made = [folder for folder in (path.parent, *path.parent.parents) if not folder.exists()]
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f"{DRAFT}{secrets.token_hex(8)}")
        with draft.open("xb") as file:
            for chunk in content.chunks():
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        for folder in {path.parent, *(each.parent for each in made)}:
            _sync(folder)
        return name


def _sync(folder: Path) -> None:
    """Make the names in a folder survive a power cut too."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
