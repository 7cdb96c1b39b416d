"""Writes keys and signatures as text the way DID documents and Data Integrity proofs do.

Source: W3C Controlled Identifiers 1.0, 2.4 (Multibase) and 2.2.2 (Multikey); multiformats' table of codecs for SM2 (draft).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from registry.base.signing.keys import Algorithm, PublicKey

ALPHABET: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
BASE58BTC: Final = "z"
"""The letter that stands before base58btc."""
LENGTH_MAX: Final = 1024
"""Characters of the longest text that is read: the work grows with its square."""
PREFIXES: Final = {Algorithm.ED25519: b"\xed\x01", Algorithm.SM2_SM3: b"\x86\x24"}
"""The codec's number before a key, as a varint: ``ed25519-pub`` 0xed; ``sm2-pub`` 0x1206, whose key is a compressed point."""
UNCOMPRESSED_BYTES: Final = 65
_VALUES: Final = {character: value for value, character in enumerate(ALPHABET)}
_BLOCK_DIGITS: Final = 10
_BLOCK: Final = 58**_BLOCK_DIGITS


class NotMultibase(ValueError):
    """A text that is not base58btc with its letter before it."""


def base58btc(raw: bytes) -> str:
    """Bytes as base58btc, with its letter before them."""
    number, blocks = int.from_bytes(raw, "big"), []
    while number:  # a block at a time: long division is dear, and a block's digits are cheap
        number, block = divmod(number, _BLOCK)
        blocks.append("".join(ALPHABET[block // 58**place % 58] for place in range(_BLOCK_DIGITS - 1, -1, -1)))
    digits = "".join(reversed(blocks)).lstrip(ALPHABET[0])
    zeros = len(raw) - len(raw.lstrip(b"\0"))
    return BASE58BTC + ALPHABET[0] * zeros + digits


def from_base58btc(text: str) -> bytes:
    """The bytes that a text stands for.

    Raises:
        NotMultibase: another base, a character that the alphabet lacks, or more than ``LENGTH_MAX`` characters.
    """
    if not text.startswith(BASE58BTC) or len(text) > LENGTH_MAX or not _VALUES.keys() >= set(text[1:]):
        raise NotMultibase("z and digits of base58btc")
    number = 0
    for character in text[1:]:
        number = number * len(ALPHABET) + _VALUES[character]
    zeros = len(text[1:]) - len(text[1:].lstrip(ALPHABET[0]))
    return bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8, "big")


@lru_cache(maxsize=64)
def multikey(key: PublicKey) -> str:
    """A public key as the ``publicKeyMultibase`` of a Multikey."""
    raw = key.raw
    if key.algorithm == Algorithm.SM2_SM3 and len(raw) == UNCOMPRESSED_BYTES:
        middle = UNCOMPRESSED_BYTES // 2 + 1
        raw = bytes([2 + (raw[-1] & 1)]) + raw[1:middle]
    return base58btc(PREFIXES[key.algorithm] + raw)
