"""Deals in a given state, and complaints of them, for the tests of oversight."""

from datetime import timedelta
from typing import Any

from marketplace.deals.models import Deal
from marketplace.oversight.services import complaint_file
from pricing.fees.models import PublishedSchedule
from pricing.quotes.models import Quote
from registry.base import clock
from tests.marketplace.screening import market as m


def requested(of: m.Market, **changed: Any) -> Deal:
    """A deal of the market's buyer, in a state if one is given."""
    now, offer = clock.now(), m.offered(of)
    quote = Quote.objects.create(
        plan=offer.plan,
        offer_id=offer.pk,
        buyer=of.buyer.organisation,
        seller=of.seller.organisation,
        verb="buy",
        inputs={},
        inputs_digest=m.DIGEST,
        amount_minor=120_000,
        currency="CNY",
        answer={},
        created_at=now,
        expires_at=now + timedelta(days=7),
    )
    schedule, _ = PublishedSchedule.objects.get_or_create(
        number=9, defaults={"effective_from": now, "platform_ppm": 1, "institution_ppm": 1, "gateway_ppm": 1, "gateway_fixed_minor": 0}
    )
    deal = Deal.objects.create(
        seller=of.seller.organisation,
        buyer=of.buyer.organisation,
        institution=of.institution.organisation,
        offer=offer,
        quote=quote,
        fee_schedule=schedule,
        consideration="FIXED",
        amount_minor=120_000,
        currency="CNY",
        purpose=m.PURPOSE,
        terms={"clauses": {}},
        terms_bytes=b"{}",
        terms_hash=m.DIGEST,
        requested_at=now,
    )
    Deal.objects.filter(pk=deal.pk).update(**changed)
    deal.refresh_from_db()
    return deal


def file(of, subject, *, by=None, kind="Deal", text="Half the rows are missing", key=None):
    return complaint_file(actor=(by or of.buyer).actor, subject_type=kind, subject_id=subject.pk, text=text, idempotency_key=key or m.key())
