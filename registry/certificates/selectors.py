"""Reads certificates and checks them: signature, and the deposit's place in the log."""

from dataclasses import dataclass

from django.db.models import QuerySet

from registry.base.actor import Actor
from registry.certificates.models import Certificate
from registry.certificates.statements import genuine, issuer_key
from registry.log.models import Entry
from registry.log.selectors import Proof, proof_of


@dataclass(frozen=True, slots=True)
class Check:
    """What checking a certificate showed.

    Attributes:
        signature_valid: the statement is as it was signed, by the key of this installation.
        deposit: the log entry of the deposit.
        proof: that the entry is in the log, under the latest checkpoint.
    """

    certificate: Certificate
    signature_valid: bool
    deposit: Entry | None
    proof: Proof | None


def certificate_page(*, actor: Actor, number: str | None = None) -> QuerySet[Certificate]:
    """Certificates that the actor may see, the one with a number if asked."""
    rows = Certificate.objects.visible_to(actor)
    return rows if number is None else rows.filter(number=number)


def certificate_check(*, actor: Actor, number: str) -> Check | None:
    """Check the certificate with a number; None where there is none that the actor may see."""
    row = certificate_page(actor=actor, number=number).first()
    if row is None:
        return None
    signed = genuine(bytes(row.statement), bytes(row.signature), bytes(row.public_key))
    deposit = Entry.objects.visible_to(actor).filter(pk=row.deposit_event).first()
    return Check(row, signed and bytes(row.public_key) == issuer_key(), deposit, proof_of(row.deposit_event))
