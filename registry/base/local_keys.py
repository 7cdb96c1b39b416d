"""Makes a machine's own keys once, so that a laptop needs no set-up and no key ever stands in the code."""

from __future__ import annotations

import os
import secrets
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

LENGTHS: Final[dict[str, int]] = {"SECRET_KEY": 48, "EGRET_MASTER_KEY": 32, "EGRET_LOG_KEY": 32, "EGRET_CERTIFICATE_KEY": 32}
"""Bytes of randomness of each key; each is written as hexadecimal digits."""
OPTIONAL: Final[dict[str, int]] = {"EGRET_SM2_KEY": 32, "EGRET_LOG_SM2_KEY": 32} if find_spec("tongsuopy") else {}
"""What a market can do without; made here so that a laptop shows it, where there is a library that can use it."""


def local_keys(var: Path) -> dict[str, str]:
    """Return the keys that the environment lacks, from `var/keys`; make those that are not there yet (mode 0600).

    For `make demo` and `make serve` on one machine. A production server takes its keys from the environment alone.
    """
    directory = var / "keys"
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    return {
        name: _read_or_make(directory / name.lower(), length) for name, length in (LENGTHS | OPTIONAL).items() if not os.environ.get(name)
    }


def _read_or_make(path: Path, length: int) -> str:
    draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secrets.token_hex(length))
    try:
        path.hardlink_to(draft)  # of two processes that start at once, one key wins and both read it
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    return path.read_text().strip()
