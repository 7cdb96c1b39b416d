"""One byte form per value (RFC 8785), so that hashes and signatures mean the same everywhere, and sealed members that can be erased.

A sealed member is ``{"_h": base64url(SHA-256(salt || canonical(value)))}``, unpadded, with a salt of 128 random bits. Whoever holds
salt and value can show the value; destroying them leaves the leaf valid and says nothing about the value.
"""

import hmac
import json
import re
import secrets
from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Final, TypeAlias

import rfc8785

JSON: TypeAlias = "bool | int | str | list[JSON] | tuple[JSON, ...] | dict[str, JSON] | None"

SALT_BYTES: Final = 16
SEAL: Final = "_h"
DEPTH_MAX: Final = 32
SAFE_INTEGER_MAX: Final = 2**53 - 1

_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_BEYOND_FIRST_PLANE: Final = re.compile("[\U00010000-\U0010ffff]")
_sorted_json: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True, check_circular=False).encode
"""Without floats, and with all integers in range, its text is that of RFC 8785: the same escapes, no blanks."""


class NotCanonical(ValueError):
    """A value that has no single byte form here; ``path`` leads to it, ``reason`` says why."""

    def __init__(self, *, path: str, reason: str) -> None:
        """Name the place as a JSON pointer."""
        super().__init__(f"{path or '/'}: {reason}")
        self.path = path
        self.reason = reason


def canonical(value: JSON) -> bytes:
    """The RFC 8785 bytes of a value.

    Money and integers beyond 2^53-1 must be given as strings, because readers take JSON numbers for doubles.

    Raises:
        NotCanonical: a float, an integer out of range, a key that is no string, text that is no Unicode, another type, or nesting
            deeper than ``DEPTH_MAX``.
    """
    _require_plain(value, path="", depth=0)
    text = _sorted_json(value)
    # RFC 8785 sorts keys by UTF-16 code units, Python by code points: one order as long as no character is beyond the first plane
    return rfc8785.dumps(value) if _BEYOND_FIRST_PLANE.search(text) else text.encode()


def fresh_salt() -> bytes:
    """128 random bits."""
    return secrets.token_bytes(SALT_BYTES)


def seal_member(value: JSON, salt: bytes) -> dict[str, str]:
    """What the leaf holds in place of ``value``.

    Raises:
        NotCanonical: the value has no canonical form.
        ValueError: the salt is not 128 bits.
    """
    if len(salt) != SALT_BYTES:
        raise ValueError(f"a salt has {SALT_BYTES} bytes")
    return {SEAL: urlsafe_b64encode(sha256(salt + canonical(value)).digest()).rstrip(b"=").decode("ascii")}


def check_disclosure(hashed: str, salt: bytes, value: JSON) -> bool:
    """Whether ``salt`` and ``value`` are what was sealed as ``hashed`` (the text under ``_h``).

    Raises:
        NotCanonical: the value has no canonical form.
        ValueError: the salt is not 128 bits.
    """
    return hmac.compare_digest(seal_member(value, salt)[SEAL].encode(), hashed.encode())


def _require_plain(value: object, *, path: str, depth: int) -> None:
    if depth > DEPTH_MAX:
        raise NotCanonical(path=path, reason=f"nested deeper than {DEPTH_MAX}")
    if isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str):
                raise NotCanonical(path=path, reason="a key must be a string")
            _require_plain_scalar(key, path=path)
            _require_plain(item, path=f"{path}/{key}", depth=depth + 1)
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            _require_plain(item, path=f"{path}/{index}", depth=depth + 1)
    else:
        _require_plain_scalar(value, path=path)


def _require_plain_scalar(value: object, *, path: str) -> None:
    if isinstance(value, str):
        if not value.isascii() and _SURROGATE.search(value):
            raise NotCanonical(path=path, reason="half a surrogate pair is not text")
    elif value is None or isinstance(value, bool):
        return
    elif isinstance(value, int):
        if abs(value) > SAFE_INTEGER_MAX:
            raise NotCanonical(path=path, reason="an integer beyond 2^53-1 must be written as a string")
    elif isinstance(value, float):
        raise NotCanonical(path=path, reason="a float has no place here; write a decimal string")
    else:
        raise NotCanonical(path=path, reason=f"{type(value).__name__} is not a JSON value")
