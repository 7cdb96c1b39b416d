"""Whom to believe: which logs, which witnesses, and how many of them must have seen a checkpoint.

Source: C2SP tlog-policy.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from registry.log.checkpoint import BadCheckpoint, Checkpoint, open_checkpoint
from registry.log.cosignature import WitnessKey
from registry.log.note import BadNote, Verifier

POLICY_BYTES_MAX: Final = 64 * 1024
NAMES_MAX: Final = 256
NONE: Final = "none"
_ALLOWED: Final = re.compile(rb"[\t\n\x20-\x7e\x80-\xff]*")


class BadPolicy(ValueError):
    """A policy that cannot be followed; ``line`` (from 1) and ``reason`` say where and why."""

    def __init__(self, *, line: int, reason: str) -> None:
        """Keep both, in English."""
        super().__init__(f"line {line}: {reason}")
        self.line, self.reason = line, reason


@dataclass(frozen=True, slots=True)
class Group:
    """A group has witnessed a checkpoint if ``threshold`` of its members have."""

    threshold: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """The logs and witnesses by key, the addresses that were given for them, the groups, and the name whose word is enough."""

    logs: tuple[Verifier, ...]
    witnesses: Mapping[str, WitnessKey]
    groups: Mapping[str, Group]
    quorum: str
    urls: Mapping[str, str]

    @property
    def origins(self) -> dict[str, list[Verifier]]:
        """The keys of each log by its origin; one that changes its key has several."""
        found: dict[str, list[Verifier]] = {}
        for log in self.logs:
            found.setdefault(log.name, []).append(log)
        return found

    def accept(self, note: bytes) -> Checkpoint:
        """The checkpoint in a note that a log of this policy has signed and enough witnesses have cosigned.

        Raises:
            BadCheckpoint: it is not to be believed under this policy.
        """
        for log in self.logs:
            try:
                checkpoint, signed = open_checkpoint(note, log=log, witnesses=tuple(self.witnesses.values()))
            except BadCheckpoint as error:
                refused = error
                continue
            if self._witnessed(self.quorum, {name for name, key in self.witnesses.items() if key in signed}):
                return checkpoint
            refused = BadCheckpoint(reason=f"{self.quorum} has not witnessed it", chinese=f"{self.quorum} 未见证")
        raise refused if self.logs else BadCheckpoint(reason="the policy names no log", chinese="策略未列任何日志")

    def _witnessed(self, name: str, seen: set[str]) -> bool:
        if name in self.groups:
            group = self.groups[name]
            return sum(self._witnessed(member, seen) for member in group.members) >= group.threshold
        return name == NONE or name in seen


def parse_policy(data: bytes) -> Policy:
    """Read a policy file.

    Raises:
        BadPolicy: any line that the format does not know, a name used before it is defined, a key twice, or not exactly one quorum.
    """
    if len(data) > POLICY_BYTES_MAX or not _ALLOWED.fullmatch(data):
        raise BadPolicy(line=1, reason=f"a policy has at most {POLICY_BYTES_MAX} bytes and no control characters")
    reader = _Reader()
    for number, line in enumerate(data.split(b"\n"), start=1):
        words = line.decode("utf-8", "surrogateescape").strip(" \t").replace("\t", " ").split(" ")
        words = [word for word in words if word]
        reader.line = number
        if words and not words[0].startswith("#"):
            reader.take(words)
    return reader.policy()


def read_policy(path: Path) -> Policy:
    """Read a policy file, and of one that is too long no more than shows that.

    Raises:
        BadPolicy: as ``parse_policy``.
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        return parse_policy(file.read(POLICY_BYTES_MAX + 1))


class _Reader:
    def __init__(self) -> None:
        self.logs: list[Verifier] = []
        self.witnesses: dict[str, WitnessKey] = {}
        self.groups: dict[str, Group] = {}
        self.urls: dict[str, str] = {}
        self.grouped: set[str] = set()
        self.quorum = ""
        self.line = 0

    def take(self, words: Sequence[str]) -> None:
        kinds: Mapping[str, tuple[range, Callable[..., None]]] = MappingProxyType(
            {
                "log": (range(1, 3), self.log),
                "witness": (range(2, 4), self.witness),
                "group": (range(3, NAMES_MAX), self.group),
                "quorum": (range(1, 2), self.set_quorum),
            }
        )
        counts, read = kinds.get(words[0], (range(0), None))
        if read is None or len(words) - 1 not in counts:
            self.refuse(f"{words[0]!r:.40} with {len(words) - 1} words is no line of a policy")
        else:
            read(*words[1:])

    def refuse(self, reason: str) -> None:
        raise BadPolicy(line=self.line, reason=reason)

    def log(self, vkey: str, url: str = "") -> None:
        try:
            key = Verifier.parse(vkey)
        except BadNote as error:
            raise BadPolicy(line=self.line, reason=error.reason) from error
        if any(each.key == key.key for each in self.logs):
            self.refuse("this log's key stands there twice")
        self.logs.append(key)
        if url:
            self.urls[vkey] = url

    def witness(self, name: str, vkey: str, url: str = "") -> None:
        self.define(name)
        try:
            key = WitnessKey.parse(vkey)
        except BadNote as error:
            raise BadPolicy(line=self.line, reason=error.reason) from error
        if any(each.key == key.key for each in self.witnesses.values()):
            self.refuse("this witness's key stands there twice")
        self.witnesses[name] = key
        if url:
            self.urls[name] = url

    def group(self, name: str, threshold: str, *members: str) -> None:
        self.define(name)
        for member in members:
            if member not in self.witnesses and member not in self.groups:
                self.refuse(f"{member!r:.40} is not defined before this line")
            if member in self.grouped:
                self.refuse(f"{member!r:.40} is in a group already")
            self.grouped.add(member)
        words = {"any": 1, "all": len(members)}
        number = words.get(threshold, int(threshold) if re.fullmatch("[1-9][0-9]{0,3}", threshold, re.ASCII) else 0)
        if not 1 <= number <= len(members):
            self.refuse(f"{threshold!r:.40} of {len(members)} members cannot be asked for")
        self.groups[name] = Group(number, members)

    def set_quorum(self, name: str) -> None:
        if self.quorum:
            self.refuse("there is one quorum line already")
        if name != NONE and name not in self.witnesses and name not in self.groups:
            self.refuse(f"{name!r:.40} is not defined before this line")
        self.quorum = name

    def define(self, name: str) -> None:
        if name == NONE or name in self.witnesses or name in self.groups:
            self.refuse(f"the name {name!r:.40} is taken")

    def policy(self) -> Policy:
        if not self.quorum:
            self.refuse("there is no quorum line")
        frozen = MappingProxyType
        return Policy(tuple(self.logs), frozen(self.witnesses), frozen(self.groups), self.quorum, frozen(self.urls))
