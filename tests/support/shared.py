"""Finds the vectors and data that lie beside the project; tests that need them skip visibly where they are absent."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import pytest

SHARED: Final = Path(os.environ.get("EGRET_SHARED") or Path(__file__).resolve().parents[3] / "shared")
ABSENT: Final = "EGRET_SHARED is absent"


def shared(*parts: str) -> Path:
    """Return a path below EGRET_SHARED. Usable in a test, in a fixture, and at module level.

    Raises:
        pytest.skip.Exception: the directory is absent. Where it is present, that skip counts as a failure (see `tests/conftest.py`).
    """
    path = SHARED.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"{ABSENT}: {'/'.join(parts)}", allow_module_level=True)
    return path
