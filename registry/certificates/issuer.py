"""The keys with which this installation signs certificates, as its settings name them."""

from __future__ import annotations

from contextlib import suppress
from typing import Final

from django.conf import settings

from registry.base.environment import WrongEnvironment
from registry.base.signing import CannotSign, Ed25519Signer, PinRefused, Pkcs11Signer, PublicKey, Signer, Sm2Signer, key_address

UNSET: Final = "no key signs certificates: set EGRET_CERTIFICATE_SIGNER or EGRET_CERTIFICATE_KEY"


def certificate_signer() -> Signer:
    """The Ed25519 key of credentials and status lists: the one in a device where the settings name one, or else the one in memory.

    Raises:
        CannotSign: none is configured, or not rightly.
    """
    if settings.EGRET_CERTIFICATE_SIGNER:
        return Pkcs11Signer(key_address(settings.EGRET_CERTIFICATE_SIGNER))
    if not settings.EGRET_CERTIFICATE_KEY:
        raise CannotSign(UNSET)
    return Ed25519Signer(bytes.fromhex(settings.EGRET_CERTIFICATE_KEY))


def require_pin() -> None:
    """Refuse to go on with a PIN that the device refuses: every worker would send it once more, and a device locks itself after a few.

    Asked by whatever starts workers (``serve``, Celery), before it does.

    A device that is away stops nothing: it is asked again whenever something is to be signed.

    Raises:
        WrongEnvironment: the device refused the PIN; names the variable.
    """
    if not settings.EGRET_CERTIFICATE_SIGNER:
        return
    with suppress(CannotSign):
        try:
            _ = certificate_signer().public_key
        except PinRefused as error:
            message = f"EGRET_CERTIFICATE_SIGNER names a key that cannot be used: {error}"
            raise WrongEnvironment(message) from error


def sm2_signer() -> Signer | None:
    """The SM2 key of detached signatures; None where the installation has none.

    Raises:
        CannotSign: what is configured is no SM2 key.
    """
    return Sm2Signer(bytes.fromhex(settings.EGRET_SM2_KEY)) if settings.EGRET_SM2_KEY else None


def current_keys() -> list[PublicKey]:
    """The public halves of both, without those that cannot be had right now."""
    found = []
    for signer in (certificate_signer, sm2_signer):
        try:
            key = signer()
            found += [] if key is None else [key.public_key]
        except CannotSign:  # its device is away; what it signed before is listed all the same
            continue
    return found
