"""Which of the log's keys vouches for which sizes, followed through the entries that add and retire keys.

A key that whoever runs the monitor was given is believed for its own sake; a key that the log announces, because a believed key signed the
checkpoint that covers the announcement. Should all of those be retired as compromised from before that checkpoint on, the announced key
falls with them. Keys of the second line, by SM2, are announced by the same entries and vouch for nobody: see ``second``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from registry.log.monitor.reading import Fields, Malformed
from registry.log.monitor.rights import Tell
from registry.log.monitor.second import Second
from registry.log.note import BadNote, Key, Verifier
from registry.log.sm2_line import Sm2Key

KEYS_MAX: Final = 100
"""Keys of one log, of all times: also what its operator may announce."""


@dataclass(slots=True)
class Held:
    """What is known of a key.

    Attributes:
        key: the key.
        given: whether it came from outside the log.
        since: the least size of a checkpoint that it vouches for.
        last: the largest; None while it is not retired.
        added: the index of the entry that announced it; None if none did.
        under: the size of the checkpoint under which that entry was read.
        by: the keys that signed that checkpoint.
    """

    key: Verifier
    given: bool = False
    since: int = 0
    last: int | None = None
    added: int | None = None
    under: int = 0
    by: tuple[str, ...] = ()
    told: bool = False
    """Whether it was said that nothing speaks for it any more."""

    def vouches(self, size: int) -> bool:
        """Whether its signature counts under a checkpoint of this size."""
        return self.since <= size and (self.last is None or size <= self.last)


class Trust:
    """The keys of one log by their text, and those of its second line."""

    def __init__(self, given: Iterable[Verifier], second: Iterable[Sm2Key] = ()) -> None:
        """Begin with the keys from outside."""
        self.held = {str(key): Held(key, given=True) for key in given}
        self.second = Second(second)

    def keys(self) -> list[Verifier]:
        """Every key that is known, believed or not: a checkpoint by a retired key is read, to say so."""
        return [each.key for each in self.held.values()]

    def founded(self) -> set[str]:
        """The keys for which something speaks: whoever gave them, or a founded key that vouched for their announcement.

        From the given keys upwards: down from a key the ways may be without end, or more than anybody can go.
        """
        found = {text for text, held in self.held.items() if held.given}
        while further := {text for text, held in self.held.items() if text not in found and self._vouched(held, found)}:
            found |= further
        return found

    def believed(self, signed: Sequence[Key], size: int) -> bool:
        """Whether one of those who signed a checkpoint of this size is to be believed."""
        return any(self.held[text].vouches(size) for text in self.founded().intersection(map(str, signed)))

    def added(self, data: Fields, index: int, size: int, signed: Sequence[Key], tell: Tell) -> None:
        """``log_key.added``, read under a checkpoint of ``size`` that these keys signed."""
        key = self._key(data)
        if isinstance(key, Sm2Key):
            self.second.added(key, index, tell)
            return
        known = self.held.get(str(key))
        if known and (known.added is not None or known.last is not None):
            tell("key_twice", key)
            return
        by = tuple(str(each) for each in signed if str(each) in self.held and str(each) != str(key))
        self.held[str(key)] = Held(key, known is not None and known.given, index + 1, None, index, size, by)

    def retired(self, data: Fields, index: int, tell: Tell) -> None:
        """``log_key.retired``."""
        key, last = self._key(data), data.size_if_any("last_size")
        data.flag("compromised")
        if last is None:
            raise Malformed("member", "log_key.retired", "last_size")
        if isinstance(key, Sm2Key):
            self.second.retired(key, last, index, tell)
            return
        known = self.held.setdefault(str(key), Held(key))
        if known.last is not None:
            tell("key_twice", key)
            return
        if last > index:
            tell("key_size", key, last)
        known.last = min(last, index)

    def fallen(self) -> list[Held]:
        """Announced keys for which nothing speaks any more; each once."""
        founded = self.founded()
        found = [held for text, held in self.held.items() if held.added is not None and not held.told and text not in founded]
        for each in found:
            each.told = True
        return found

    def _vouched(self, held: Held, by: set[str]) -> bool:
        """Whether one of these keys signed the checkpoint under which a key was announced, and vouches for it."""
        return any(each in by and self.held[each].vouches(held.under) for each in held.by)

    def _key(self, data: Fields) -> Verifier | Sm2Key:
        key = _parsed(data.text("key"))
        held = self.second.held if isinstance(key, Sm2Key) else self.held
        if any(each.key.name != key.name for each in self.held.values()) or (str(key) not in held and len(held) >= KEYS_MAX):
            raise Malformed("member", "log_key", "key")
        return key


def _parsed(text: str) -> Verifier | Sm2Key:
    for kind in (Verifier, Sm2Key):
        with suppress(BadNote):
            return kind.parse(text)
    raise Malformed("member", "log_key", "key")
