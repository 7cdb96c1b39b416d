"""What a certificate says, in one byte form: a W3C Verifiable Credential before it is secured. Pure.

The same bytes carry every signature, side by side: the Data Integrity proof and the detached one by SM2.

Source: W3C Verifiable Credentials Data Model 2.0; W3C Bitstring Status List 1.0, 2.1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID

from registry.certificates.did import did_web
from registry.log.canonical import canonical
from registry.parties.models import Organisation
from registry.rights.models import Grant, RegisteredObject
from registry.rules.calendar import CHINA

VC_CONTEXT: Final = "https://www.w3.org/ns/credentials/v2"
CONTEXT_PATH: Final = "contexts/certificate-v1"
TYPE: Final = "EgretRegistrationCertificate"
PURPOSES: Final = ("revocation", "suspension")
"""What a certificate's status lists say of it: for good, and for as long as the register grants nothing new in its object."""
SM2_CONTEXT: Final = b"egret-certificate-sm2-v1\n"
"""Comes before the statement under an SM2 signature, so that no other signed text can pass for one."""
NOTE: Final = {
    "en": (
        "Evidence of registration in the Egret register, not a certificate of the national data property-rights registry. "
        "The right arises from law or contract; where this statement and the deposited record differ, the record prevails."
    ),
    "zh": "本证书为白鹭登记系统的登记证明，并非国家数据产权登记凭证。权利依法律或合同产生；本证书与存证记录不一致的，以存证记录为准。",
}
REGISTER: Final = {"zh": "白鹭登记系统", "en": "Egret register"}
"""What the issuer is called while the market has no operator, or its operator no name in one of the languages."""


@dataclass(frozen=True, slots=True)
class Deposit:
    """Where the register's record of the filing stands: the event, its index in the log, and the log's verifier key."""

    event: UUID
    index: int
    log_key: str


@dataclass(frozen=True, slots=True)
class StatusPlace:
    """Where a certificate's status is published: the number of the list and the bit in it, the same for each purpose."""

    list_number: int
    index: int


def statement_of(
    *,
    public_url: str,
    operator: Organisation | None,
    number: str,
    filing_id: UUID,
    registered: RegisteredObject,
    grants: Sequence[Grant],
    deposit: Deposit,
    status: StatusPlace,
    issued_at: datetime,
) -> dict[str, Any]:
    """The statement, as JSON values: big numbers are strings, times are UTC to the second."""
    statement: dict[str, Any] = {
        "@context": [VC_CONTEXT, f"{public_url}/{CONTEXT_PATH}"],
        "id": f"{public_url}/certificates/{number}",
        "type": ["VerifiableCredential", TYPE],
        "issuer": issuer_of(public_url, operator),
        "validFrom": instant(issued_at),
        "credentialStatus": [_status_entry(public_url, purpose, status) for purpose in PURPOSES],
        "credentialSubject": {
            "number": number,
            "object": {
                "id": registered.pk.urn,
                "identifier": registered.identifier,
                "kind": registered.kind,
                "name": registered.name,
                "summary": registered.summary,
            },
            "holder": _holder(registered.owner),
            "rights": [_right(grant) for grant in grants],
            "filing": filing_id.urn,
            "deposit": {"event": deposit.event.urn, "index": str(deposit.index), "log_key": deposit.log_key},
            "note": NOTE,
        },
    }
    if grants:
        last = max(grant.valid.upper for grant in grants)
        statement["validUntil"] = instant(datetime.combine(last, time(), CHINA))
    return statement


def statement_bytes(statement: dict[str, Any]) -> bytes:
    """The one byte form (RFC 8785), which hashes and signatures are over."""
    return canonical(statement)


def sm2_message(statement: bytes) -> bytes:
    """What an SM2 signature is over."""
    return SM2_CONTEXT + statement


def issuer_of(public_url: str, operator: Organisation | None) -> dict[str, Any]:
    """The issuer: its DID, and its name in both languages."""
    names = {"zh": operator.name_zh, "en": operator.name_en} if operator else {}
    said = {language: names.get(language) or default for language, default in REGISTER.items()}
    return {"id": did_web(public_url), "name": [{"@language": language, "@value": said[language]} for language in ("zh", "en")]}


def status_list_url(public_url: str, purpose: str, number: int) -> str:
    """Where a status list is published."""
    return f"{public_url}/certificates/status/{purpose}/{number}"


def instant(at: datetime) -> str:
    """An instant as an XSD dateTimeStamp."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _status_entry(public_url: str, purpose: str, status: StatusPlace) -> dict[str, str]:
    published = status_list_url(public_url, purpose, status.list_number)
    return {
        "id": f"{published}#{status.index}",
        "type": "BitstringStatusListEntry",
        "statusPurpose": purpose,
        "statusListIndex": str(status.index),
        "statusListCredential": published,
    }


def _holder(holder: Organisation) -> dict[str, Any]:
    named = {"id": holder.pk.urn, "name_zh": holder.name_zh, "name_en": holder.name_en}
    return named if holder.uscc is None else {**named, "uscc": holder.uscc}


def _right(grant: Grant) -> dict[str, Any]:
    return {
        "grant": grant.origin_id.urn,
        "kind": grant.kind,
        "exclusive": grant.exclusive,
        "valid_from": grant.valid.lower.isoformat(),
        "last_day": (grant.valid.upper - timedelta(days=1)).isoformat(),
        "scope": grant.scope,
    }
