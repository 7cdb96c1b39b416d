"""Verifies with whatever algorithm a key names."""

from __future__ import annotations

from typing import Final

from registry.base.signing import ed25519, sm2
from registry.base.signing.keys import Algorithm, PublicKey

_VERIFIERS: Final = {Algorithm.ED25519: ed25519.verifies, Algorithm.SM2_SM3: sm2.verifies}


def is_signed(key: PublicKey, message: bytes, signature: bytes) -> bool:
    """Whether a signature over a message is by this key; malformed keys and signatures are simply not.

    Raises:
        CannotSign: the algorithm's library is not installed.
    """
    return _VERIFIERS[key.algorithm](key.raw, message, signature)
