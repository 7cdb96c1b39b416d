"""How much one reading of somebody's log may take: whoever has its key can sign any size and serve files without end.

The size is known from the checkpoint, so a log that is too long is refused before anything of it is read. How many bytes its entries have
shows only while they are read. Time follows from both: every file has a limit of its own (``mirror.FILE_SECONDS``), and a reading asks for
about two files for every 256 entries.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

from registry.log.findings import Finding

ENTRIES_MAX: Final = 10_000_000
CONTENT_BYTES_MAX: Final = 100_000_000_000
"""Ten times what as many entries have as a rule."""


class TooMuch(ValueError):
    """A reading that would take, or has taken, more than it may; the message says in both languages how far it got and what to do.

    Attributes:
        findings: what had been found wrong by then.
    """

    def __init__(self, english: str, chinese: str, findings: Sequence[Finding]) -> None:
        """Keep both texts and the findings."""
        super().__init__(f"{english} / {chinese}")
        self.findings = tuple(findings)

    @classmethod
    def entries(cls, *, signed: int, verified: int, most: int, findings: Sequence[Finding]) -> Self:
        """There are more new entries than one reading takes; none of them was read."""
        return cls(
            f"size {signed} is signed, {verified} entries were verified before, and one reading takes at most {most}: no entry was read."
            " If you believe that the log is so long, give a larger --entries-max",
            f"已签署规模 {signed}，此前已核实 {verified} 条，一次最多读取 {most} 条：未读取任何条目。"
            "若确信日志如此之长，请调大 --entries-max",
            findings,
        )

    @classmethod
    def content(cls, *, signed: int, read: int, most: int, findings: Sequence[Finding]) -> Self:
        """The files have more bytes than one reading takes; so many entries were read by then."""
        return cls(
            f"the reading ended at {read} of {signed} entries: the files have more than {most} bytes, the most that one reading takes."
            " If you believe that the log is so large, give a larger --bytes-max",
            f"读至第 {read} 条（共 {signed} 条）时中止：文件总量超过一次读取的上限 {most} 字节。若确信日志如此之大，请调大 --bytes-max",
            findings,
        )


@dataclass(frozen=True, slots=True)
class Allowance:
    """What one reading may take.

    Attributes:
        entries: beyond those that were verified before.
        content_bytes: of all files together; the file that goes beyond it, of at most 17 MB, is still received.
    """

    entries: int = ENTRIES_MAX
    content_bytes: int = CONTENT_BYTES_MAX


GENEROUS: Final = Allowance()
"""What a reading may take where nobody says otherwise."""
