"""A small market in which whole deals are made: through GraphQL over HTTP, the real services, and relays called one round at a time."""

from __future__ import annotations

import hashlib
import json
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from django.conf import settings
from django.core.files.storage import storages
from django.test import Client as DjangoClient
from django.test import override_settings

from listings.products.models import Offer
from listings.resources.paper_services import source_statement_file
from marketplace.deals.models import Deal
from marketplace.deals.tasks import run_once as deals
from marketplace.delivery.tasks import run_once as delivery
from pricing.rounds.tasks import run_once as rounds
from pricing.splits.tasks import run_once as splits
from registry.base.actor import SYSTEM, PartyKind
from registry.log.integrator import integrate
from registry.log.models import Entry, Leaf, LogState
from registry.log.selectors import _trees
from registry.rights.ending import end
from registry.rights.models import Grant
from settlement.payments import services as payments
from settlement.payments.models import Charge
from settlement.payments.tasks import run_once as charges
from tests.listings import shop
from tests.marketplace.screening import market as m
from tests.support.events import waiting
from tests.support.gateway import GOOD_CARD, RecordingGateway
from tests.support.graphql import Client, Payload
from tests.support.parties import Party, admit, register_key, text, verify

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from registry.parties.models import SigningKey
    from registry.rights.models import RegisteredObject

PURPOSE: Final = "delay statistics in a travel app"
PLATFORM_PPM: Final = 20_000
INSTITUTION_PPM: Final = 10_000
SHARE_PPM: Final = 300_000
DERIVING: Final = {"derive": True, "provideDerived": True, "territory": "CN"}
STATE: Final = "deal { id state version }"
SIGNING: Final = "query($id: ID!, $side: DealSide!) { node(id: $id) { ... on Deal { version signingText(side: $side) } } }"
ROUNDS_MAX: Final = 20
YEAR: Final = timedelta(days=365)
MONTH: Final = timedelta(days=30)
LOOK: Final = timedelta(hours=1)  # before the gateway is asked without its word: longer than any test, so that none waits into it


@dataclass(frozen=True)
class Trader:
    """One person of one organisation with an API key and, kept here alone, the private half of a signing key."""

    party: Party
    client: Client
    private: Ed25519PrivateKey
    key: SigningKey

    @property
    def id(self) -> UUID:
        """The organisation's key."""
        return self.party.organisation.pk


@dataclass(frozen=True)
class Shelf:
    """What one trader offers: the object, the listing's id, the offer, and the file behind it."""

    owner: Trader
    object: RegisteredObject
    listing: str
    offer: Offer
    content: bytes

    @property
    def sha256(self) -> str:
        """Of the file."""
        return shop.sha256(self.content)


@dataclass(frozen=True)
class World:
    """Everybody who takes part, and what is on sale: `flat` for a price, `licence` for a share of income."""

    operator: Party
    institution: Party
    regulator: Party
    seller: Trader
    buyer: Trader
    other: Trader
    flat: Shelf
    gateway: RecordingGateway


@dataclass(frozen=True)
class Trade:
    """One deal between a shelf's owner and a buyer."""

    world: World
    shelf: Shelf
    buyer: Trader
    id: str
    uuid: UUID

    @property
    def deal(self) -> Deal:
        """Its row as it is now."""
        return Deal.objects.get(pk=self.uuid)

    @property
    def seller(self) -> Trader:
        """The other side."""
        return self.shelf.owner

    def step(self, client: Client, name: str, fields: str = STATE, **given: Any) -> Payload:
        """One mutation on the deal at its present version, with a fresh key unless given."""
        stated = {"dealId": self.id, "expectedVersion": self.deal.version, "idempotencyKey": shop.key()}
        return client.mutate(name, fields, **{**stated, **given})


@contextmanager
def recording(configured: Any) -> Iterator[RecordingGateway]:
    """A gateway of this process in the place of the configured one."""
    configured.STRIPE_API_KEY, configured.STRIPE_WEBHOOK_SECRET = "sk_test_recording", "whsec_unused"
    recorder, real, look = RecordingGateway(), payments.StripeGateway, payments.LOOK_AFTER
    payments.gateway.cache_clear()
    payments.StripeGateway, payments.LOOK_AFTER = (lambda _config: recorder), LOOK
    try:
        assert payments.gateway() is recorder
        yield recorder
    finally:
        payments.StripeGateway, payments.LOOK_AFTER = real, look
        payments.gateway.cache_clear()


