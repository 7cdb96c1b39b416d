"""Rows of every room for tests that look at the whole market, made by the real services; a new room adds one function to SEEDS."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from registry.base import clock
from registry.base.actor import Actor, PartyKind, scopes_for
from registry.base.ids import uuid7
from registry.base.jobs import job_start
from registry.log.integrator import integrate
from registry.parties.models import Affiliation
from registry.parties.selectors import first_person, operator
from registry.parties.services import affiliation_declare, api_key_issue, sector_permit_file
from registry.rules.calendar import china_date
from tests.support.graphql import Client
from tests.support.parties import AUTHORITY, Party, admit, colleague, register_key

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.trade import World


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
    """One filing taken to its certificate, which somebody proposes to revoke; with object, rights, verdict, findings; on the demo clock."""
    from registry.certificates.revoking import certificate_revocation_propose  # noqa: PLC0415 so that one broken room breaks its own seed only
    from tests.support.filings import certified, office  # noqa: PLC0415 as above

    of = office()
    certificate_revocation_propose(
        actor=of.first,
        certificate_id=certified(of).certificate_id,
        reason="wrong name",
        evidence_sha256=AUTHORITY,
        idempotency_key=secrets.token_hex(8),
    )


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


def trades() -> None:
    """A settled deal with its charge and voucher; a file of inputs, and advice about a plan; needs the demo clock."""
    import json  # noqa: PLC0415 as above

    from pricing.advice.tasks import run_once  # noqa: PLC0415 as above
    from pricing.engines.catalogue import catalogue  # noqa: PLC0415 as above
    from tests.listings import shop  # noqa: PLC0415 as above
    from tests.support import trade  # noqa: PLC0415 as above

    with trade.acting() as gateway:
        market = trade.world(gateway, operator=operating())
        trade.settled(market)
        example = catalogue()["cost"].examples[0]
        given = {"verb": "appraise", "appraiser": "Appraisers", "valuedOn": "2026-06-30", "inputs": json.dumps(example.inputs)}
        advising = shop.plan(market.seller.client, json.dumps(example.params), "cost")
        asked = {"aboutId": market.flat.offer.plan, "planId": advising, "idempotencyKey": shop.key(), **given}
        assert market.seller.client.mutate("adviceRequest", "advice { id }", **asked).ok
        run_once()
        assert market.buyer.client.mutate("pricingInputStage", "inputFile { id }", size=2, idempotencyKey=shop.key()).ok
        joint_income(market)
        bidding(market)


def operating() -> Party:
    """The market's operator, with a key for its first person."""
    organisation = operator()
    assert organisation is not None
    person, kinds = first_person(organisation.pk), frozenset({PartyKind.OPERATOR})
    actor = Actor(person=person.pk, organisation=organisation.pk, kinds=kinds, scopes=scopes_for(kinds))
    until = clock.now() + timedelta(days=30)
    issued = api_key_issue(actor=actor, person_id=person.pk, scopes=actor.scopes, expires_at=until, idempotency_key=secrets.token_hex(8))
    assert issued.secret is not None
    return Party(organisation, person, actor, issued.secret)


def joint_income(market: World) -> None:
    """A split in force between two makers, and one that waits for a consent."""
    from tests.support import trade  # noqa: PLC0415 as above
    from tests.support.splitting import consented, proposed  # noqa: PLC0415 as above

    maker = trade.trader(PartyKind.MERCHANT, name="Maker", by=market.institution)
    consented(maker, proposed(market.seller, market.flat.object, maker))
    trade.relay()
    proposed(market.seller, market.flat.object, maker)


def bidding(market: World) -> None:
    """A two-sided round with a rival seller, cleared into an award with a surplus, and one with a bid that is still sealed."""
    from tests.support import rounds as r  # noqa: PLC0415 as above

    rule = {"currency": "CNY", "rule": "mcafee"}
    own, theirs = r.on_sale(market, "exchange", rule), r.rival_of(market, rule)
    charity = admit(PartyKind.PUBLIC_BODY, name="Charity").organisation
    held = r.opened(market, own, surplusToId=charity)
    for shelf, asked in ((own, "3.00"), (theirs, "7.90")):
        assert r.ask(shelf.owner.client, held, shelf.offer, {"ask": asked}).ok
    for buyer, bid in ((market.buyer, "9.00"), (market.other, "8.00")):
        assert r.place(buyer.client, held, {"bid": bid}).ok
    assert r.cleared().state == "CLEARED"
    still = r.opened(market, r.on_sale(market))
    assert r.place(market.other.client, still, {"bid": "2.00"}).ok


def refusals() -> None:
    """An access that was refused and written down."""
    Client(token=admit(PartyKind.BUYER, name="Curious").token).mutate(
        "feeSchedulePublish", platformPpm=1, institutionPpm=1, gatewayPpm=1, gatewayFixedMinor="1", idempotencyKey="k"
    )


def log() -> None:
    """Everything so far sequenced, under a checkpoint."""
    integrate()


SEEDS: Final[tuple[Callable[[], None], ...]] = (parties, filings, deliveries, offers, money, trades, refusals, log)
