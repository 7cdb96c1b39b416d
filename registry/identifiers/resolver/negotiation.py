"""Picks the media type of an answer from what a client accepts. Pure.

Source: RFC 9110, sections 12.4.2 (quality values) and 12.5.1 (Accept).
"""

import re
from collections.abc import Sequence
from typing import Final

ACCEPT_MAX: Final = 2_000
"""Characters of an Accept header that are read; browsers send about 150."""
_RANGE: Final = re.compile(r"\s*([!#$%&'*+.^_`|~0-9a-z-]+)/([!#$%&'*+.^_`|~0-9a-z-]+)\s*((?:;[^,]*)?)", re.IGNORECASE)
_QUALITY: Final = re.compile(r";\s*q\s*=\s*(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)\s*(?:;|$)", re.IGNORECASE)
_ANY_QUALITY: Final = re.compile(r";\s*q\s*=", re.IGNORECASE)


def choose(accept: str, offered: Sequence[str]) -> str | None:
    """The offered type that the client likes best, of equals the first; None if it accepts none of them.

    Without a header, or with one in which nothing can be read, everything is welcome.
    """
    ranges = [found for part in accept[:ACCEPT_MAX].split(",") if (found := _read(part))]
    if not ranges:
        return offered[0]
    liked = [(_quality(each, ranges), each) for each in offered]
    best = max(quality for quality, _ in liked)
    return next(each for quality, each in liked if quality == best) if best > 0 else None


def _read(part: str) -> tuple[str, str, float] | None:
    found = _RANGE.fullmatch(part)
    if found is None:
        return None
    quality = _QUALITY.search(found[3])
    if quality is None and _ANY_QUALITY.search(found[3]):
        return None
    return found[1].lower(), found[2].lower(), float(quality[1]) if quality else 1.0


def _quality(media: str, ranges: Sequence[tuple[str, str, float]]) -> float:
    """The quality by the most specific range that covers the type; 0 if none does."""
    main, _, sub = media.partition("/")
    for wanted in ((main, sub), (main, "*"), ("*", "*")):
        found = [quality for first, second, quality in ranges if (first, second) == wanted]
        if found:
            return max(found)
    return 0.0