def trader(*kinds: PartyKind, name: str, by: Party) -> Trader:
    """Admit an organisation, have it verified, and register a signing key for its first person."""
    party = admit(*kinds, name=name)
    verify(party, by=by)
    private, key = register_key(party.actor)
    return Trader(party, Client(token=party.token), private, key)


def registered(owner: Trader, *relied: Grant) -> RegisteredObject:
    """An object of the owner with all three rights and a stated source, derived if it relies on licences."""
    days = (min(grant.valid.upper for grant in relied) - m.today()).days if relied else 5 * 365
    thing = m.register(owner.party, *relied, days=days)
    stated = {"statement": "Own sensors", "evidence_sha256": m.DIGEST, "idempotency_key": m.key()}
    source_statement_file(actor=owner.party.actor, object_id=thing.pk, **stated)
    return thing


def shelved(
    owner: Trader,
    thing: RegisteredObject,
    *,
    price: str | None = None,
    share_ppm: int = SHARE_PPM,
    content: bytes = shop.CSV,
    plan: str | None = None,
    months: int = 12,
) -> Shelf:
    """Put an object's file on sale: for a price, by a plan, or without either as a licence to derive for a share of income."""
    asset = shop.ready(owner.client, content, object_=thing)
    listing = shop.drafted(owner.client, thing, asset=asset)
    offer = offered(owner, listing, 1, price=price, share_ppm=share_ppm, plan=plan, months=months)
    published = shop.publish(owner.client, listing, 2)
    assert published["listing"]["state"] == "LISTED"
    return Shelf(owner, thing, listing, offer, content)


def offered(
    owner: Trader,
    listing: str,
    expected: int,
    *,
    price: str | None = None,
    share_ppm: int = SHARE_PPM,
    exclusive: bool = False,
    plan: str | None = None,
    months: int = 12,
) -> Offer:
    """Add an offer to a draft."""
    licence = price is None and plan is None
    if plan is not None:
        pass
    elif price is None:
        plan = shop.plan(owner.client, json.dumps({"currency": "CNY", "share_ppm": share_ppm}), "income_share")
    else:
        plan = shop.plan(owner.client, json.dumps({"kind": "one_off", "currency": "CNY", "price": price}))
    scope = DERIVING if licence else {"territory": "CN"}
    shop.offer(owner.client, listing, plan, expected=expected, delivery="FILE", scope=scope, exclusive=exclusive, termMonths=months)
    return Offer.objects.latest("added_at")


def world(gateway: RecordingGateway, *, price: str = "12000.00", operator: Party | None = None) -> World:
    """A market with a fee schedule, five kinds of user, and one resource on sale for a price."""
    operator = operator or admit(PartyKind.OPERATOR, name="Market")
    rates = {"platformPpm": PLATFORM_PPM, "institutionPpm": INSTITUTION_PPM, "gatewayPpm": 0, "gatewayFixedMinor": "0"}
    published = Client(token=operator.token).mutate("feeSchedulePublish", "feeSchedule { number }", idempotencyKey=shop.key(), **rates)
    assert published.ok, published.codes
    institution, regulator = admit(PartyKind.INSTITUTION, name="House"), admit(PartyKind.REGULATOR, name="Bureau")
    seller = trader(PartyKind.MERCHANT, name="Airport", by=institution)
    buyer = trader(PartyKind.BUYER, name="Travel app", by=institution)
    other = trader(PartyKind.BUYER, name="Another app", by=institution)
    shelf = shelved(seller, registered(seller), price=price)
    return World(operator, institution, regulator, seller, buyer, other, shelf, gateway)


def licensed(of: World, owner: Trader, thing: RegisteredObject, licensee: Trader, *, share_ppm: int = SHARE_PPM, months: int = 12) -> Grant:
    """The licence that a licensee gets by a deal of its own on the owner's object: requested, checked, signed, in force."""
    shelf = shelved(owner, thing, share_ppm=share_ppm, months=months)
    licence = signed(of, shelf=shelf, buyer=licensee)
    assert licence.deal.state == "IN_FORCE"
    return Grant.objects.get(deal_id=licence.uuid)


