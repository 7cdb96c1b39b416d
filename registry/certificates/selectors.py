"""Reads certificates and checks them: signatures, and the deposit's place in the log."""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from registry.base.actor import Actor
from registry.base.signing import SM2_USER_ID, CannotSign, PublicKey
from registry.base.strict_json import read_json
from registry.certificates.data_integrity import with_proof
from registry.certificates.events import CERTIFICATE_ISSUED
from registry.certificates.issuer import current_keys
from registry.certificates.models import Certificate, CertificateRevocation, CertificateSignature, IssuerKey, Suite
from registry.certificates.signing import signature_holds
from registry.certificates.statements import SM2_CONTEXT
from registry.certificates.status import Status, status_of
from registry.log.models import Entry, Outbox
from registry.log.selectors import Proof, proof_of
from registry.rights.states import RevocationState


@dataclass(frozen=True, slots=True)
class Check:
    """What checking a certificate showed.

    Attributes:
        signature_valid: the statement is as it was signed, by keys that this installation introduced in its log, and the event of its
            issue names it: a key that was stolen signs as well, but writes no event. A signature that cannot be checked on this
            machine, for want of its library, counts as not valid.
        status: what the certificate is worth now.
        deposit: the log entry of the deposit.
        proof: that the entry is in the log, under the latest checkpoint.
    """

    certificate: Certificate
    signature_valid: bool
    status: Status
    deposit: Entry | None
    proof: Proof | None


def certificate_page(*, actor: Actor, number: str | None = None) -> QuerySet[Certificate]:
    """Certificates that the actor may see, the one with a number if asked."""
    rows = Certificate.objects.visible_to(actor)
    return rows if number is None else rows.filter(number=number)


def revocation_page(*, actor: Actor, state: str | None = None) -> QuerySet[CertificateRevocation]:
    """Revocations of certificates that the actor may see, in one state if asked."""
    rows = CertificateRevocation.objects.visible_to(actor)
    return rows if state is None else rows.filter(state=state)


def certificate_check(*, actor: Actor, number: str) -> Check | None:
    """Check the certificate with a number; None where there is none that the actor may see."""
    row = certificate_page(actor=actor, number=number).first()
    if row is None:
        return None
    deposit = Entry.objects.visible_to(actor).filter(pk=row.deposit_event).first()
    return Check(row, _signed_by_us(row) and _issued_as(row), status_of(row), deposit, proof_of(row.deposit_event))


def credential_of(certificate: Certificate) -> dict[str, Any]:
    """The secured credential: the statement with its Data Integrity proof.

    Raises:
        CertificateSignature.DoesNotExist: the certificate has no such proof.
    """
    signature = certificate.signatures.get(suite=Suite.EDDSA_JCS_2022)
    return with_proof(read_json(bytes(certificate.statement)), signature.proof or {}, bytes(signature.value))


def sm2_signature_of(certificate: Certificate) -> dict[str, Any] | None:
    """The detached SM2 signature with all that a verifier needs beside the statement; None where there is none.

    Signed are the UTF-8 bytes of ``context`` and then those of the statement, by SM2 with SM3 (GB/T 32918.2) under ``user_id``.
    """
    signature = certificate.signatures.filter(suite=Suite.SM2_SM3).first()
    if signature is None:
        return None
    return {
        "number": certificate.number,
        "algorithm": signature.key.algorithm.value,
        "context": SM2_CONTEXT.decode(),
        "sha256": certificate.sha256,
        "user_id": SM2_USER_ID,
        "key_id": signature.key_id,
        "public_key": bytes(signature.public_key).hex(),
        "signature": bytes(signature.value).hex(),
    }


def issuer_keys() -> list[PublicKey]:
    """Every key that ever signed here, in the order in which they were introduced, and last those about to."""
    introduced = [row.key for row in IssuerKey.objects.order_by("introduced_at", "algorithm", "pk")]
    return [*introduced, *(key for key in current_keys() if key not in introduced)]


def revoked_among(certificates: Iterable[Certificate]) -> set[UUID]:
    """Those that were revoked as issued in error; that they were is public, whoever proposed it and why is not."""
    done = CertificateRevocation.objects.filter(certificate__in=list(certificates), state=RevocationState.DONE)
    return set(done.values_list("certificate_id", flat=True))


def signatures_of(certificate: Certificate) -> list[CertificateSignature]:
    """The signatures of a certificate, by suite."""
    return list(certificate.signatures.order_by("suite"))


def _signed_by_us(certificate: Certificate) -> bool:
    signatures = signatures_of(certificate)
    ours = {row.key for row in IssuerKey.objects.all()}
    try:
        held = [each.key in ours and signature_holds(bytes(certificate.statement), each) for each in signatures]
    except CannotSign:
        return False
    return bool(held) and all(held)


def _issued_as(certificate: Certificate) -> bool:
    """Whether the event of its issue, in the log or on its way there, names this statement."""
    schema, event = CERTIFICATE_ISSUED.name, certificate.event_id
    waiting = Outbox.objects.filter(event=event, schema=schema)  # asked first, since from there it goes into the log
    issue = next((row.body for rows in (waiting, Entry.objects.filter(pk=event, schema=schema)) for row in rows), None)
    if issue is None:
        return False
    told = read_json(bytes(issue))["data"]
    return (told["number"], told["sha256"]) == (certificate.number, sha256(bytes(certificate.statement)).hexdigest())
