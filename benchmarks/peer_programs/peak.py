"""How much memory a program took, measured alike in ours and in the peers' own environments."""

from pathlib import Path


def peak_mib() -> float:
    """The most memory that this program held, in MiB.

    Linux hands ``ru_maxrss`` on from the process that started this one, so a large parent would be measured instead of us; the kernel's own
    high-water mark begins anew with each program. Not a number where the kernel does not keep one.
    """
    status = Path("/proc/self/status")
    marks = [line.split()[1] for line in status.read_text().splitlines() if line.startswith("VmHWM:")] if status.exists() else []
    return int(marks[0]) / 1024 if marks else float("nan")
