"""A small market for the tests of screening: parties and rights by the real services, examined filings as rows."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID, uuid4

from listings.catalogue.models import OpenListEntry
from listings.products.models import Listing, Offer, Product, ProductVersion
from listings.resources.models import Asset, ConsentBasis, ImpactAssessment, Profile
from listings.resources.paper_services import source_statement_file
from marketplace.screening.subjects import DealSubject, ListingSubject, OfferAsked, RightAsked
from pricing.plans.models import Plan
from registry.base import clock
from registry.base.actor import SYSTEM, PartyKind
from registry.base.ids import uuid7
from registry.filings.models import Filing
from registry.parties.services import api_key_issue, person_add
from registry.rights.models import Grant, RegisteredObject
from registry.rights.scope import FULL, Scope
from registry.rights.services import ObjectFacts, grant_register, object_register
from registry.rights.states import ObjectKind, Right
from registry.rules.calendar import china_date
from tests.support.parties import Party, admit, verify

DIGEST = hashlib.sha256(b"evidence").hexdigest()
PURPOSE = "delay statistics"
EXAMINED = {"harm_flag": "NONE", "secrecy_mark": False, "unlawful_source": "NONE", "crawl_clean": None, "public_code_valid": None}
USE = Scope(territory="CN")
CLAUSES = frozenset({"PURPOSE", "METHOD", "RANGE", "SECURITY", "SUPERVISION", "RETURN_DELETE", "BREACH", "DISPUTE"})


def key() -> str:
    return secrets.token_hex(8)


def today() -> date:
    return china_date(clock.now())


@dataclass
class Market:
    """One seller with one object, one buyer, one institution, one regulator."""

    seller: Party
    buyer: Party
    institution: Party
    regulator: Party
    registered: RegisteredObject


def market(
    *,
    rights: tuple[Right, ...] = tuple(Right),
    examined: dict[str, object] | None = None,
    limits: dict[str, str] | None = None,
    **declared: str,
) -> Market:
    """Everybody verified; an object whose rights run from today for five years, with its source stated."""
    institution, regulator = admit(PartyKind.INSTITUTION, name="House"), admit(PartyKind.REGULATOR, name="Bureau")
    seller, buyer = admit(PartyKind.MERCHANT, name="Seller"), admit(PartyKind.BUYER, name="Buyer")
    for party in (seller, buyer):
        verify(party, by=institution)
    registered = register(seller, rights=rights, examined=examined, limits=limits, **declared)
    source_statement_file(
        actor=seller.actor, object_id=registered.pk, statement="Our own sensors", evidence_sha256=DIGEST, idempotency_key=key()
    )
    return Market(seller, buyer, institution, regulator, registered)


def register(
    owner: Party,
    *relied: Grant,
    rights: tuple[Right, ...] = tuple(Right),
    examined: dict[str, object] | None = None,
    limits: dict[str, str] | None = None,
    days: int = 5 * 365,
    **declared: str,
) -> RegisteredObject:
    """Register an object of an owner under a deposited filing, with first rights in it."""
    stated = {
        "source_category": "ENTERPRISE",
        "source_kind": "DERIVED" if relied else "COLLECTED",
        "situation": "DERIVED" if relied else "OWN_ACTIVITY",
        "level": "GENERAL",
        "pi_kind": "NONE",
        "sector": "",
    } | declared
    filing_id = uuid7()
    registered = object_register(
        actor=SYSTEM,
        facts=ObjectFacts(
            kind=ObjectKind.PRODUCT if relied else ObjectKind.RESOURCE,
            owner_id=owner.organisation.pk,
            name="Flights",
            summary="",
            filing_id=filing_id,
            **stated,
        ),
        made_from=[(grant.object_id, grant.origin_id) for grant in relied],
    )
    scope = Scope(derive=True, provide_derived=True, sublicense=True, territory="CN") if relied else FULL
    for kind in rights:
        first(registered, kind, owner, days=days, scope=scope, filing_id=filing_id)
    examination(registered, EXAMINED | (examined or {}), limits or {})
    return registered


def first(
    registered: RegisteredObject, kind: Right, owner: Party, *, days: int = 5 * 365, scope: Scope = FULL, filing_id: UUID | None = None
) -> Grant:
    return grant_register(
        actor=SYSTEM,
        object_id=registered.pk,
        kind=kind,
        holder_id=owner.organisation.pk,
        parent_id=None,
        valid_from=today(),
        valid_until=today() + timedelta(days=days),
        exclusive=False,
        scope=scope,
        filing_id=filing_id or uuid4(),
    )


def licensed(parent: Grant, holder: Party, *, days: int = 365, scope: Scope = USE) -> Grant:
    """A licence to use, under a right to operate."""
    return grant_register(
        actor=SYSTEM,
        object_id=parent.object_id,
        kind=Right.USE,
        holder_id=holder.organisation.pk,
        parent_id=parent.pk,
        valid_from=today(),
        valid_until=today() + timedelta(days=days),
        exclusive=False,
        scope=scope,
        deal_id=uuid4(),
    )


def examination(registered: RegisteredObject, assessment: dict[str, object], limits: dict[str, str]) -> Filing:
    """The object's filing with what the registrar established."""
    now = clock.now()
    return Filing.objects.create(
        id=registered.filing_id,
        applicant_id=registered.owner_id,
        object_kind=registered.kind,
        name=registered.name,
        summary="All flights",
        industry="G56",
        source_category=registered.source_category,
        source_kind=registered.source_kind,
        situation=registered.situation,
        level=registered.level,
        pi_kind=registered.pi_kind,
        sector=registered.sector,
        region="Xiamen",
        update_frequency="DAILY",
        data_format="TABLE",
        limits={"resale": False, "export": False, "territory": "CN", "buyers": "", "environment": ""} | limits,
        rights_claimed=["HOLD", "OPERATE", "USE"],
        evidence=[{"name": "proof", "sha256": DIGEST}],
        made_from=[],
        regime_code="NATIONAL",
        regime_version=1,
        submitted_at=now,
        acceptance_due_at=now,
        assessment=assessment,
    )


