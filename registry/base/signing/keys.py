"""What a key is to those who sign and verify with it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Final, Protocol

KEY_ID_DIGITS: Final = 16


class Algorithm(StrEnum):
    """A signature algorithm with everything fixed that it leaves open, so that a name alone says how to verify."""

    ED25519 = "Ed25519"
    """RFC 8032; public key of 32 bytes, signature of 64."""
    SM2_SM3 = "SM2-SM3"
    """GB/T 32918.2 with SM3 and ``SM2_USER_ID``; public key an uncompressed point of 65 bytes, signature in DER."""


class CannotSign(RuntimeError):
    """A key or its device cannot be used; the message says which and why, and never holds a secret."""


class PinRefused(CannotSign):
    """A device refused the PIN; to send it again may lock the device."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key: its algorithm, and its bytes in the form that the algorithm names."""

    algorithm: Algorithm
    raw: bytes

    @property
    def key_id(self) -> str:
        """The first 16 hexadecimal digits of SHA-256 over algorithm name, line feed and key."""
        return sha256(self.algorithm.value.encode() + b"\n" + self.raw).hexdigest()[:KEY_ID_DIGITS]


class Signer(Protocol):
    """A private key that signs, wherever it is kept: in memory, or in a device that never gives it away."""

    @property
    def public_key(self) -> PublicKey:
        """The public half."""
        ...

    def sign(self, message: bytes) -> bytes:
        """The signature over a message, whole and not hashed before, in the form that the algorithm names.

        Raises:
            CannotSign: the key or its device cannot be used.
        """
        ...
