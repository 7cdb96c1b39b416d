"""The number of a certificate, as people type and scan it."""

import re
import unicodedata
from typing import Final

from registry.certificates.errors import InvalidNumber

TEXT_MAX: Final = 300
"""Characters that are read for a number; an address that holds one fits."""
_NUMBER: Final = re.compile(r"(?<![0-9A-Z])EGR-[0-9]{4}(?:0[1-9]|1[0-2])-(?!0000)[0-9]{4}(?![0-9A-Z])")
_LEAF: Final = re.compile(r"[?&]leaf=([^&#\s]*)")


def tidy(text: str) -> str:
    """A typed text in capitals, full-width letters made narrow, without blanks and invisible characters; cut at ``TEXT_MAX``."""
    kept = unicodedata.normalize("NFKC", text[:TEXT_MAX])
    return "".join(each for each in kept if not each.isspace() and unicodedata.category(each)[0] != "C").upper()


def number_in(text: str) -> str | None:
    """The certificate number that stands in a text, such as the address in a QR code; None if there is none."""
    found = _NUMBER.search(tidy(text))
    return found[0] if found else None


def leaf_in(text: str) -> str | None:
    """What a scanned address says of the deposit's leaf, for the page to compare; None where it says nothing."""
    found = _LEAF.search(text[:TEXT_MAX])
    return found[1] if found else None


def number_of(text: str) -> str:
    """The number that a text is, in either case.

    Raises:
        InvalidNumber: it is none.
    """
    number = number_in(text)
    if number is None or number != tidy(text):
        raise InvalidNumber(field=("number",))
    return number
