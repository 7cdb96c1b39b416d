"""Private keys behind one interface: whoever signs says with what algorithm and key, and never how the key is kept."""

from registry.base.signing.ed25519 import Ed25519Signer
from registry.base.signing.keys import Algorithm, CannotSign, PinRefused, PublicKey, Signer
from registry.base.signing.multibase import NotMultibase, base58btc, from_base58btc, multikey
from registry.base.signing.pkcs11 import Pkcs11Signer
from registry.base.signing.pkcs11_uri import KeyAddress, key_address
from registry.base.signing.sm2 import SM2_USER_ID, Sm2Signer
from registry.base.signing.verification import is_signed

__all__ = [
    "SM2_USER_ID",
    "Algorithm",
    "CannotSign",
    "Ed25519Signer",
    "KeyAddress",
    "NotMultibase",
    "PinRefused",
    "Pkcs11Signer",
    "PublicKey",
    "Signer",
    "Sm2Signer",
    "base58btc",
    "from_base58btc",
    "is_signed",
    "key_address",
    "multikey",
]
