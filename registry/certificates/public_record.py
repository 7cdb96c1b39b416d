"""Puts the certificates of an object into the record of its identifier: numbers, hashes, revocations, nothing of what they say."""

from typing import Final
from uuid import UUID

from registry.certificates.models import Certificate, CertificateRevocation
from registry.identifiers.records import instant
from registry.identifiers.services import values_push
from registry.identifiers.values import CERT
from registry.log.canonical import JSON
from registry.rights.models import RegisteredObject
from registry.rights.states import RevocationState

LISTED_MAX: Final = 16
"""Certificates that the value lists, the newest first; of more it says how many there are."""


def certificates_push(registered: RegisteredObject, event: UUID) -> None:
    """Say which certificates an object has, with the event by which they became so."""
    if not registered.identifier:
        return
    issued = Certificate.objects.filter(object=registered)
    done = CertificateRevocation.objects.filter(certificate__object=registered, state=RevocationState.DONE)
    revoked = {row.certificate_id: instant(row.decided_at) for row in done if row.decided_at}
    certificates: list[JSON] = [
        {
            "number": row.number,
            "sha256": row.sha256,
            "issued_at": instant(row.issued_at),
            "revoked_at": revoked.get(row.pk),
        }
        for row in issued.order_by("-issued_at", "-id")[:LISTED_MAX]
    ]
    values_push(
        handle=registered.identifier, values={CERT: {"certificates": certificates, "certificates_total": issued.count()}}, event=event
    )
