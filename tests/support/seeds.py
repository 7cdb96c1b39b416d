"""Rows of every room for tests that look at the whole market, made by the real services; a new room adds one function to SEEDS."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from registry.base import clock
from registry.base.actor import PartyKind
from registry.base.ids import uuid7
from registry.base.jobs import job_start
from registry.log.integrator import integrate
from registry.parties.models import Affiliation
from registry.parties.services import affiliation_declare, sector_permit_file
from registry.rules.calendar import china_date
from tests.support.graphql import Client
from tests.support.parties import AUTHORITY, admit, colleague, register_key

if TYPE_CHECKING:
    from collections.abc import Callable


def parties() -> None:
    """An organisation of each kind with two people and a signing key; two merchants, affiliated, one with a permit; jobs."""
    admitted = {kind: admit(kind, name=kind.value.title()) for kind in PartyKind}
    for party in admitted.values():
        register_key(colleague(party, authority=AUTHORITY))
        job_start(actor=party.actor, kind="test", params={})
    other = admit(PartyKind.MERCHANT, PartyKind.BUYER, name="Other")
    first = admitted[PartyKind.MERCHANT]
    affiliation_declare(
        actor=first.actor,
        organisation_id=first.organisation.pk,
        other_id=other.organisation.pk,
        basis=Affiliation.Basis.COMMON_CONTROL,
        idempotency_key=secrets.token_hex(8),
    )
    today = china_date(clock.now())
    sector_permit_file(
        actor=other.actor,
        sector="WEATHER",
        number="W-1",
        valid_from=today,
        valid_until=today + timedelta(days=300),
        document_sha256=AUTHORITY,
        idempotency_key=secrets.token_hex(8),
    )


def filings() -> None:
    """One filing taken to its certificate, with its object, rights, verdict and findings; needs the demo clock."""
    from tests.support.filings import certified, office  # noqa: PLC0415 so that one broken room breaks its own seed only

    certified(office())


def deliveries() -> None:
    """A file, bought, with its asset and entitlement."""
    from tests.marketplace.delivery.bought import bought  # noqa: PLC0415 as above

    bought()


def offers() -> None:
    """A listing with an offer and a plan, its papers, a disputed one that was referred, an entry of the open list, a price ceiling."""
    from marketplace.screening.services import screen_listing  # noqa: PLC0415 as above
    from registry.rights.services import hold_place  # noqa: PLC0415 as above
    from registry.rights.states import HoldKind  # noqa: PLC0415 as above
    from tests.marketplace.screening import market as m  # noqa: PLC0415 as above

    clean = m.market()
    m.offered(clean)
    m.profiled(clean)
    m.consented(clean)
    m.assessed(clean, clean.buyer)
    bureau = admit(PartyKind.PUBLIC_BODY, name="Open data bureau")
    m.opened(clean.registered, bureau)
    m.capped(m.register(clean.seller, **m.AUTHORISED), bureau, 100_000)
    disputed = m.market()
    hold_place(
        actor=disputed.regulator.actor,
        object_id=disputed.registered.pk,
        kind=HoldKind.DISPUTE,
        reason="Claimed",
        idempotency_key=secrets.token_hex(8),
    )
    screen_listing(actor=disputed.seller.actor, subject=m.listing(disputed))


def money() -> None:
    """An escrow that was funded, and the accounts and the entry behind it."""
    from pricing.money import Money  # noqa: PLC0415 as above
    from settlement.escrow.services import escrow_await, escrow_lock, escrow_open  # noqa: PLC0415 as above

    buyer, institution = admit(PartyKind.BUYER, name="Payer"), admit(PartyKind.INSTITUTION, name="Escrow house")
    deal, amount = uuid7(), Money.of(120_000, "CNY")
    escrow_open(deal_id=deal, payer_id=buyer.organisation.pk, institution_id=institution.organisation.pk, amount=amount)
    escrow_await(deal_id=deal)
    escrow_lock(deal_id=deal, gateway_reference="ch_1", received=amount)


def refusals() -> None:
    """An access that was refused and written down."""
    Client(token=admit(PartyKind.BUYER, name="Curious").token).mutate(
        "feeSchedulePublish", platformPpm=1, institutionPpm=1, gatewayPpm=1, gatewayFixedMinor="1", idempotencyKey="k"
    )


def log() -> None:
    """Everything so far sequenced, under a checkpoint."""
    integrate()


SEEDS: Final[tuple[Callable[[], None], ...]] = (parties, filings, deliveries, offers, money, refusals, log)
