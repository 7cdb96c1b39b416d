"""Brings somebody else's verifier in JavaScript: pinned with hashes, installed beside the project's own files when first asked for."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest

from registry.base.embedded import var_directory

HERE: Final = Path(__file__).resolve().parent / "node"
PINS: Final = ("package.json", "package-lock.json")
INSTALL_SECONDS: Final = 180
RUN_SECONDS: Final = 60


def verify_by_peer(credentials: list[dict[str, Any]], did: dict[str, Any]) -> list[dict[str, Any]]:
    """What the peer says of each credential: whether it holds, and if not, why. It loads nothing but what it is given here.

    Raises:
        pytest.skip.Exception: Node is not on this machine, or the peer's packages cannot be had (no network).
    """
    done = subprocess.run(
        [_node(), "verify.js"],
        input=json.dumps({"credentials": credentials, "did": did}),
        cwd=_home(),
        capture_output=True,
        text=True,
        timeout=RUN_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def _home() -> Path:
    home = var_directory() / "peers" / "node"
    stamp, wanted = home / "pins", "".join((HERE / name).read_text() for name in PINS)
    if not stamp.exists() or stamp.read_text() != wanted:
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True)
        for name in PINS:
            shutil.copy(HERE / name, home)
        options = ["--ignore-scripts", "--no-audit", "--no-fund"]
        try:
            subprocess.run([_npm(), "ci", *options], cwd=home, capture_output=True, timeout=INSTALL_SECONDS, check=True)
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
            pytest.skip("the peer's packages cannot be installed here (npm ci failed)")
        stamp.write_text(wanted)
    shutil.copy(HERE / "verify.js", home)
    return home


def _npm() -> str:
    return _found("npm")


def _node() -> str:
    return _found("node")


def _found(program: str) -> str:
    path = shutil.which(program)
    if path is None:
        pytest.skip(f"{program} is not on this machine")
    return path
