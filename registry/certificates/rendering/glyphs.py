"""Which characters the certificate's font can draw: what it cannot must be seen to be missing, and stops no certificate."""

import struct
import unicodedata
from bisect import bisect_right
from functools import cache, lru_cache
from pathlib import Path
from typing import Final

import noto_cjk_sans_otc  # type: ignore[import-untyped]

MISSING: Final = "〓"
"""U+3013, the mark that Chinese and Japanese printers put where a type is missing."""
FONT: Final = Path(noto_cjk_sans_otc.FONT_PATH)
FACE: Final = 2
"""Place of the simplified Chinese face in the collection; all its faces draw the same characters."""
UNSEEN: Final = frozenset("\u115f\u1160\u3164\uffa0")
"""Letters by their category, and yet set without a mark or a width. Source: Unicode 16.0, Default_Ignorable_Code_Point."""
_GROUP: Final = struct.Struct(">III")
_TABLE: Final = struct.Struct(">4s4xI4x")
_SUBTABLE: Final = struct.Struct(">HHI")
_SEGMENTED: Final = 12


def drawable(text: str) -> str:
    """A text on one line as the font can draw it: blanks for line feeds and tabs, ``MISSING`` for what it has no glyph for.

    Invisible characters count as missing too: one that turns the direction of writing could make a name look like another.
    """
    return "".join(_drawn(character) for character in text)


@lru_cache(maxsize=4096)
def _drawn(character: str) -> str:
    if character.isspace():
        return " "
    seen = unicodedata.category(character)[0] != "C" and character not in UNSEEN
    return character if seen and _has_glyph(ord(character)) else MISSING


def _has_glyph(code: int) -> bool:
    starts, ends = _ranges()
    place = bisect_right(starts, code) - 1
    return place >= 0 and code <= ends[place]


@cache
def _ranges() -> tuple[tuple[int, ...], tuple[int, ...]]:
    """First and last code points of the runs of characters that have a glyph, ascending.

    Source: OpenType 1.9, `ttcf` header, `cmap` format 12.
    """
    with FONT.open("rb") as file:
        data = file.read(12 + 4 * (FACE + 1))
        (start,) = struct.unpack_from(">I", data, 12 + 4 * FACE)
        file.seek(start)
        (count,) = struct.unpack_from(">H", file.read(12), 4)
        tables = dict(_TABLE.iter_unpack(file.read(16 * count)))
        file.seek(tables[b"cmap"])
        (subtables,) = struct.unpack_from(">H", file.read(4), 2)
        for _, _, offset in list(_SUBTABLE.iter_unpack(file.read(8 * subtables))):
            file.seek(tables[b"cmap"] + offset)
            form, groups = struct.unpack(">H10xI", file.read(16))
            if form == _SEGMENTED:
                runs = list(_GROUP.iter_unpack(file.read(_GROUP.size * groups)))
                return tuple(first for first, _, _ in runs), tuple(last for _, last, _ in runs)
    message = f"{FONT} has no character map of format {_SEGMENTED}"
    raise RuntimeError(message)
