"""Says which process is which: a pid alone is not enough, because the kernel hands it out again."""

from __future__ import annotations

import ctypes
import platform
import signal
import subprocess
from pathlib import Path
from typing import Final

LINUX: Final = platform.system() == "Linux"
PR_SET_PDEATHSIG: Final = 1
PS_SECONDS: Final = 5
STATE, START_TICKS = 0, 19  # positions after the command name in /proc/<pid>/stat, which has the state as its third field


def started(pid: int) -> str | None:
    """Return a mark of when the process started, or None when no such process runs (a zombie does not run).

    Two processes that had the same pid one after the other have different marks. The mark does not move with the wall clock on Linux.
    """
    if LINUX:
        try:
            stat = Path(f"/proc/{pid}/stat").read_text()
        except (FileNotFoundError, ProcessLookupError):
            return None
        fields = stat.rpartition(")")[2].split()
        return None if fields[STATE] in "ZX" else fields[START_TICKS]
    return _ps(pid, "lstart") or None


def command(pid: int) -> str:
    """Return the command line of a process, or an empty string when it is gone."""
    if LINUX:
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
        except (FileNotFoundError, ProcessLookupError):
            return ""
    return _ps(pid, "args")


def _ps(pid: int, column: str) -> str:
    # macOS has no /proc; ps is part of the system there
    answer = subprocess.run(  # noqa: S603  # fixed program, a number and a literal column
        ["/bin/ps", "-o", f"{column}=", "-p", str(pid)], capture_output=True, text=True, check=False, timeout=PS_SECONDS
    )
    return answer.stdout.strip()


def working_in(directory: Path) -> list[int]:
    """Return the processes whose current directory is this one, as PostgreSQL's are. Linux only; elsewhere an empty list."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cwd") if LINUX else ():
        try:
            if entry.readlink() == directory:
                found.append(int(entry.parent.name))
        except OSError:  # gone meanwhile, a zombie, or another user's
            continue
    return found


def die_with_parent() -> None:
    """Ask the kernel to end this process when its parent ends, even by SIGKILL. Use as `preexec_fn`; does nothing outside Linux."""
    if LINUX:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
