"""What texts from outside must look like before a service of this room takes them."""

import re
from typing import Final

from registry.base.errors import BadInput

_SHA256: Final = re.compile(r"[0-9a-f]{64}")


def clean_text(field: str, value: str, *, most: int, least: int = 1) -> str:
    """The text without blanks around it.

    Raises:
        BadInput: too short or too long, or with a character that does not print.
    """
    text = value.strip()
    if not least <= len(text) <= most or not text.isprintable():
        raise BadInput(field, f"{least} to {most} printable characters")
    return text


def document_digest(field: str, value: str) -> str:
    """The SHA-256 of a document, lower case.

    Raises:
        BadInput: not 64 hexadecimal digits.
    """
    digest = value.strip().lower()
    if _SHA256.fullmatch(digest) is None:
        raise BadInput(field, "a SHA-256 in 64 hexadecimal digits")
    return digest
