"""Issues certificates, once the deposit they render is in the log."""

import hashlib
from uuid import UUID

from django.db import connection, transaction

from registry.base import clock
from registry.base.actor import SYSTEM, Actor, require
from registry.base.ids import uuid7
from registry.certificates.errors import MonthExhausted, NotYetLogged
from registry.certificates.models import SERIAL_MAX, Certificate
from registry.certificates.statements import sign, statement_of
from registry.log.selectors import logged, proof_of, verifier_key
from registry.log.services import record
from registry.rights.models import Grant, RegisteredObject
from registry.rules.calendar import china_date


def certificate_issue(*, actor: Actor, filing_id: UUID, object_id: UUID, deposit_event: UUID) -> Certificate:
    """Issue the certificate of a deposited filing on its object; the same filing gets the same certificate again.

    Writes one ``certificate.issued`` event.

    Raises:
        Forbidden: neither the platform nor a registrar.
        NotYetLogged: no signed checkpoint covers the deposit.
        MonthExhausted: the month's numbers are used up.

    Source: Data Property-Rights Registration Guideline (trial, 2026), art. 26 and 27.
    """
    if actor is not SYSTEM:
        require(actor, "filing:examine")
    proof, log_key = (proof_of(deposit_event), verifier_key()) if logged(deposit_event) else (None, None)
    if proof is None or log_key is None:
        raise NotYetLogged
    registered = RegisteredObject.objects.select_related("owner").get(pk=object_id)
    earlier = Certificate.objects.filter(filing_id=filing_id).first()
    if earlier is not None:
        return earlier
    with transaction.atomic():
        issued_at = clock.now()
        number = _next_number(china_date(issued_at).strftime("%Y%m"))
        grants = list(Grant.objects.filter(filing_id=filing_id, recorded__upper_inf=True).order_by("kind", "id"))
        statement = statement_of(
            number=number,
            filing_id=filing_id,
            registered=registered,
            grants=grants,
            deposit=(deposit_event, proof.index),
            log_key=log_key,
            issued_at=issued_at,
        )
        signature, public_key = sign(statement)
        row = Certificate.objects.create(
            id=uuid7(issued_at),
            number=number,
            filing_id=filing_id,
            object=registered,
            deposit_event=deposit_event,
            statement=statement,
            sha256=hashlib.sha256(statement).hexdigest(),
            signature=signature,
            public_key=public_key,
            issued_at=issued_at,
        )
        told = {"certificate": row.pk, "number": number, "filing": row.filing_id, "object": registered.pk, "sha256": row.sha256}
        record("certificate.issued", subject=("Certificate", row.pk), actor=actor, public=told)
    return row


def _next_number(month: str) -> str:
    """The next number of a month; the counter's row stays locked until commit, so that a number that is not used is given again."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO registry_certificates_counter (month, last) VALUES (%s, 1)"
            " ON CONFLICT (month) DO UPDATE SET last = registry_certificates_counter.last + 1"
            " WHERE registry_certificates_counter.last < %s RETURNING last",
            [month, SERIAL_MAX],
        )
        row = cursor.fetchone()
    if row is None:
        raise MonthExhausted(month=month)
    return f"EGR-{month}-{row[0]:04d}"
