"""Follows the keys of the log's second signature line, by SM2, through the entries that add and retire them.

They vouch for nothing here: whoever signs the log's own line says which entries there are, these among them. What is judged is whether the
second line is by a key, and of a size, that the log itself lets it be. A log may have been born with an SM2 key, of which no entry tells;
so a line by an unknown key says nothing until an SM2 key is known: one that the monitor was given, or one that the log has announced.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from registry.base.signing import CannotSign
from registry.log.monitor.rights import Tell
from registry.log.note import Signature, parse_note
from registry.log.sm2_line import Sm2Key

ED25519_BYTES: Final = 64
DER_SEQUENCE: Final = 0x30


@dataclass(slots=True)
class SecondHeld:
    """What is known of a key of the second line.

    Attributes:
        key: the key.
        since: the least size of a checkpoint that it may sign.
        last: the largest; None while it is not retired.
        added: the index of the entry that announced it; None if none did.
    """

    key: Sm2Key
    since: int = 0
    last: int | None = None
    added: int | None = None


class Second:
    """The keys of one log's second line by their text.

    Attributes:
        held: each that was given, announced or retired.
        unchecked: why the last line by one of them could not be checked on this machine; None if it could, or there was none.
        checked: whether the last checkpoint had a line by one of them that could be checked.
    """

    def __init__(self, given: Iterable[Sm2Key] = ()) -> None:
        """Begin with the keys from outside."""
        self.held = {str(key): SecondHeld(key) for key in given}
        self.unchecked: str | None = None
        self.checked = False

    def added(self, key: Sm2Key, index: int, tell: Tell) -> None:
        """``log_key.added`` of an SM2 key."""
        known = self.held.get(str(key))
        if known and (known.added is not None or known.last is not None):
            tell("key_twice", key)
            return
        self.held[str(key)] = SecondHeld(key, index + 1, None, index)

    def retired(self, key: Sm2Key, last: int, index: int, tell: Tell) -> None:
        """``log_key.retired`` of an SM2 key."""
        known = self.held.setdefault(str(key), SecondHeld(key))
        if known.last is not None:
            tell("key_twice", key)
            return
        if last > index:
            tell("key_size", key, last)
        known.last = min(last, index)

    def judge(self, note: bytes, size: int) -> Iterator[tuple[str, tuple[object, ...]]]:
        """What is wrong with the second line of a checkpoint whose own line holds: code and params of each finding."""
        known = {(each.key.name, each.key.key_id): each for each in self.held.values()}
        names, self.unchecked, self.checked = {name for name, _ in known}, None, False
        parsed = parse_note(note)
        for line in parsed.signatures:
            held = known.get((line.name, line.key_id))
            if held is None:
                if line.name in names and _looks_like_sm2(line):
                    yield "second_unknown", (line.key_id.hex(),)
                continue
            if not held.since <= size or (held.last is not None and size > held.last):
                yield "second_beyond", (held.key, size)
            try:
                holds = held.key.accepts(parsed.text, line.signature)
            except CannotSign as error:
                self.unchecked = str(error)
                continue
            self.checked = True
            if not holds:
                yield "second_forged", (held.key,)


def _looks_like_sm2(line: Signature) -> bool:
    """Whether a signature has the form of SM2's two numbers, and not that of Ed25519: the log's other keys sign in its name, too."""
    raw = line.signature
    return len(raw) != ED25519_BYTES and raw[0] == DER_SEQUENCE and raw[1:2] == bytes([len(raw) - 2 & 0xFF])