def chained(of: World, *, price: str = "11999.99") -> World:
    """The market with other goods: its seller licensed a maker, who licensed a refiner, who sells what it made."""
    maker = trader(PartyKind.MERCHANT, PartyKind.BUYER, name="Maker", by=of.institution)
    refiner = trader(PartyKind.MERCHANT, PartyKind.BUYER, name="Refiner", by=of.institution)
    table = registered(maker, licensed(of, of.seller, registered(of.seller), maker))
    index = registered(refiner, licensed(of, maker, table, refiner))
    return replace(of, seller=refiner, flat=shelved(refiner, index, price=price, content=b"day,index\n2013-01-01,0.7\n"))


def end_right(grant: Grant, *, days: int = 0) -> None:
    """End a right, and what rests on it, on a day from today."""
    end(actor=SYSTEM, origin_id=grant.origin_id, ends_on=m.today() + timedelta(days=days), reason="False proof")


def quoted(of: World, *, shelf: Shelf | None = None, buyer: Trader | None = None) -> str:
    """A quote's id."""
    given = {"offerId": (shelf or of.flat).offer, "usage": "{}", "idempotencyKey": shop.key()}
    made: str = (buyer or of.buyer).client.mutate("quoteCreate", "quote { id }", **given)["quote"]["id"]
    return made


def ask(of: World, *, shelf: Shelf | None = None, buyer: Trader | None = None, **given: Any) -> Payload:
    """One dealRequest, with a fresh quote where the offer has a price; `given` replaces any input."""
    chosen, by = shelf or of.flat, buyer or of.buyer
    stated = {"offerId": chosen.offer, "purpose": PURPOSE, "institutionId": of.institution.organisation, "idempotencyKey": shop.key()}
    if chosen.offer.plan.model_key == "fixed" and "quoteId" not in given:
        stated["quoteId"] = quoted(of, shelf=chosen, buyer=by)
    return by.client.mutate("dealRequest", STATE, **{**stated, **given})


def requested(of: World, *, shelf: Shelf | None = None, buyer: Trader | None = None, **given: Any) -> Trade:
    """A deal that was asked for."""
    made = ask(of, shelf=shelf, buyer=buyer, **given)["deal"]
    row = Deal.objects.latest("requested_at")
    return Trade(of, shelf or of.flat, buyer or of.buyer, made["id"], row.pk)


def checked(of: World, **given: Any) -> Trade:
    """A deal that passed every rule."""
    trade = requested(of, **given)
    assert trade.step(trade.buyer.client, "dealCheck")["deal"]["state"] == "CHECKED"
    return trade


def signature(trade: Trade, who: Trader, side: str) -> str:
    """A person's signature over the text that the API shows for a side, base64."""
    shown = trade.seller.client.query(SIGNING, id=trade.id, side=side)["node"]["signingText"]
    return text(who.private.sign(shown.encode()))


def sign(trade: Trade, who: Trader, side: str, **given: Any) -> Payload:
    """One dealSign; `given` replaces any input."""
    stated = {"signingKeyId": who.key, **given}
    stated.setdefault("signature", signature(trade, who, side))
    return trade.step(who.client, "dealSign", **stated)


def signed(of: World, **given: Any) -> Trade:
    """A deal that both sides signed."""
    trade = checked(of, **given)
    assert sign(trade, trade.seller, "SELLER").ok
    assert sign(trade, trade.buyer, "BUYER").ok
    return trade


def fund(trade: Trade, *, card: str = GOOD_CARD, **given: Any) -> Payload:
    """One dealFund."""
    return trade.step(trade.buyer.client, "dealFund", paymentMethod=card, **given)


def asked(of: World, **given: Any) -> Trade:
    """A deal whose money the gateway took, but has not said so."""
    trade = signed(of, **given)
    assert fund(trade).ok
    relay()
    return trade


def funded(of: World, **given: Any) -> Trade:
    """A deal whose money the gateway took and said so."""
    trade = asked(of, **given)
    announce(trade)
    relay()
    assert trade.deal.state == "FUNDED"
    return trade


