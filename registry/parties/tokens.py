"""The text of an API key: recognisable for secret scanners, found by its lookup part, kept only as a hash."""

import hashlib
import hmac
import re
import secrets
import string
from dataclasses import dataclass
from typing import Final

LOOKUP_LENGTH: Final = 8
SECRET_BYTES: Final = 32
_TOKEN: Final = re.compile(rf"egret_(?:live|demo)_(?P<lookup>[A-Za-z0-9]{{{LOOKUP_LENGTH}}})_[A-Za-z0-9_-]{{43}}")
_ALPHABET: Final = string.ascii_letters + string.digits


@dataclass(frozen=True, slots=True)
class Token:
    """A fresh key: the text to show once, and what is stored of it."""

    text: str
    lookup: str
    digest: bytes


def mint(*, demo: bool) -> Token:
    """A fresh key with 256 random bits."""
    lookup = "".join(secrets.choice(_ALPHABET) for _ in range(LOOKUP_LENGTH))
    text = f"egret_{'demo' if demo else 'live'}_{lookup}_{secrets.token_urlsafe(SECRET_BYTES)}"
    return Token(text, lookup, digest_of(text))


def lookup_of(text: str) -> str | None:
    """The lookup part; None if the text has not the shape of a key."""
    found = _TOKEN.fullmatch(text)
    return found["lookup"] if found else None


def digest_of(text: str) -> bytes:
    """What is stored of a key. SHA-256 suffices, for the secret is full entropy and cannot be guessed."""
    return hashlib.sha256(text.encode()).digest()


def matches(text: str, digest: bytes) -> bool:
    """Whether a key is the one behind a stored digest, in a time that does not tell how much of it agrees."""
    return hmac.compare_digest(digest_of(text), digest)