def asked(registered: RegisteredObject, *, kind: str = "USE", days: int = 365, scope: Scope = USE) -> RightAsked:
    return RightAsked(registered.pk, kind, today(), today() + timedelta(days=days), scope)


def deal(of: Market, *, offer: Offer | None = None, rights: tuple[RightAsked, ...] | None = None, **changed: object) -> DealSubject:
    """A deal of the market's buyer on its object."""
    subject = DealSubject(
        deal_id=uuid4(),
        terms_version=1,
        seller_id=of.seller.organisation.pk,
        buyer_id=of.buyer.organisation.pk,
        institution_id=of.institution.organisation.pk,
        offer_id=(offer or offered(of)).pk,
        rights=rights or (asked(of.registered),),
        purpose=PURPOSE,
        amount_minor=120_000,
        currency="CNY",
        delivery="FILE",
        clauses=CLAUSES,
        signatures=0,
        accepted=False,
        inspection_until_at=None,
    )
    return replace(subject, **changed)


def listing(of: Market) -> ListingSubject:
    return ListingSubject(
        listing_id=uuid4(),
        content_version=1,
        seller_id=of.seller.organisation.pk,
        object_id=of.registered.pk,
        product_version=1,
        offers=(OfferAsked("USE", "GRANT"),),
    )


def drafted(of: Market) -> Listing:
    """A listing of the market's object, still a draft."""
    now = clock.now()
    product = Product.objects.create(id=of.registered.pk, object=of.registered, created_at=now)
    version = ProductVersion.objects.create(product=product, number=1, title_zh="航班", title_en="Flights", created_at=now)
    return Listing.objects.create(product_version=version, drafted_at=now)


def offered(of: Market, *, purposes: tuple[str, ...] = (), draft: Listing | None = None) -> Offer:
    """An offer of a licence to use the object."""
    now = clock.now()
    plan_key = uuid7()
    plan = Plan.objects.create(
        id=plan_key,
        series=plan_key,
        owner_id=of.seller.organisation.pk,
        name_zh="一次性",
        name_en="One-off",
        model_key="flat",
        model_version=1,
        params={},
        currency="CNY",
        created_at=now,
    )
    return Offer.objects.create(
        listing=draft or drafted(of),
        plan=plan,
        right="USE",
        term_months=12,
        exclusive=False,
        scope=Scope(territory="CN", purposes=purposes).stored(),
        delivery="GRANT",
        added_at=now,
    )


def opened(registered: RegisteredObject, publisher: Party, open_type: str = "UNCONDITIONAL", *, since: date | None = None) -> OpenListEntry:
    """An entry of the open list, from a day on."""
    return OpenListEntry.objects.create(
        publisher=publisher.organisation,
        object=registered,
        title=f"Raw data {key()}",
        open_type=open_type,
        conditions="Register first" if open_type == "CONDITIONAL" else "",
        valid=(since or today(), None),
        recorded=(clock.now(), None),
    )


def profiled(of: Market, **personal: int) -> Profile:
    """A file of the object, measured, with so many hits for each kind of personal number."""
    asset = Asset.objects.create(
        owner=of.seller.organisation,
        object=of.registered,
        media_type="text/csv",
        size=10,
        sha256=DIGEST,
        storage_name="a",
        state="READY",
        staged_at=clock.now(),
        ready_at=clock.now(),
    )
    return Profile.objects.create(asset=asset, rows=3, columns=[{"name": "phone", "personal": personal}], measured_at=clock.now())


def consented(
    of: Market,
    buyer: Party | None = None,
    *,
    purpose: str = PURPOSE,
    kinds: tuple[str, ...] = ("MOBILE",),
    separate: bool = True,
    ago: timedelta = timedelta(),
    withdrawn: datetime | None = None,
) -> ConsentBasis:
    """A consent to provide the object's data to a buyer (the market's, unless said)."""
    given = clock.now() - ago
    return ConsentBasis.objects.create(
        object=of.registered,
        buyer=(buyer or of.buyer).organisation,
        purpose=purpose,
        kinds=list(kinds),
        separate=separate,
        notice_sha256=DIGEST,
        evidence_sha256=DIGEST,
        given_at=given,
        recorded_at=given,
        withdrawn_at=withdrawn,
    )


def assessed(
    of: Market, buyer: Party | None = None, *, purpose: str = PURPOSE, kinds: tuple[str, ...] = ("MOBILE",), days: int = 0
) -> ImpactAssessment:
    """An impact assessment, dated so many days ago, for a buyer or for any."""
    return ImpactAssessment.objects.create(
        object=of.registered,
        buyer=buyer and buyer.organisation,
        purpose=purpose,
        kinds=list(kinds),
        reported_on=today() - timedelta(days=days),
        report_sha256=DIGEST,
        filed_at=clock.now(),
    )


def second(party: Party) -> str:
    """The key of a second person of a party's organisation."""
    person = person_add(actor=party.actor, name="Second", may_bind=False, authority_sha256=None, idempotency_key=key())
    issued = api_key_issue(
        actor=party.actor,
        person_id=person.pk,
        scopes=party.actor.scopes,
        expires_at=clock.now() + timedelta(days=30),
        idempotency_key=key(),
    )
    assert issued.secret is not None
    return issued.secret
