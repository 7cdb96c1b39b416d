"""Ed25519 signing keys: which ones are acceptable, and the proof that whoever registers one holds its private half."""

from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

PUBLIC_KEY_BYTES: Final = 32
SIGNATURE_BYTES: Final = 64
_PRIME: Final = 2**255 - 19
_ORDER_EIGHT: Final = 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826
SMALL_ORDER: Final = frozenset({0, 1, _PRIME - 1, _ORDER_EIGHT, _PRIME - _ORDER_EIGHT})
"""y coordinates of the points of order 1, 2, 4 and 8. Such a key verifies signatures that nobody made, so it binds nobody."""


def proof_message(*, organisation: UUID, person: UUID) -> bytes:
    """What the private key signs once, to be registered for this person in this organisation."""
    return f"egret-signing-key-v1\n{organisation}\n{person}\n".encode()


def key_acceptable(public_key: bytes) -> bool:
    """Whether the bytes have the length of a key and are no point of small order."""
    y = int.from_bytes(public_key, "little") & ((1 << 255) - 1)
    return len(public_key) == PUBLIC_KEY_BYTES and y % _PRIME not in SMALL_ORDER


def signature_valid(*, public_key: bytes, signature: bytes, message: bytes) -> bool:
    """Whether the signature over the message is this key's.

    Source: RFC 8032, section 5.1.7.
    """
    if len(signature) != SIGNATURE_BYTES:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True
