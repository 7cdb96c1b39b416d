"""Issues certificates, once the deposit they render is in the log."""

import hashlib
import secrets
from datetime import datetime
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction

from registry.base import clock
from registry.base.actor import SYSTEM, Actor, require
from registry.base.ids import uuid7
from registry.certificates.errors import MonthExhausted, NotYetLogged
from registry.certificates.models import SERIAL_MAX, STATUS_LIST_BITS, Certificate, StatedRight, StatusList
from registry.certificates.public_record import certificates_push
from registry.certificates.signing import introduce, signatures_over, signatures_store
from registry.certificates.statements import Deposit, StatusPlace, statement_bytes, statement_of
from registry.log.selectors import logged, proof_of, verifier_key
from registry.log.services import record
from registry.parties.selectors import operator
from registry.rights.models import Grant, RegisteredObject
from registry.rules.calendar import china_date

DRAWS: Final = 32
"""Places that are drawn before a status list counts as full; while a tenth is free, all are taken once in thirty times."""


def certificate_issue(*, actor: Actor, filing_id: UUID, object_id: UUID, deposit_event: UUID) -> Certificate:
    """Issue the certificate of a deposited filing on its object; the same filing gets the same certificate again.

    Writes one ``certificate.issued`` event; before the first one of a key, one ``certificate.key_introduced``.

    Raises:
        Forbidden: neither the platform nor a registrar.
        NotYetLogged: no signed checkpoint covers the deposit.
        MonthExhausted: the month's numbers are used up.
        CannotSign: a configured key or its device cannot be used; nothing is issued.

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
        return _issue(actor, filing_id, registered, Deposit(deposit_event, proof.index, log_key), clock.now())


def _issue(actor: Actor, filing_id: UUID, registered: RegisteredObject, deposit: Deposit, at: datetime) -> Certificate:
    number = _next_number(china_date(at).strftime("%Y%m"))
    place = _status_place(at)
    grants = list(Grant.objects.filter(filing_id=filing_id, recorded__upper_inf=True).order_by("kind", "id"))
    statement = statement_of(
        public_url=settings.EGRET_PUBLIC_URL, operator=operator(), number=number, filing_id=filing_id, registered=registered,
        grants=grants, deposit=deposit, status=place, issued_at=at,
    )  # fmt: skip
    signed = signatures_over(statement, at)
    for each in signed:
        introduce(actor, each.key, at)
    key, stated = uuid7(at), statement_bytes(statement)
    sha256 = hashlib.sha256(stated).hexdigest()
    told = {"certificate": key, "number": number, "filing": filing_id, "object": registered.pk, "sha256": sha256}
    event = record("certificate.issued", subject=("Certificate", key), actor=actor, public=told)
    row = Certificate.objects.create(
        id=key, number=number, filing_id=filing_id, object=registered, deposit_event=deposit.event, statement=stated, sha256=sha256,
        status_list_id=place.list_number, status_index=place.index, issued_at=at, event_id=event,
    )  # fmt: skip
    for grant in grants:
        StatedRight.objects.create(id=uuid7(at), certificate=row, grant=grant)
    signatures_store(row, signed, at)
    certificates_push(registered, event)
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


def _status_place(at: datetime) -> StatusPlace:
    """A free place of the newest status list, drawn so that it says nothing about when or to whom; of a new list when none is found.

    The list's row stays locked until commit, so that no two draw the same place.
    """
    newest = StatusList.objects.order_by("-number").select_for_update().first()
    if newest is not None:
        drawn = [secrets.randbelow(STATUS_LIST_BITS) for _ in range(DRAWS)]
        taken = set(Certificate.objects.filter(status_list=newest, status_index__in=drawn).values_list("status_index", flat=True))
        for index in drawn:
            if index not in taken:
                return StatusPlace(newest.number, index)
    opened = StatusList.objects.create(number=newest.number + 1 if newest else 1, opened_at=at)
    return StatusPlace(opened.number, secrets.randbelow(STATUS_LIST_BITS))
