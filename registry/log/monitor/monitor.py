"""Follows a log from checkpoint to checkpoint and re-checks every entry by the rules of the register."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from registry.log.allowance import GENEROUS, Allowance
from registry.log.audit import Audit, Read
from registry.log.findings import Finding
from registry.log.frontier import Frontier
from registry.log.monitor.deals import BEFORE, Deals
from registry.log.monitor.filings import Filings
from registry.log.monitor.lateness import SECOND, Lateness
from registry.log.monitor.passed_over import PASSED_OVER
from registry.log.monitor.reading import Event, Fields, Malformed, read_event, shown
from registry.log.monitor.rights import Rights, Tell
from registry.log.monitor.seen import Seen
from registry.log.monitor.trust import Trust
from registry.log.note import Verifier
from registry.log.sm2_line import Sm2Key
from registry.log.tiles import CHECKPOINT_PATH, TILE_WIDTH, entries_path

LATE_SECONDS: Final = 60
FINDINGS_MAX: Final = 1_000
"""Findings that are remembered from one start to the next; more are counted."""
PASS_MAX: Final = 10_000
"""Findings in entries that one reading tells of; more are counted."""
Handler: TypeAlias = "Callable[[Monitor, Event, int, Tell], object]"
VERSION: Final = 1
"""The version of every schema that is read here."""


@dataclass(slots=True)
class Pass:
    """One reading of what was new.

    Attributes:
        findings: in the order of the log; those about the tree last.
        counted: how many there were of each type, also beyond those that are told of.
        sound: whether the entries are the signed ones.
        size: of the checkpoint that was read.
        taken: how many entries were taken in. If the reading is not sound, the monitor that took them is to be given up for one before.
        looked: when the checkpoint was read, microseconds since 1970 by the monitor's own clock; None if it has none.
    """

    findings: list[Finding] = field(default_factory=list)
    counted: Counter[str] = field(default_factory=Counter)
    sound: bool = True
    size: int = 0
    taken: int = 0
    looked: int | None = None

    @property
    def left(self) -> int:
        """How many findings were only counted."""
        return self.counted.total() - len(self.findings)

    def tell(self, finding: Finding, *, always: bool = False) -> None:
        """Count a finding, and tell of it if there are not too many yet or it is one about the tree."""
        self.counted[finding.kind.value] += 1
        if always or len(self.findings) < PASS_MAX:
            self.findings.append(finding)


class Monitor:
    """What is known of one log so far; grows with objects, rights, deals, filings and certificates, 11 to 22 bytes for any other entry.

    Attributes:
        origin: the log's name.
        frontier: the right edge of what was read.
        note: the checkpoint under which it was read, as it was published.
        looked: the moment of that look, microseconds since 1970 by the monitor's own clock; None if it has none.
        ignored: how many entries there were of each event that is nothing to the register.
        known: the first findings; ``counted`` how many there were of each type.
        further: the right edge that a monitor before this one had found sound, and that the log must therefore continue.
    """

    def __init__(self, keys: Sequence[Verifier], *, late_seconds: int = LATE_SECONDS, second: Sequence[Sm2Key] = ()) -> None:
        """Begin before the first entry.

        Args:
            keys: of the log, from a source that is trusted; at least one, all of one log.
            late_seconds: how long an entry may wait for its place.
            second: SM2 keys of the log's second line, from such a source; without any, it is judged once the log has announced one.
        """
        self.origin = keys[0].name
        self.trust = Trust(keys, second)
        self.lateness = Lateness(limit_seconds=late_seconds)
        self.rights, self.deals, self.filings, self.seen = Rights(), Deals(), Filings(), Seen()
        self.frontier, self.note = Frontier(), b""
        self.looked: int | None = None
        self.ignored: Counter[str] = Counter()
        self.counted: Counter[str] = Counter()
        self.known: list[Finding] = []
        self.further = Frontier()
        self._audit: Audit | None = None
        self._begun: Pass | None = None

    @property
    def whole(self) -> bool:
        """Whether no reading was broken off: only then are all entries that were taken in known to be the signed ones."""
        return self._begun is None

    def advance(
        self,
        read: Read,
        *,
        now: float | None = None,
        allowance: Allowance = GENEROUS,
        progress: Callable[[int, int], None] = lambda _read, _of: None,
    ) -> Pass:
        """Read what is new under the published checkpoint, or read on, under the checkpoint that it had, where a reading was broken off.

        Args:
            read: gives the log's files.
            now: seconds since 1970 by a clock of ours; None where nobody watches the log as it grows.
            allowance: how much this reading may take, also one that is broken off and gone on with.
            progress: told after each bundle how many entries were read, of how many.

        Raises:
            TooMuch: there is more to read than that.
            AlteredFile: a file is longer than any of a log.
            OSError: the log could not be reached.
        """
        if self._begun is None or self._audit is None:
            self._audit, self._begun = self._opened(read, now, allowance)
        audit, done = self._audit, self._begun
        if done.sound:
            for block in audit.blocks():
                if not audit.findings and block.entries is not None:
                    first = block.number * TILE_WIDTH
                    for place, entry in enumerate(block.entries[block.old :], start=first + block.old):
                        self._take(entry, place, done)
                    progress(audit.frontier.size, audit.size)
            self._settle(audit, done)
        self._begun = None
        for finding in audit.findings:
            done.tell(finding, always=True)
        done.sound = done.sound and not audit.findings
        if done.sound:
            self.frontier, self.note = audit.frontier, audit.note or b""
            self.looked = done.looked
            self.counted.update(done.counted)
            self.known += done.findings[: FINDINGS_MAX - len(self.known)]
        return done

    def open_questions(self) -> list[Finding]:
        """First rights whose deposit may still come: findings, if nothing comes after."""
        return [self._finding(index, "no_deposit", shown(key)) for key, index in self.filings.awaited.items()]

    def _opened(self, read: Read, now: float | None, allowance: Allowance) -> tuple[Audit, Pass]:
        """A reading of what is new; not sound if its checkpoint is not to be believed or does not continue what is known of the log."""
        audit = Audit(read, *self.trust.keys(), start=self.frontier, allowance=allowance)
        done = Pass(looked=None if now is None else int(now * SECOND))
        if audit.checkpoint is None:
            done.sound = False
            return audit, done
        done.size = audit.size
        self._believe(audit, done)
        if done.sound:
            audit.require_allowed()
        if done.sound and self.further.size > self.frontier.size:
            note = audit.note  # the same checkpoint for both, whatever the log shows next
            again = Audit(
                lambda path: note if path == CHECKPOINT_PATH else read(path), *self.trust.keys(), start=self.further, allowance=allowance
            )
            for finding in again.run():
                done.tell(finding, always=True)
            done.sound = not done.findings
        return audit, done

    def _believe(self, audit: Audit, done: Pass) -> None:
        """Tell of a checkpoint that no key has signed which vouches for its size."""
        if not self.trust.believed(audit.signed, audit.size):
            done.sound = False
            names = ", ".join(str(key) for key in audit.signed)
            done.tell(Finding.of(CHECKPOINT_PATH, None, "beyond", names, audit.size), always=True)

    def _settle(self, audit: Audit, done: Pass) -> None:
        """After the entries: do the keys that they have retired still carry the checkpoint, and the keys that they announced?"""
        self._believe(audit, done)
        if done.sound and audit.note and audit.note != self.note:
            for code, params in self.trust.second.judge(audit.note, done.size):
                done.tell(Finding.of(CHECKPOINT_PATH, None, code, *params), always=True)
        for held in self.trust.fallen():
            done.tell(self._finding(held.added or 0, "unfounded", held.key, size=done.size), always=True)

    def _take(self, leaf: bytes, index: int, done: Pass) -> None:
        def tell(code: str, *params: object) -> None:
            done.tell(self._finding(index, code, *params, size=done.size))

        done.taken += 1
        try:
            event = read_event(leaf)
            if not self.seen.add(event.id):
                tell("event_twice", shown(event.id))
            self._time(event, tell)
            self._apply(event, index, tell)
        except Malformed as error:
            tell(error.code, *error.params)
        for place, key in self.filings.overdue(index + 1):
            done.tell(self._finding(place, "no_deposit", shown(key), size=done.size))

    def _time(self, event: Event, tell: Tell) -> None:
        behind = self.lateness.behind(event.at)
        waited = self.lateness.waited(event.at, self.looked)
        if behind:
            tell("behind", event.told, behind // SECOND)
        if waited:
            tell("waited", event.told, waited // SECOND)

    def _apply(self, event: Event, index: int, tell: Tell) -> None:
        handler = HANDLERS.get(event.schema)
        if event.schema in PASSED_OVER:
            self.ignored[event.schema] += 1
        elif handler is None:
            raise Malformed("schema", event.schema)
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
"""Who takes in an event, by its schema."""
