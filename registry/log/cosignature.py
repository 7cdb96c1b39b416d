"""Cosignatures: a witness says at what time it saw a checkpoint that continues every one it saw before.

Source: C2SP tlog-cosignature, Ed25519 (type 04).
"""

from dataclasses import dataclass, field
from typing import Final, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from registry.log.note import BadNote, Signature, checked_name, key_id_of, read_vkey, vkey_of

_KIND: Final = b"\x04"
_TIME_BYTES: Final = 8
_KEY_BYTES: Final = 32
_TIME_MAX: Final = 2**63 - 1


@dataclass(frozen=True, slots=True)
class WitnessKey:
    """The public key of a witness that we trust for a name."""

    name: str
    key: bytes

    @classmethod
    def parse(cls, vkey: str) -> Self:
        """Read a verifier key of type 04.

        Raises:
            BadNote: it is none, or its key id is not that of the key.
        """
        return cls(*read_vkey(vkey, _KIND))

    @property
    def key_id(self) -> bytes:
        """The first 4 bytes of SHA-256(name || 0A || 04 || key)."""
        return key_id_of(self.name, _KIND, self.key)

    def __str__(self) -> str:
        """The verifier key as text."""
        return vkey_of(self.name, _KIND, self.key)

    def accepts(self, text: str, signature: bytes) -> bool:
        """Whether this witness cosigned the text, at the time that the signature itself states."""
        seconds = int.from_bytes(signature[:_TIME_BYTES], "big")
        if seconds > _TIME_MAX:
            return False
        try:
            Ed25519PublicKey.from_public_bytes(self.key).verify(signature[_TIME_BYTES:], _message(text, seconds))
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True)
class WitnessSigner:
    """The private key of a witness."""

    name: str
    seed: bytes = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse a name or seed that cannot sign."""
        checked_name(self.name)
        if len(self.seed) != _KEY_BYTES:
            raise BadNote(reason=f"an Ed25519 seed has {_KEY_BYTES} bytes", chinese=f"Ed25519 种子须为 {_KEY_BYTES} 字节")

    @property
    def key(self) -> WitnessKey:
        """The public half."""
        return WitnessKey(self.name, self._private.public_key().public_bytes_raw())

    @property
    def _private(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)

    def cosign(self, text: str, *, seconds: int) -> Signature:
        """Cosign the body of a checkpoint.

        Args:
            text: the body, with its last newline.
            seconds: the time of the statement, since 1970 in UTC.

        Raises:
            BadNote: a time that has no form here.
        """
        if not 0 <= seconds <= _TIME_MAX:
            raise BadNote(reason=f"{seconds} is no time of a cosignature", chinese=f"{seconds} 不是见证签名的有效时间")
        signed = self._private.sign(_message(text, seconds))
        return Signature(self.name, self.key.key_id, seconds.to_bytes(_TIME_BYTES, "big") + signed)


def _message(text: str, seconds: int) -> bytes:
    return f"cosignature/v1\ntime {seconds}\n{text}".encode()
