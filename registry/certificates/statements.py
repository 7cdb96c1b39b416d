"""What a certificate says, in one byte form, and its signature: pure but for the key."""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings

from registry.log.canonical import canonical
from registry.rights.models import Grant, RegisteredObject

CONTEXT: Final = b"egret-certificate-v1\n"
"""Comes before the statement under the signature, so that no other signed text can pass for one."""
NOTE: Final = {
    "en": (
        "Evidence of registration in the Egret register, not a certificate of the national data property-rights registry. "
        "The right arises from law or contract; where this statement and the deposited record differ, the record prevails."
    ),
    "zh": "本证书为白鹭登记系统的登记证明，并非国家数据产权登记凭证。权利依法律或合同产生；本证书与存证记录不一致的，以存证记录为准。",
}


def statement_of(
    *,
    number: str,
    filing_id: UUID,
    registered: RegisteredObject,
    grants: list[Grant],
    deposit: tuple[UUID, int],
    log_key: str,
    issued_at: datetime,
) -> bytes:
    """The canonical bytes of a certificate's statement; ``deposit`` is the event and its place in the log that ``log_key`` signs."""
    holder = registered.owner
    statement: dict[str, Any] = {
        "type": "egret.certificate",
        "version": 1,
        "number": number,
        "object": {
            "id": str(registered.pk),
            "identifier": registered.identifier,
            "kind": registered.kind,
            "name": registered.name,
            "summary": registered.summary,
        },
        "holder": {"id": str(holder.pk), "name_zh": holder.name_zh, "name_en": holder.name_en, "uscc": holder.uscc},
        "rights": [_right(grant) for grant in grants],
        "filing": str(filing_id),
        "deposit": {"event": str(deposit[0]), "index": str(deposit[1]), "log_key": log_key},
        "issued_at": issued_at.isoformat(),
        "note": NOTE,
    }
    return canonical(statement)


def sign(statement: bytes) -> tuple[bytes, bytes]:
    """The signature of a statement and the public key that checks it (Ed25519)."""
    key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(settings.EGRET_CERTIFICATE_KEY))
    return key.sign(CONTEXT + statement), key.public_key().public_bytes_raw()


def genuine(statement: bytes, signature: bytes, public_key: bytes) -> bool:
    """Whether a signature is this key's over this statement."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, CONTEXT + statement)
    except (InvalidSignature, ValueError):
        return False
    return True


def issuer_key() -> bytes:
    """The public key with which this installation signs."""
    key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(settings.EGRET_CERTIFICATE_KEY))
    return key.public_key().public_bytes_raw()


def _right(grant: Grant) -> dict[str, Any]:
    return {
        "grant": str(grant.origin_id),
        "kind": grant.kind,
        "exclusive": grant.exclusive,
        "valid_from": grant.valid.lower.isoformat(),
        "last_day": (grant.valid.upper - timedelta(days=1)).isoformat(),
        "scope": grant.scope,
    }
