"""Follows a log from checkpoint to checkpoint and re-checks every entry by the rules of the register."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from registry.log.audit import Audit, Read
from registry.log.findings import Finding
from registry.log.frontier import Frontier
from registry.log.monitor.deals import BEFORE, Deals
from registry.log.monitor.filings import Filings
from registry.log.monitor.lateness import SECOND, Lateness
from registry.log.monitor.reading import Event, Fields, Malformed, read_event, shown
from registry.log.monitor.rights import Rights, Tell
from registry.log.monitor.seen import Seen
from registry.log.monitor.trust import Trust
from registry.log.note import Verifier
from registry.log.tiles import CHECKPOINT_PATH, TILE_WIDTH, entries_path

LATE_SECONDS: Final = 60
FINDINGS_MAX: Final = 1_000
"""Findings that are remembered from one start to the next; more are counted."""
SCHEMAS_MAX: Final = 1_000
Handler: TypeAlias = "Callable[[Monitor, Event, int, Tell], object]"
VERSION: Final = 1
"""The version of every schema that is read here."""


@dataclass(slots=True)
class Pass:
    """One reading of what was new.

    Attributes:
        findings: in the order of the log; those about the tree last.
        sound: whether the entries are the signed ones. If not, the monitor that read them is to be given up for the one before.
        size: of the checkpoint that was read.
    """

    findings: list[Finding] = field(default_factory=list)
    sound: bool = True
    size: int = 0


class Monitor:
    """What is known of one log so far; grows with objects, rights, deals, filings and certificates, 11 to 22 bytes for any other entry.

    Attributes:
        origin: the log's name.
        frontier: the right edge of what was read.
        note: the checkpoint under which it was read, as it was published.
        looked: the moment of that look, microseconds since 1970 by the monitor's own clock; None if it has none.
        ignored: how many entries there were of each schema that is nothing to the register.
        known: the first findings; ``counted`` how many there were of each type.
    """

    def __init__(self, keys: Sequence[Verifier], *, late_seconds: int = LATE_SECONDS) -> None:
        """Begin before the first entry.

        Args:
            keys: of the log, from a source that is trusted; at least one, all of one log.
            late_seconds: how long an entry may wait for its place.
        """
        self.origin = keys[0].name
        self.trust = Trust(keys)
        self.lateness = Lateness(limit_seconds=late_seconds)
        self.rights, self.deals, self.filings, self.seen = Rights(), Deals(), Filings(), Seen()
        self.frontier, self.note = Frontier(), b""
        self.looked: int | None = None
        self.ignored: Counter[str] = Counter()
        self.counted: Counter[str] = Counter()
        self.known: list[Finding] = []
        self._audit: Audit | None = None

    def advance(self, read: Read, *, now: float | None = None, progress: Callable[[int], None] = lambda _size: None) -> Pass:
        """Read what is new under the published checkpoint.

        Args:
            read: gives the log's files.
            now: seconds since 1970 by a clock of ours; None where nobody watches the log as it grows.
            progress: told after each bundle how many entries were read.

        Raises:
            AlteredFile: a file is longer than any of a log.
            OSError: the log could not be reached.
        """
        done = Pass()
        audit = self._audit = Audit(read, *self.trust.keys(), start=self.frontier)
        done.size = audit.checkpoint.size if audit.checkpoint else 0
        if self._believed(audit, done):
            for block in audit.blocks():
                if not audit.findings and block.entries is not None:
                    first = block.number * TILE_WIDTH
                    for place, entry in enumerate(block.entries[block.old :], start=first + block.old):
                        self._take(entry, place, done)
                    progress(audit.frontier.size)
            self._settle(audit, done)
        done.findings += audit.findings
        done.sound = done.sound and not audit.findings
        if done.sound:
            self.frontier, self.note = audit.frontier, audit.note or b""
            self.looked = None if now is None else int(now * SECOND)
            self.counted.update(finding.kind.value for finding in done.findings)
            self.known += done.findings[: FINDINGS_MAX - len(self.known)]
        return done

    def open_questions(self) -> list[Finding]:
        """First rights whose deposit may still come: findings, if nothing comes after."""
        return [self._finding(index, "no_deposit", shown(key)) for key, index in self.filings.awaited.items()]

    def _believed(self, audit: Audit, done: Pass) -> bool:
        """Whether a key that vouches for its size signed the checkpoint."""
        if audit.checkpoint is None:
            return False
        if self.trust.believed(audit.signed, audit.checkpoint.size):
            return True
        done.sound = False
        names = ", ".join(str(key) for key in audit.signed)
        done.findings.append(Finding.of(CHECKPOINT_PATH, None, "beyond", names, audit.checkpoint.size))
        return False

    def _settle(self, audit: Audit, done: Pass) -> None:
        """After the entries: do the keys that they have retired still carry the checkpoint, and the keys that they announced?"""
        self._believed(audit, done)
        for held in self.trust.fallen():
            done.findings.append(self._finding(held.added or 0, "unfounded", held.key, size=done.size))

    def _take(self, leaf: bytes, index: int, done: Pass) -> None:
        def tell(code: str, *params: object) -> None:
            done.findings.append(self._finding(index, code, *params, size=done.size))

        try:
            event = read_event(leaf)
            if not self.seen.add(event.id):
                tell("event_twice", shown(event.id))
            self._time(event, tell)
            self._apply(event, index, tell)
        except Malformed as error:
            tell(error.code, *error.params)
        for place, key in self.filings.overdue(index + 1):
            done.findings.append(self._finding(place, "no_deposit", shown(key), size=done.size))

    def _time(self, event: Event, tell: Tell) -> None:
        behind = self.lateness.behind(event.at)
        waited = self.lateness.waited(event.at, self.looked)
        if behind:
            tell("behind", event.told, behind // SECOND)
        if waited:
            tell("waited", event.told, waited // SECOND)

    def _apply(self, event: Event, index: int, tell: Tell) -> None:
        handler = HANDLERS.get(event.schema)
        if handler is None:
            name = event.schema if event.schema in self.ignored or len(self.ignored) < SCHEMAS_MAX else "…"
            self.ignored[name] += 1
        elif event.version != VERSION:
            raise Malformed("version", event.schema, event.version)
        else:
            handler(self, event, index, tell)

    def _key_added(self, event: Event, index: int, tell: Tell) -> None:
        if self._audit and self._audit.checkpoint:
            self.trust.added(event.data, index, self._audit.checkpoint.size, self._audit.signed, tell)

    def _granted_right(self, event: Event, index: int, tell: Tell) -> None:
        deal = event.data.uid_if_any("deal")
        right = self.rights.granted(event.data, tell)
        if right is None:
            return
        if deal is not None:
            self.deals.granted(deal, right, tell)
        elif event.data.uid_if_any("parent") is None:
            self.filings.first_right(right, index)

    def _finding(self, index: int, code: str, *params: object, size: int | None = None) -> Finding:
        return Finding.of(bundle_of(index, self.frontier.size if size is None else size), index, code, *params)


def bundle_of(index: int, size: int) -> str:
    """The file that holds an entry in a log of this size."""
    number = index // TILE_WIDTH
    return entries_path(number, min(TILE_WIDTH, size - number * TILE_WIDTH))


def _register(taken: Callable[[Rights, Fields, Tell], object]) -> Handler:
    return lambda monitor, event, _index, tell: taken(monitor.rights, event.data, tell)


HANDLERS: Final[Mapping[str, Handler]] = {
    "object.registered": _register(Rights.registered),
    "right.granted": Monitor._granted_right,  # noqa: SLF001 our own table of our own methods
    "right.ended": _register(Rights.ended),
    "hold.placed": _register(Rights.placed),
    "hold.lifted": _register(Rights.lifted),
    "filing.deposited": lambda monitor, event, _index, tell: monitor.filings.deposit(event.data, monitor.rights, tell),
    "certificate.issued": lambda monitor, event, _index, tell: monitor.filings.certified(event.data, tell),
    "log_key.added": Monitor._key_added,  # noqa: SLF001 the same
    "log_key.retired": lambda monitor, event, index, tell: monitor.trust.retired(event.data, index, tell),
    **dict.fromkeys(BEFORE, lambda monitor, event, _index, tell: monitor.deals.stepped(event.schema, event.data, tell)),
}
"""Who takes in an event, by its schema; any other schema is nothing to the register."""
