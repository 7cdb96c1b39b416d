"""Ed25519 with a key in memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from registry.base.signing.keys import Algorithm, CannotSign, PublicKey

SEED_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Ed25519Signer:
    """An Ed25519 key given by its seed. Source: RFC 8032."""

    seed: bytes = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse a seed of another length."""
        if len(self.seed) != SEED_BYTES:
            message = f"an Ed25519 seed has {SEED_BYTES} bytes"
            raise CannotSign(message)

    @property
    def public_key(self) -> PublicKey:
        """The public half."""
        return PublicKey(Algorithm.ED25519, _private(self.seed).public_key().public_bytes_raw())

    def sign(self, message: bytes) -> bytes:
        """64 bytes."""
        return _private(self.seed).sign(message)


@lru_cache(maxsize=8)
def _private(seed: bytes) -> Ed25519PrivateKey:
    """The key of a seed; to derive it takes as long as to sign with it, and a process has very few."""
    return Ed25519PrivateKey.from_private_bytes(seed)


def verifies(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether a signature is this key's over this message."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True
