"""Publishes fee schedules and divides an amount by the one in force."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import connection
from django.db.models import Max

from pricing.fees.arithmetic import Division, Fee, FeeSchedule, Parties, Rate, TaxRule, divide
from pricing.fees.chain import ShareTerm
from pricing.fees.models import PublishedSchedule
from pricing.fees.selectors import schedule_current
from pricing.money import PPM, Money
from registry.base import clock
from registry.base.actor import Actor, require
from registry.base.errors import BadInput
from registry.base.idempotency import once
from registry.log.services import record

PLATFORM: Final = UUID(int=0)
"""The market itself, as a payee."""

TAX_AUTHORITY: Final = UUID(int=1)
"""Where withheld tax waits to be paid over."""

PUBLISHING_LOCK: Final = 0x6665_6573
"""The word "fees" in ASCII: whoever publishes a schedule holds this lock until its transaction ends."""


def fee_schedule_publish(
    *,
    actor: Actor,
    platform_ppm: int,
    institution_ppm: int,
    gateway_ppm: int,
    gateway_fixed_minor: int,
    effective_from: datetime | None,
    idempotency_key: str,
) -> PublishedSchedule:
    """Publish a new version of the fees; deals signed before keep theirs.

    Writes one ``fee_schedule.published`` event.

    Raises:
        BadInput: rates outside 0..1,000,000 ppm, together above the amount, or an effect in the past.
    """
    require(actor, "fee:write")
    rates = {"platformPpm": platform_ppm, "institutionPpm": institution_ppm, "gatewayPpm": gateway_ppm}
    for name, rate in rates.items():
        if not 0 <= rate <= PPM:
            raise BadInput(name, f"0 to {PPM} parts per million")
    if platform_ppm + institution_ppm > PPM:
        raise BadInput("institutionPpm", "platform and institution together take at most the amount")
    if gateway_fixed_minor < 0:
        raise BadInput("gatewayFixedMinor", "not negative")
    with once(actor, "fee_schedule_publish", idempotency_key, list(rates.values()), gateway_fixed_minor, effective_from) as call:
        if call.replayed:
            return call.result(PublishedSchedule)
        now = clock.now()
        if effective_from is not None and effective_from < now:  # a repeat of the call may well come later
            raise BadInput("effectiveFrom", "not in the past")
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [PUBLISHING_LOCK])  # two at once would take the same number
        number = (PublishedSchedule.objects.aggregate(latest=Max("number"))["latest"] or 0) + 1
        schedule = PublishedSchedule.objects.create(
            number=number,
            effective_from=effective_from or now,
            platform_ppm=platform_ppm,
            institution_ppm=institution_ppm,
            gateway_ppm=gateway_ppm,
            gateway_fixed_minor=gateway_fixed_minor,
        )
        fields = ("number", "effective_from", "platform_ppm", "institution_ppm", "gateway_ppm", "gateway_fixed_minor", "tax_ppm")
        public = {name: getattr(schedule, name) for name in fields}
        record("fee_schedule.published", subject=("FeeSchedule", schedule.pk), actor=actor, public={"schedule": schedule.pk, **public})
        return call.done(schedule)


def division_of(
    *,
    amount: Money,
    seller_id: UUID,
    institution_id: UUID,
    terms: tuple[ShareTerm, ...],
    schedule: PublishedSchedule | None = None,
    surplus: tuple[str, int] | None = None,
    joint: Callable[[int], Sequence[tuple[str, int]]] | None = None,
) -> Division:
    """Divide an amount into fees, taxes and shares by a schedule (default: the one in force); see ``Parties`` for surplus and joint.

    Listings, quotes and settlement all call this, so that what a seller is shown is what it gets.
    """
    schedule = schedule or schedule_current()
    taxes = {kind: TaxRule(str(TAX_AUTHORITY), ppm) for kind, ppm in schedule.tax_ppm.items()}
    return divide(
        amount_minor=amount.minor,
        currency=amount.currency,
        schedule=FeeSchedule(
            platform=Fee(str(PLATFORM), Rate(schedule.platform_ppm)),
            institution=Fee(str(institution_id), Rate(schedule.institution_ppm)),
            gateway=Fee(str(PLATFORM), Rate(schedule.gateway_ppm, fixed_minor=schedule.gateway_fixed_minor)),
        ),
        parties=Parties(seller=str(seller_id), terms=terms, kinds={}, taxes=taxes, surplus=surplus, joint=joint),
    )
