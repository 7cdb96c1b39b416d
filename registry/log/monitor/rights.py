"""The register of rights as the log tells it, in little memory: who holds what in which object, resting on what, and what blocks it.

These are the rules of the market's database, written down a second time from the public members of leaves. Scopes, income shares and who
acted are sealed, so whether a licence allows what is done under it cannot be seen from here.

Source: Data Property-Rights Registration Guideline (trial, 2026), art. 3 and 21.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Final, TypeAlias

from registry.log.monitor.reading import Fields, shown

KINDS: Final = frozenset({"HOLD", "USE", "OPERATE"})
OBJECTS: Final = frozenset({"RESOURCE", "PRODUCT"})
HOLDS: Final = frozenset({"DISPUTE", "PLEDGE", "COURT", "NOTICE", "ORDER"})
ON_TITLE: Final = frozenset({"DISPUTE", "COURT", "ORDER"})
"""Holds on a source that also block what was made from it."""

Tell: TypeAlias = Callable[..., None]
"""Notes a finding at the entry that is being read: code, and what its text is about."""


class Thing:
    """A registered object.

    Attributes:
        key: its id.
        owner: who has it; None for what was never registered, though rights were granted in it.
        sources: what it was made from, each with the licence relied on.
        lanes: its rights by kind and whether they are exclusive.
        holds: kind of each hold in force, by id; None while there was none.
    """

    __slots__ = ("holds", "key", "lanes", "owner", "sources")

    def __init__(self, key: int, owner: int | None, *, sources: tuple[tuple[Thing, Right], ...] = ()) -> None:
        self.key, self.owner, self.sources = key, owner, sources
        self.lanes: dict[tuple[str, bool], Lane] = {}
        self.holds: dict[int, str] | None = None

    def rights(self) -> Iterator[Right]:
        """Every right ever granted in it."""
        for lane in self.lanes.values():
            yield from lane.rights

    def blocking(self) -> tuple[int, str] | None:
        """A hold that blocks new rights: any on the object itself, and those on the title of what it was made from, however indirectly."""
        if self.holds:
            return next(iter(self.holds.items()))
        met, left = {self.key}, [source for source, _ in self.sources]
        while left:
            thing = left.pop()
            if thing.key not in met:
                met.add(thing.key)
                left += [source for source, _ in thing.sources]
                found = next((hold for hold in (thing.holds or {}).items() if hold[1] in ON_TITLE), None)
                if found:
                    return found
        return None


class Right:
    """A right as the register stands by it now; days are ordinals, ``stop`` is the first day after.

    Attributes:
        parent: the right it rests on.
        standing: False once it ended without having begun.
        children: rights that rest on it directly.
        relied: products that were made under it.
    """

    __slots__ = ("children", "exclusive", "holder", "key", "kind", "parent", "relied", "standing", "start", "stop", "thing")

    def __init__(
        self, key: int, thing: Thing, kind: str, holder: int, parent: Right | None, *, exclusive: bool, start: int, stop: int
    ) -> None:
        self.key, self.thing, self.kind, self.holder, self.parent = key, thing, kind, holder, parent
        self.exclusive, self.start, self.stop, self.standing = exclusive, start, stop, True
        self.children: list[Right] | None = None
        self.relied: list[Thing] | None = None

    def within(self, other: Right) -> bool:
        """Whether its term lies within the other's."""
        return other.start <= self.start and self.stop <= other.stop

    def meets(self, other: Right) -> bool:
        """Whether both exist on some day."""
        return self.standing and other.standing and self.start < other.stop and other.start < self.stop

    def resting(self) -> Iterator[Right]:
        """What rests on it: rights under it, and all rights in what was made under it."""
        yield from self.children or ()
        for thing in self.relied or ():
            yield from thing.rights()


class Lane:
    """The rights of one kind in one object that are exclusive, or those that are not, and the day by which all of them are over."""

    __slots__ = ("over", "rights")

    def __init__(self) -> None:
        self.rights: list[Right] = []
        self.over = 0

    def add(self, right: Right) -> None:
        """Take in a right."""
        self.rights.append(right)
        self.over = max(self.over, right.stop)

    def met_by(self, right: Right) -> Right | None:
        """The first of them that overlaps a right in time; no search where all are over by then."""
        return next((each for each in self.rights if each.meets(right)), None) if right.start < self.over else None


