"""One byte form per value (RFC 8785), so that hashes and signatures mean the same everywhere, and sealed members that can be erased.

A sealed member is ``{"_h": base64url(SHA-256(salt || canonical(value)))}``, unpadded, with a salt of 128 random bits. Whoever holds
salt and value can show the value; destroying them leaves the leaf valid and says nothing about the value.
"""

import hmac
import json
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from hashlib import sha256
from typing import Final, TypeAlias

import rfc8785

JSON: TypeAlias = "bool | int | str | list[JSON] | tuple[JSON, ...] | dict[str, JSON] | None"

SALT_BYTES: Final = 16
SEAL: Final = "_h"
DEPTH_MAX: Final = 32
SAFE_INTEGER_MAX: Final = 2**53 - 1
_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, check_circular=False, sort_keys=True, separators=(",", ":"))
"""Python's own, whose inner loop is compiled. Without floats and with ASCII keys it writes what RFC 8785 asks for, as a test says."""


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
    if _require_plain(value, path="", depth=0):
        return _ENCODER.encode(value).encode()
    return rfc8785.dumps(value)


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


def _require_plain(value: object, *, path: str, depth: int) -> bool:
    """Refuse what has no form here; whether every key is ASCII, so that Python sorts keys as the RFC does, by UTF-16."""
    if depth > DEPTH_MAX:
        raise NotCanonical(path=path, reason=f"nested deeper than {DEPTH_MAX}")
    if isinstance(value, Mapping):
        return _require_plain_object(value, path=path, depth=depth)
    if isinstance(value, list | tuple):
        ascii_keys = True
        for index, item in enumerate(value):
            ascii_keys &= _require_plain(item, path=f"{path}/{index}", depth=depth + 1)
        return ascii_keys
    _require_plain_scalar(value, path=path)
    return True


def _require_plain_object(value: Mapping[object, object], *, path: str, depth: int) -> bool:
    if not isinstance(value, dict):
        raise NotCanonical(path=path, reason=f"{type(value).__name__} is not a JSON value")
    ascii_keys = True
    for key, item in value.items():
        if not isinstance(key, str):
            raise NotCanonical(path=path, reason="a key must be a string")
        if not key.isascii():
            _require_plain_scalar(key, path=path)
            ascii_keys = False
        ascii_keys &= _require_plain(item, path=f"{path}/{key}", depth=depth + 1)
    return ascii_keys


def _require_plain_scalar(value: object, *, path: str) -> None:
    if value is None or isinstance(value, bool):
        return
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            raise NotCanonical(path=path, reason="half a surrogate pair is not text") from None
    elif isinstance(value, int):
        if abs(value) > SAFE_INTEGER_MAX:
            raise NotCanonical(path=path, reason="an integer beyond 2^53-1 must be written as a string")
    elif isinstance(value, float):
        raise NotCanonical(path=path, reason="a float has no place here; write a decimal string")
    else:
        raise NotCanonical(path=path, reason=f"{type(value).__name__} is not a JSON value")
