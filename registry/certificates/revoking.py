"""Revokes a certificate that was issued in error, by two people; with ``services`` the only writer of the room."""

import re
from typing import Final
from uuid import UUID

from registry.base import clock
from registry.base.actor import Actor, require
from registry.base.errors import BadInput, FourEyes
from registry.base.idempotency import once
from registry.base.limits import TEXT_MAX
from registry.base.transitions import move
from registry.certificates.errors import AlreadyRevoked
from registry.certificates.models import Certificate, CertificateRevocation
from registry.certificates.public_record import certificates_push
from registry.log.services import record
from registry.parties.selectors import require_unaffiliated
from registry.rights.states import REVOCATION_TRANSITIONS, RevocationState

SHA256_HEX: Final = re.compile("[0-9a-f]{64}")


def certificate_revocation_propose(
    *, actor: Actor, certificate_id: UUID, reason: str, evidence_sha256: str, idempotency_key: str
) -> CertificateRevocation:
    """Propose, as a registrar, to revoke a certificate that was issued in error; another person of a registrar does it.

    The rights that it states stay registered: ending one is a revocation of the right, which its certificate follows by itself.
    Writes one ``certificate.revocation_proposed`` event.

    Raises:
        Forbidden: no registrar.
        Affiliated: the holder is the registrar's own organisation or its affiliate.
        AlreadyRevoked: it was revoked before.
        BadInput: no reason, or no SHA-256 of the evidence.
        NotFound: there is no such certificate.
    """
    require(actor, "filing:examine")
    with once(actor, "certificate_revocation_propose", idempotency_key, certificate_id, reason, evidence_sha256) as call:
        if call.replayed:
            return call.result(CertificateRevocation)
        certificate = _decidable(actor, certificate_id)
        told = reason.strip()
        if not 0 < len(told) <= TEXT_MAX:
            raise BadInput("reason", f"1 to {TEXT_MAX} characters")
        if not SHA256_HEX.fullmatch(evidence_sha256):
            raise BadInput("evidenceSha256", "64 lower-case hexadecimal digits")
        row = CertificateRevocation(
            certificate=certificate, reason=told, evidence_sha256=evidence_sha256, registrar_id=actor.acting_for,
            proposed_by=actor.acting_person, proposed_at=clock.now(),
        )  # fmt: skip
        row.save(force_insert=True)
        opened = {"revocation": row.pk, "certificate": certificate.pk, "evidence_sha256": evidence_sha256}
        subject = ("Certificate", certificate.pk)
        record("certificate.revocation_proposed", subject=subject, actor=actor, public=opened, sealed={"reason": told})
        return call.done(row)


def certificate_revoke(*, actor: Actor, revocation_id: UUID, expected_version: int, idempotency_key: str) -> CertificateRevocation:
    """Do what another person proposed: from now on every check says that the certificate is revoked.

    Writes one ``certificate.revoked`` event, without which no certificate is.

    Raises:
        Forbidden: no registrar.
        FourEyes: the same person proposed it.
        Affiliated: the holder is the registrar's own organisation or its affiliate.
        AlreadyRevoked: another proposal was carried out before.
        StaleVersion, IllegalTransition: it was done meanwhile.
        NotFound: there is no such proposal.
    """
    require(actor, "filing:examine")
    with once(actor, "certificate_revoke", idempotency_key, revocation_id, expected_version) as call:
        if call.replayed:
            return call.result(CertificateRevocation)
        row = CertificateRevocation.objects.find(actor, revocation_id, field="revocationId")
        if actor.acting_person == row.proposed_by:
            raise FourEyes(field=("revocationId",))
        certificate, at = _decidable(actor, row.certificate_id, besides=row.pk), clock.now()
        told = {"revocation": row.pk, "certificate": certificate.pk, "number": certificate.number, "revoked_at": at}
        subject = ("Certificate", certificate.pk)
        event = record("certificate.revoked", subject=subject, actor=actor, public=told, sealed={"reason": row.reason})
        decided = {"decided_by": actor.person, "decided_at": at, "event_id": event}
        move(row, to=RevocationState.DONE, expected_version=expected_version, transitions=REVOCATION_TRANSITIONS, **decided)
        certificates_push(certificate.object, event)
        return call.done(row)


def _decidable(actor: Actor, certificate_id: UUID, *, besides: UUID | None = None) -> Certificate:
    """A certificate that the actor may decide on and that no other proposal has revoked; its proposals stay locked until commit."""
    certificate = Certificate.objects.select_related("object").find(actor, certificate_id, field="certificateId")
    require_unaffiliated(actor, certificate.object.owner_id)
    proposals = CertificateRevocation.objects.filter(certificate=certificate).order_by("pk").select_for_update()
    if any(each.state == RevocationState.DONE and each.pk != besides for each in proposals):
        raise AlreadyRevoked(field=("certificateId",) if besides is None else ("revocationId",), number=certificate.number)
    return certificate
