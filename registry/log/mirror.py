"""A copy of a log, kept by somebody else: every entry is read and checked before the copy moves on, and a fork is never copied over."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from registry.log.allowance import GENEROUS, Allowance
from registry.log.asking import NoAnswer, get
from registry.log.audit import Audit, Read
from registry.log.files import AlteredFile, LogFiles
from registry.log.frontier import Frontier
from registry.log.note import Verifier
from registry.log.tiles import CHECKPOINT_PATH, FILE_BYTES_MAX, TILE_WIDTH, encode_bundle, entries_path

FILE_SECONDS: Final = 60.0
"""For one file as a whole, of at most 17 MB."""
REDIRECTED: Final = 3
"""The first digit of a status that leads elsewhere. It is not followed: whoever serves a log could lead us into our own network."""


def read_over_http(prefix: str) -> Read:
    """Read the files of a log below an address.

    The function that is returned raises ``OSError`` if the log cannot be reached or an answer breaks off.

    Raises:
        ValueError: the address is neither http nor https.
    """
    if not prefix.startswith(("http://", "https://")):
        message = f"{prefix:.80} is no http or https address"
        raise ValueError(message)

    def read(path: str) -> bytes | None:
        try:
            status, content = get(f"{prefix.rstrip('/')}/{path}", seconds=FILE_SECONDS, most=FILE_BYTES_MAX)
        except NoAnswer as error:
            raise NoAnswer(f"{path}: {error}") from error
        if status == HTTPStatus.NOT_FOUND:
            return None
        if status != HTTPStatus.OK:
            elsewhere = ": give the address that it leads to" if status // 100 == REDIRECTED else ""
            raise NoAnswer(f"{path}: the server answers with status {status}{elsewhere}")
        if len(content) > FILE_BYTES_MAX:
            raise AlteredFile(path, f"is longer than {FILE_BYTES_MAX} bytes")
        return content

    return read


def mirror(
    read: Read,
    kept: LogFiles,
    *logs: Verifier,
    allowance: Allowance = GENEROUS,
    progress: Callable[[int, int], None] = lambda _read, _of: None,
) -> Audit:
    """Bring a copy up to what the log has signed; returns the reading, whose findings, if any, are why the copy stayed as it was.

    Files beyond the copy's own checkpoint may be left over from a run that was killed; they are written again.

    Args:
        read: gives the files of the log.
        kept: the copy.
        logs: the log's key, or all that it has had, from a source that is trusted.
        allowance: how much this reading may take.
        progress: told after each bundle how many entries were read, of how many.

    Raises:
        TooMuch: there is more to read than that; the copy's checkpoint stays as it was.
        AlteredFile: the copy itself was altered.
        BadCheckpoint: the copy's checkpoint is not by this log.
        OSError: the log could not be reached.
    """
    published = kept.published(*logs)
    frontier = kept.frontier(published.checkpoint.size) if published else Frontier()
    if published and frontier.edge.root != published.checkpoint.root:
        raise AlteredFile("tile/", f"does not have the root of the checkpoint of size {published.checkpoint.size}")
    audit = Audit(read, *logs, start=frontier, allowance=allowance)
    for block in audit.blocks():
        progress(audit.frontier.size, audit.size)
        if audit.findings or block.entries is None:
            continue  # read on, so that everything is named
        kept.put(entries_path(block.number, len(block.entries)), encode_bundle(block.entries))
        frontier, tiles = frontier.extended(block.hashes[block.old :])
        for tile, content in tiles:
            if tile.width == TILE_WIDTH:
                kept.put(tile.path, content)
    if not audit.findings and audit.note:
        for tile, content in frontier.unfinished:
            kept.put(tile.path, content)
        kept.put(CHECKPOINT_PATH, audit.note)
        kept.prune(published.checkpoint.size if published else 0, frontier.size)
    return audit
