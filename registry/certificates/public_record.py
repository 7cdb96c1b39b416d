"""Puts the certificates of an object into the record of its identifier: numbers and hashes, nothing of what they say."""

from typing import Final
from uuid import UUID

from registry.certificates.models import Certificate
from registry.identifiers.records import instant
from registry.identifiers.services import values_push
from registry.identifiers.values import CERT
from registry.log.canonical import JSON
from registry.rights.models import RegisteredObject

LISTED_MAX: Final = 16
"""Certificates that the value lists, the newest first; of more it says how many there are."""


def certificates_push(registered: RegisteredObject, event: UUID) -> None:
    """Say which certificates an object has, with the event by which they became so."""
    if not registered.identifier:
        return
    issued = Certificate.objects.filter(object=registered)
    certificates: list[JSON] = [
        {"number": row.number, "sha256": row.sha256, "issued_at": instant(row.issued_at)}
        for row in issued.order_by("-issued_at", "-id")[:LISTED_MAX]
    ]
    values_push(
        handle=registered.identifier, values={CERT: {"certificates": certificates, "certificates_total": issued.count()}}, event=event
    )
