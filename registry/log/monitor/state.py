"""Keeps a monitor between two starts: one file, replaced whole, that tells by itself whether it was altered or is of another log.

A line of JSON (format, the log's name, SHA-256 of the rest) and then the rest, JSON too. Whoever may write the file can still forge it as a
whole, so it belongs where only the monitor writes; the right edge in it must moreover be the one of a checkpoint that the log has signed.
"""

from __future__ import annotations

import json
import os
import sys
from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from registry.log.checkpoint import BadCheckpoint, open_by_any
from registry.log.findings import Finding
from registry.log.frontier import Frontier
from registry.log.monitor.deals import Deal
from registry.log.monitor.lateness import Lateness
from registry.log.monitor.monitor import Monitor
from registry.log.monitor.rights import Right, Rights, Thing, enter, link
from registry.log.monitor.second import SecondHeld
from registry.log.monitor.seen import Seen
from registry.log.monitor.trust import Held
from registry.log.note import Verifier
from registry.log.sm2_line import Sm2Key

FORMAT: Final = "egret-log-monitor"
VERSION: Final = 1
HEAD_MAX: Final = 4_096


class BadState(ValueError):
    """A state file that must not be gone on with; the message says why."""


def save(monitor: Monitor, path: Path) -> None:
    """Replace the file in one step, after the new bytes have reached the disk. One process at a time: see ``alone``.

    Raises:
        OSError: it cannot be written.
    """
    body = json.dumps(_written(monitor), separators=(",", ":")).encode()
    head = {"format": FORMAT, "version": VERSION, "log": monitor.origin, "sha256": sha256(body).hexdigest()}
    draft = path.with_name(f".{path.name}.draft")  # one name, so that what a killed process left is written over
    try:
        with draft.open("wb") as file:
            file.write(json.dumps(head).encode() + b"\n" + body)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def load(path: Path, keys: Sequence[Verifier], *, late_seconds: int, second: Sequence[Sm2Key] = ()) -> Monitor:
    """The monitor that was saved.

    Args:
        path: the file.
        keys: of the log, from a source that is trusted; they take the place of those given when it was saved.
        late_seconds: how long an entry may wait for its place, from now on.
        second: SM2 keys of the log's second line, from such a source; beside those that were known when it was saved.

    Raises:
        BadState: it is no state, of another log, altered, or rests on a checkpoint that no key vouches for.
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        line = file.readline(HEAD_MAX)
        body = file.read()
    try:
        head = json.loads(line)
        format_, version, log, digest = (head[name] for name in ("format", "version", "log", "sha256"))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        message = f"{path} is no state of a monitor"
        raise BadState(message) from error
    if (format_, version) != (FORMAT, VERSION):
        message = f"{path} is no state of this version of the monitor"
        raise BadState(message)
    if log != keys[0].name:
        message = f"{path} belongs to the log {log!s:.200}, not to {keys[0].name}"
        raise BadState(message)
    if digest != sha256(body).hexdigest():
        message = f"{path} was altered or cut off"
        raise BadState(message)
    try:
        monitor = _read(json.loads(body), Monitor(keys, late_seconds=late_seconds, second=second))
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError) as error:
        message = f"{path} is no state of a monitor"
        raise BadState(message) from error
    _require_signed(monitor, path)
    return monitor


def _require_signed(monitor: Monitor, path: Path) -> None:
    if not monitor.frontier.size and not monitor.note:
        return
    try:
        checkpoint, signed = open_by_any(monitor.note, logs=monitor.trust.keys())
    except BadCheckpoint as error:
        message = f"{path} rests on a checkpoint that is not to be believed: {error.reason}"
        raise BadState(message) from error
    edge = monitor.frontier.edge
    if (edge.size, edge.root) != (checkpoint.size, checkpoint.root) or not monitor.trust.believed(signed, checkpoint.size):
        message = f"{path} rests on entries that no trusted key has signed"
        raise BadState(message)


def _written(monitor: Monitor) -> dict[str, Any]:
    rights = monitor.rights
    places = {key: place for place, key in enumerate(rights.things)}
    rows = {key: place for place, key in enumerate(rights.rights)}
    return {
        "frontier": [monitor.frontier.size, [level.hex() for level in monitor.frontier.levels]],
        "note": monitor.note.decode(),
        "looked": monitor.looked,
        "lateness": [monitor.lateness.latest, list(monitor.lateness.leaps)],
        "seen": b64encode(monitor.seen.kept()).decode(),
        "things": [
            [thing.key, thing.owner, [[places[source.key], rows[licence.key]] for source, licence in thing.sources]]
            for thing in rights.things.values()
        ],
        "rights": [[right.key, places[right.thing.key], *_plain(right, rows)] for right in rights.rights.values()],
        "holds": [[places[thing.key], key, (thing.holds or {})[key]] for key, thing in rights.holds.items()],
        "open": [[key, deal.step, deal.seller, deal.buyer, deal.rights] for key, deal in monitor.deals.open.items()],
        "over": list(monitor.deals.over.items()),
        "deposited": list(monitor.filings.deposited.items()),
        "awaited": list(monitor.filings.awaited.items()),
        "certificates": [[number, hashed.hex()] for number, hashed in monitor.filings.certificates.items()],
        "keys": [
            [str(held.key), held.given, held.since, held.last, held.added, held.under, list(held.by), held.told]
            for held in monitor.trust.held.values()
        ],
        "second": [[str(held.key), held.since, held.last, held.added] for held in monitor.trust.second.held.values()],
        "ignored": monitor.ignored,
        "counted": monitor.counted,
        "known": [[each.file, each.index, each.code, list(each.params)] for each in monitor.known],
    }


def _plain(right: Right, rows: Mapping[int, int]) -> list[Any]:
    parent = rows[right.parent.key] if right.parent else None
    return [right.kind, right.holder, parent, right.exclusive, right.start, right.stop, right.standing]


def _read(kept: dict[str, Any], monitor: Monitor) -> Monitor:
    size, levels = kept["frontier"]
    monitor.frontier = Frontier(size, tuple(bytes.fromhex(level) for level in levels))
    monitor.note, monitor.looked = kept["note"].encode(), kept["looked"]
    latest, leaps = kept["lateness"]
    monitor.lateness = Lateness(
        limit_seconds=monitor.lateness.limit // 1_000_000, latest=latest, leaps=[(before, after) for before, after in leaps]
    )
    monitor.seen = Seen.of(b64decode(kept["seen"], validate=True))
    monitor.rights = _rights(kept)
    monitor.deals.open = {key: Deal(sys.intern(step), seller, buyer, rights) for key, step, seller, buyer, rights in kept["open"]}
    monitor.deals.over = {key: sys.intern(step) for key, step in kept["over"]}
    monitor.filings.deposited, monitor.filings.awaited = dict(kept["deposited"]), dict(kept["awaited"])
    monitor.filings.certificates = {number: bytes.fromhex(hashed) for number, hashed in kept["certificates"]}
    monitor.ignored, monitor.counted = Counter(kept["ignored"]), Counter(kept["counted"])
    monitor.known = [Finding(file, index, code, tuple(params)) for file, index, code, params in kept["known"]]
    given = set(monitor.trust.held)
    for text, _, since, last, added, under, by, told in kept["keys"]:
        monitor.trust.held[text] = Held(Verifier.parse(text), text in given, since, last, added, under, tuple(by), told)
    for text, since, last, added in kept["second"]:
        monitor.trust.second.held[text] = SecondHeld(Sm2Key.parse(text), since, last, added)
    return monitor


def _rights(kept: dict[str, Any]) -> Rights:
    register = Rights()
    things = [Thing(key, owner) for key, owner, _ in kept["things"]]
    rights: list[Right] = []
    for key, place, kind, holder, parent, exclusive, start, stop, standing in kept["rights"]:
        right = Right(key, things[place], sys.intern(kind), holder, None, exclusive=exclusive, start=start, stop=stop)
        right.standing = standing
        right.parent = rights[parent] if parent is not None else None
        rights.append(right)
        enter(right)
    for thing, (_, _, sources) in zip(things, kept["things"], strict=True):
        thing.sources = tuple((things[place], rights[row]) for place, row in sources)
        link(thing)
    register.things = {thing.key: thing for thing in things}
    register.rights = {right.key: right for right in rights}
    for place, key, kind in kept["holds"]:
        things[place].holds = {**(things[place].holds or {}), key: kind}
        register.holds[key] = things[place]
    return register