class Rights:
    """Everything that was registered; each method takes in one event and tells what is wrong with it."""

    def __init__(self) -> None:
        """Begin with an empty register."""
        self.things: dict[int, Thing] = {}
        self.rights: dict[int, Right] = {}
        self.holds: dict[int, Thing] = {}

    def registered(self, data: Fields, tell: Tell) -> None:
        """``object.registered``."""
        key, owner, product = data.uid("object"), data.uid("owner"), data.text("kind", OBJECTS) == "PRODUCT"
        made_from = [(each.uid("object"), each.uid("grant")) for each in data.each("made_from")]
        made = self.things.setdefault(key, Thing(key, None))
        if made.owner is not None:
            tell("twice", "object", shown(key))
            return
        if made_from and not product:
            tell("title_kind", shown(key))
        sources: list[tuple[Thing, Right]] = []
        for source, grant in made_from:
            thing, licence = self.things.get(source), self.rights.get(grant)
            if thing is None or thing.owner is None or licence is None or not licence.standing:
                tell("title", shown(key), shown(grant))
                continue
            if licence.kind != "USE" or licence.thing is not thing or licence.holder != owner:
                tell("title", shown(key), shown(grant))
            sources.append((thing, licence))
        made.owner, made.sources = owner, tuple(sources)
        link(made)

    def granted(self, data: Fields, tell: Tell) -> Right | None:
        """``right.granted``; returns the right if it is new."""
        key, of, holder, parent = data.uid("grant"), data.uid("object"), data.uid("holder"), data.uid_if_any("parent")
        kind, exclusive, start, stop = (
            sys.intern(data.text("kind", KINDS)),
            data.flag("exclusive"),
            data.day("valid_from"),
            data.day_if_any("valid_to"),
        )
        if (parent is None) != (data.uid_if_any("deal") is None):
            tell("basis")
        if key in self.rights:
            tell("twice", "right", shown(key))
            return None
        thing = self.things.setdefault(of, Thing(of, None))
        if thing.owner is None:
            tell("no_object", shown(of))
        rests_on = None if parent is None else self.rights.get(parent)
        right = Right(key, thing, kind, holder, rests_on, exclusive=exclusive, start=start, stop=stop)
        if start >= stop:
            tell("empty_term", shown(key))
            right.standing = False
        hold = thing.blocking()
        if hold:
            tell("held", shown(hold[0]), hold[1])
        if parent is not None:
            _check_parent(right, parent, tell)
        for _, licence in thing.sources:
            if not licence.standing:
                tell("source_ended", shown(licence.key))
            elif not right.within(licence):
                tell("source_term", shown(licence.key))
        _check_apart(right, tell)
        self.rights[key] = right
        enter(right)
        return right

    def ended(self, data: Fields, tell: Tell) -> None:
        """``right.ended``: the right and its children end on one day, and nothing that rests on them lasts longer."""
        day, listed = data.day("ends_on"), [data, *data.each("children")]
        ended = []
        for each in listed:
            key = each.uid("grant")
            stated = {"object": each.uid("object"), "kind": each.text("kind", KINDS), "holder": each.uid("holder")}
            right = self.rights.get(key)
            if right is None:
                tell("unknown", "right", shown(key))
                continue
            there = {"object": right.thing.key, "kind": right.kind, "holder": right.holder}
            for name, value in stated.items():
                if value != there[name]:
                    tell("differs", name, shown(key))
            if not right.standing or right.stop <= day:
                tell("idle_end", shown(key))
                continue
            ended.append(right)
        for right in ended:
            right.standing = right.start < day
            right.stop = min(right.stop, day) if right.standing else right.stop
        for right in ended:
            for other in right.resting():
                if other.standing and not (right.standing and other.within(right)):
                    tell("left", shown(right.key), shown(other.key))

    def placed(self, data: Fields, tell: Tell) -> None:
        """``hold.placed``."""
        key, of, kind = data.uid("hold"), data.uid("object"), data.text("kind", HOLDS)
        thing = self.things.get(of)
        if thing is None or thing.owner is None:
            tell("unknown", "object", shown(of))
        elif key in self.holds:
            tell("twice", "hold", shown(key))
        else:
            self.holds[key] = thing
            thing.holds = {**(thing.holds or {}), key: kind}

    def lifted(self, data: Fields, tell: Tell) -> None:
        """``hold.lifted``."""
        key = data.uid("hold")
        thing = self.holds.pop(key, None)
        if thing is None or thing.holds is None:
            tell("unknown", "hold", shown(key))
        else:
            thing.holds = {other: kind for other, kind in thing.holds.items() if other != key} or None


def link(thing: Thing) -> None:
    """Enter a product with the licences that it was made under."""
    for _, licence in thing.sources:
        if licence.relied is None:
            licence.relied = []
        licence.relied.append(thing)


def enter(right: Right) -> None:
    """Enter a right with its object and with the right that it rests on."""
    right.thing.lanes.setdefault((right.kind, right.exclusive), Lane()).add(right)
    if right.parent is not None:
        if right.parent.children is None:
            right.parent.children = []
        right.parent.children.append(right)


def _check_parent(right: Right, stated: int, tell: Tell) -> None:
    """A licence rests on a right of its object that carries its kind, for no longer than that lasts."""
    parent = right.parent
    if parent is None:
        tell("no_parent", shown(stated))
        return
    if not parent.standing:
        tell("parent_ended", shown(stated))
    elif not right.within(parent):
        tell("parent_term", shown(stated))
    if parent.thing is not right.thing:
        tell("parent_object", shown(stated))
    if not (right.kind == "USE" and parent.kind == "OPERATE") and not (right.kind == parent.kind and parent.kind in {"USE", "OPERATE"}):
        tell("parent_kind", shown(stated), right.kind)


def _check_apart(right: Right, tell: Tell) -> None:
    """An exclusive right stands alone among those of its kind and object; the others stand beside each other."""
    for exclusive in (True, False) if right.exclusive else (True,):
        lane = right.thing.lanes.get((right.kind, exclusive))
        other = lane.met_by(right) if lane else None
        if other:
            tell("overlap", shown(other.key))
            return