def announce(trade: Trade, *, event_id: str | None = None) -> int:
    """Let the gateway say in a signed message that the deal's latest charge succeeded; returns the answer's status."""
    payment = Charge.objects.filter(deal_id=trade.uuid).latest("requested_at").gateway_payment_id
    return webhook(*trade.world.gateway.message(payment, event_id=event_id))


def webhook(payload: bytes, stated: str) -> int:
    """Post a message as the gateway does; returns the answer's status."""
    sent = DjangoClient(raise_request_exception=False).post(
        "/webhooks/stripe", data=payload, content_type="application/json", headers={"Stripe-Signature": stated}
    )
    return sent.status_code


def delivered(of: World, **given: Any) -> Trade:
    """A deal whose whole file the buyer fetched."""
    trade = funded(of, **given)
    assert fetched(trade) == trade.shelf.content
    relay()
    assert trade.deal.state == "DELIVERED"
    return trade


def fetched(trade: Trade) -> bytes:
    """The file behind the deal's entitlement."""
    nodes = trade.buyer.client.query("{ entitlements(first: 50) { nodes { id state dealId } } }")["entitlements"]["nodes"]
    (entitlement,) = (node["id"] for node in nodes if node["dealId"] == str(trade.uuid) and node["state"] == "OPEN")
    link = trade.buyer.client.mutate("deliveryLink", "path", entitlementId=entitlement, idempotencyKey=shop.key())["path"]
    return b"".join(DjangoClient().get(link).streaming_content)


def accept(trade: Trade, **given: Any) -> Payload:
    """One dealAccept of the very file."""
    return trade.step(trade.buyer.client, "dealAccept", **{"receivedSha256": trade.shelf.sha256, **given})


def accepted(of: World, **given: Any) -> Trade:
    """A deal that the buyer accepted."""
    trade = delivered(of, **given)
    assert accept(trade).ok
    return trade


def settle(trade: Trade, *, by: Party | None = None, **given: Any) -> Payload:
    """One dealSettle."""
    return trade.step(Client(token=(by or trade.world.institution).token), "dealSettle", **given)


def settled(of: World, **given: Any) -> Trade:
    """A deal that was paid out, with its last event in the log."""
    trade = accepted(of, **given)
    assert settle(trade)["deal"]["state"] == "SETTLED"
    relay()
    return trade


def relay() -> None:
    """Every relay that a deal needs, round by round, until nothing is left to do now."""
    for _ in range(ROUNDS_MAX):
        if not sum([integrate(), rounds(), splits(), charges(), delivery(), deals()]):
            return
    raise AssertionError("the relays found no end")


def told(*schemas: str) -> list[dict[str, Any]]:
    """The bodies of events of these schemas, in the log and before it, oldest first."""
    places = dict(Leaf.objects.values_list("entry", "index"))
    sequenced = sorted(Entry.objects.filter(schema__in=schemas, pk__in=places), key=lambda entry: places[entry.pk])
    return [json.loads(bytes(row.body)) for row in sequenced] + [body for body in waiting() if body["schema"] in schemas]


@contextmanager
def acting() -> Iterator[RecordingGateway]:
    """A gateway and settings of its own, for what is built before any test."""
    with override_settings(), recording(settings) as recorder:
        yield recorder


@contextmanager
def as_published() -> Iterator[None]:
    """Put back what the log published beside the database, for a block whose transaction is rolled back."""
    state = LogState.objects.first()
    if state is None:
        yield
        return
    folder = Path(storages["log"].path(str(state.log_id)))
    before = {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}
    try:
        yield
    finally:
        for file in folder.rglob("*"):
            if file.is_file() and file not in before:
                file.unlink()
        for file, content in before.items():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        _trees.pop(state.log_id, None)


def here(trade: Trade, gateway: RecordingGateway) -> Trade:
    """A deal that was made before the test, in the test's own world: its gateway has taken what was taken then."""
    gateway.recall(trade.world.gateway)
    return replace(trade, world=replace(trade.world, gateway=gateway))


def digest(content: bytes) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(content).hexdigest()
