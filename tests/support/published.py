"""Reads what authors published beside their papers; it is not ours to copy, so tests on it skip visibly where it is absent."""

from __future__ import annotations

import io
import os
import pickle
from collections.abc import Collection
from pathlib import Path
from typing import Any, Final

import pytest

VARIABLE: Final = "EGRET_PUBLISHED"
"""Names a directory that holds the authors' files, each under the name that they gave it."""

NUMPY: Final = frozenset(
    {(f"numpy.{core}.multiarray", name) for core in ("core", "_core") for name in ("_reconstruct", "scalar")}
    | {("numpy", "ndarray"), ("numpy", "dtype")}
)
"""What a pickled array of numbers needs to be put together again."""


def published(name: str) -> Path:
    """Return the path of a published file.

    Raises:
        pytest.skip.Exception: the directory is not named, or does not hold the file.
    """
    path = Path(os.environ.get(VARIABLE, "")) / name
    if not os.environ.get(VARIABLE) or not path.is_file():
        pytest.skip(f"{VARIABLE} names no directory with the authors' files")
    return path


def unpickled(path: Path, *, allowed: Collection[tuple[str, str]] = ()) -> Any:
    """Return what a pickle holds, built from plain values and the ``allowed`` names alone: a pickle from elsewhere could run anything.

    Raises:
        pickle.UnpicklingError: it asks for another name.
    """

    class Reader(pickle.Unpickler):
        def find_class(self, module: str, name: str) -> Any:
            if (module, name) not in allowed:
                message = f"{path.name} asks for {module}.{name}"
                raise pickle.UnpicklingError(message)
            return super().find_class(module, name)

    return Reader(io.BytesIO(path.read_bytes()), encoding="latin1").load()
