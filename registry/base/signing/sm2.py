"""SM2 with SM3 and a key in memory: the algorithm of Chinese commercial cryptography (商用密码).

The signature binds a user id, which both sides must know; ours is the one that GM/T 0009 gives for want of another.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from registry.base.signing.keys import Algorithm, CannotSign, PublicKey

SM2_USER_ID: Final = "1234567812345678"
"""Stated here because a verifier must be given it; the library signs with this id and no other."""
ORDER: Final = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
"""Order of the curve's group. Source: GB/T 32918.5."""
SCALAR_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Sm2Signer:
    """An SM2 key given by its scalar, 32 bytes, the most significant first. Source: GB/T 32918.2, GB/T 32905 (SM3)."""

    scalar: bytes = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse what is no private key of this curve."""
        if len(self.scalar) != SCALAR_BYTES or not 1 <= int.from_bytes(self.scalar, "big") <= ORDER - 2:
            message = f"an SM2 key has {SCALAR_BYTES} bytes and lies between 1 and the order less 2"
            raise CannotSign(message)

    @property
    def public_key(self) -> PublicKey:
        """The public half."""
        library = _library()
        public = self._private(library).public_key()
        form = library.serialization.PublicFormat.UncompressedPoint
        return PublicKey(Algorithm.SM2_SM3, public.public_bytes(library.serialization.Encoding.X962, form))

    def sign(self, message: bytes) -> bytes:
        """The two numbers in DER; 70 to 72 bytes."""
        library = _library()
        signature: bytes = self._private(library).sign(message, library.ec.ECDSA(library.hashes.SM3()))
        return signature

    def _private(self, library: _Library) -> Any:
        return library.ec.derive_private_key(int.from_bytes(self.scalar, "big"), library.ec.SM2())


def verifies(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether a signature is this key's over this message.

    Raises:
        CannotSign: the library is not installed.
    """
    library = _library()
    try:
        public = library.ec.EllipticCurvePublicKey.from_encoded_point(library.ec.SM2(), public_key)
        public.verify(signature, message, library.ec.ECDSA(library.hashes.SM3()))
    except (library.InvalidSignature, library.InternalError, ValueError):  # bytes that are no signature are an internal error to it
        return False
    return True


@dataclass(frozen=True, slots=True)
class _Library:
    ec: Any
    hashes: Any
    serialization: Any
    InvalidSignature: type[Exception]
    InternalError: type[Exception]


def _library() -> _Library:
    """tongsuopy, which is there only where it has a wheel."""
    try:
        from tongsuopy.crypto import hashes, serialization  # noqa: PLC0415
        from tongsuopy.crypto.asymciphers import ec  # noqa: PLC0415
        from tongsuopy.crypto.exceptions import InternalError, InvalidSignature  # noqa: PLC0415
    except ImportError as error:
        message = "SM2 needs the library tongsuopy, which is not installed on this machine"
        raise CannotSign(message) from error
    return _Library(ec, hashes, serialization, InvalidSignature, InternalError)
