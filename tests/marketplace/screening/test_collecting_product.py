"""Facts about the data and its title, each with the register's row present and absent."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from listings.resources.models import InstitutionReport, SourceStatement
from marketplace.screening.collecting import collect_deal_facts, collect_listing_facts
from marketplace.screening.flags import flag_raise
from registry.base import clock
from registry.base.actor import SYSTEM, PartyKind
from registry.base.errors import NotFound
from registry.parties.services import sector_permit_check, sector_permit_file
from registry.rights.scope import Scope
from registry.rights.services import grant_end, hold_place
from registry.rights.states import HoldKind, Right
from registry.rules.book import Stage
from registry.rules.catalogue import builtin_rulebook
from registry.rules.engine import screen
from tests.marketplace.screening import market as m
from tests.support.parties import admit

pytestmark = pytest.mark.django_db
DERIVING = Scope(derive=True, provide_derived=True, territory="CN")


def facts(of):
    return collect_listing_facts(m.listing(of))


def verdict(of):
    return screen(builtin_rulebook(), Stage.LISTING, facts(of))


def blocked(of):
    return {finding.rule: finding.outcome.name for finding in verdict(of).findings if finding.outcome}


def test_a_plain_listing_passes_on_facts_that_the_registers_hold():
    of = m.market()
    assert blocked(of) == {}
    collected = {name: value for name, value in facts(of).items() if value is not None}
    assert collected == {
        "judged_on": m.today(),
        "source_categories": frozenset({"ENTERPRISE"}),
        "source_kinds": frozenset({"COLLECTED"}),
        "level": "GENERAL",
        "pi_kind": "NONE",
        "source_statement_present": True,
        "public_form": "NONE",
        "harm_flag": "NONE",
        "unlawful_source": "NONE",
        "secrecy_mark": False,
        "risk_assessment_done_before": False,
        "anonymisation_test_accepted": False,
        "sector_tags": frozenset(),
        "sources_covered": True,
        "source_terms_forbid": False,
        "dispute_open": False,
        "hold_active": False,
        "certificate_in_force": True,
        "certificate_until": m.today() + timedelta(days=5 * 365 - 1),
        "seller_verified": True,
        "seller_rights": frozenset({"HOLD", "USE", "OPERATE"}),
        "sublicence_permitted": False,
        "sensitive_necessity_noted": False,
        "pi_basis": "NONE",
        "pi_basis_covers_provision": False,
        "consent_separate": False,
        "consent_covers_kinds": False,
        "consent_withdrawn": False,
        "rights_granted": frozenset({"USE"}),
        "secure_environment": False,
    }


def test_an_object_that_is_not_registered_is_no_subject():
    of = m.market()
    with pytest.raises(NotFound):
        collect_listing_facts(replace(m.listing(of), object_id=uuid4()))


def test_a_seller_without_operate_is_blocked_until_it_is_registered():
    of = m.market(rights=(Right.HOLD, Right.USE))
    assert facts(of)["seller_rights"] == frozenset({"HOLD", "USE"})
    assert blocked(of) == {"PT-07": "BLOCK"}
    m.first(of.registered, Right.OPERATE, of.seller)
    assert facts(of)["seller_rights"] == frozenset({"HOLD", "USE", "OPERATE"})
    assert blocked(of) == {}


def test_only_a_licence_that_may_be_passed_on_is_a_licence_chain():
    of = m.market()
    operate = of.registered.grants.get(kind=Right.OPERATE)
    other = admit(PartyKind.MERCHANT, name="Reseller")
    of.seller = other
    assert facts(of)["sublicence_permitted"] is False
    m.licensed(operate, other)
    assert facts(of)["sublicence_permitted"] is False
    m.licensed(operate, other, scope=Scope(sublicense=True, territory="CN"))
    assert (facts(of)["seller_rights"], facts(of)["sublicence_permitted"]) == (frozenset({"USE"}), True)


def test_an_unverified_seller_and_a_missing_source_statement_are_facts():
    of = m.market()
    of.seller = admit(PartyKind.MERCHANT, name="Newcomer")
    of.registered = m.register(of.seller)
    assert (facts(of)["seller_verified"], facts(of)["source_statement_present"]) == (False, False)
    assert blocked(of) == {"LS-01": "BLOCK"}
    SourceStatement.objects.create(object=of.registered, statement="Bought", evidence_sha256=m.DIGEST, stated_at=clock.now())
    assert facts(of)["source_statement_present"] is True


def test_a_source_whose_licence_ended_no_longer_covers_the_product():
    of = m.market()
    licence = m.licensed(of.registered.grants.get(kind=Right.OPERATE), of.buyer, days=30, scope=DERIVING)
    product = m.register(of.buyer, licence, days=30)
    derived = m.Market(of.buyer, of.seller, of.institution, of.regulator, product)
    found = facts(derived)
    assert (found["sources_covered"], found["source_kinds"]) == (True, frozenset({"DERIVED", "COLLECTED"}))
    assert found["certificate_until"] == m.today() + timedelta(days=29)
    subject = m.deal(derived, rights=(m.asked(product, days=31),))
    late = collect_deal_facts(subject, "contract")
    assert late["held_until"] == m.today() + timedelta(days=29)
    assert late["term_ends_on"] == m.today() + timedelta(days=30)
    grant_end(actor=SYSTEM, grant_id=licence.pk, ends_on=m.today(), reason="Terminated")
    assert facts(derived)["sources_covered"] is False
    assert facts(derived)["seller_rights"] == frozenset()


def test_a_derived_object_without_registered_sources_is_not_known_to_be_covered():
    of = m.market(situation="CRAWLED_PRODUCT", source_kind="CRAWLED_PUBLIC", examined={"crawl_clean": True})
    assert facts(of)["sources_covered"] is None
    assert facts(of)["crawl_clean"] is True


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (HoldKind.DISPUTE, {"dispute_open": True, "hold_active": False, "certificate_in_force": True}),
        (HoldKind.COURT, {"dispute_open": False, "hold_active": True, "certificate_in_force": False}),
        (HoldKind.ORDER, {"dispute_open": False, "hold_active": True, "certificate_in_force": False}),
    ],
)
def test_a_dispute_is_for_people_and_any_other_hold_is_a_hold(kind, expected):
    of = m.market()
    assert facts(of).items() >= {"dispute_open": False, "hold_active": False, "certificate_in_force": True}.items()
    hold_place(actor=of.regulator.actor, object_id=of.registered.pk, kind=kind, reason="Claimed", idempotency_key="h")
    assert facts(of).items() >= expected.items()


def test_the_registration_stands_only_on_the_rights_of_its_own_filing():
    of = m.market(rights=())
    m.first(of.registered, Right.OPERATE, of.seller)
    assert (facts(of)["certificate_in_force"], facts(of)["certificate_until"]) == (False, None)
    m.first(of.registered, Right.HOLD, of.seller, days=10, filing_id=of.registered.filing_id)
    assert (facts(of)["certificate_in_force"], facts(of)["certificate_until"]) == (True, m.today() + timedelta(days=9))


@pytest.mark.parametrize(
    ("matter", "degree", "fact", "before", "after"),
    [
        ("HARM", "SUSPECTED", "harm_flag", "NONE", "SUSPECTED"),
        ("HARM", "CONFIRMED", "harm_flag", "NONE", "CONFIRMED"),
        ("UNLAWFUL_SOURCE", "SUSPECTED", "unlawful_source", "NONE", "SUSPECTED"),
        ("UNLAWFUL_SOURCE", "CONFIRMED", "unlawful_source", "NONE", "PROVEN"),
        ("SECRECY", "CONFIRMED", "secrecy_mark", False, True),
    ],
)
def test_a_flag_on_a_source_is_a_fact_of_the_product(matter, degree, fact, before, after):
    of = m.market()
    licence = m.licensed(of.registered.grants.get(kind=Right.OPERATE), of.buyer, scope=DERIVING)
    derived = m.Market(of.buyer, of.seller, of.institution, of.regulator, m.register(of.buyer, licence, days=30))
    assert facts(derived)[fact] == before
    flag_raise(actor=of.regulator.actor, object_id=of.registered.pk, matter=matter, degree=degree, reason="Seen", idempotency_key="f")
    assert facts(derived)[fact] == after


def test_what_no_examination_established_is_unknown():
    of = m.market(examined={"harm_flag": None, "secrecy_mark": None, "unlawful_source": None})
    assert {facts(of)[name] for name in ("harm_flag", "secrecy_mark", "unlawful_source", "crawl_clean", "public_code_valid")} == {None}
    examined = m.market(examined={"harm_flag": "SUSPECTED", "unlawful_source": "SUSPECTED", "secrecy_mark": True})
    assert [facts(examined)[name] for name in ("harm_flag", "unlawful_source", "secrecy_mark")] == ["SUSPECTED", "SUSPECTED", True]


@pytest.mark.parametrize(
    ("declared", "form"),
    [
        ({"source_category": "ENTERPRISE"}, "NONE"),
        ({"source_category": "PUBLIC_SERVICE"}, "RAW"),
        ({"source_category": "GOVERNMENT", "source_kind": "AUTHORISED_PUBLIC"}, "DERIVED"),
    ],
)
def test_the_form_of_public_data_follows_from_category_and_source(declared, form):
    of = m.market(**declared, examined={"public_code_valid": True})
    assert facts(of)["public_form"] == form
    assert facts(of)["public_code_valid"] is (True if form == "DERIVED" else None)


def test_raw_public_data_is_blocked_until_it_is_on_the_open_list_on_that_day():
    of, bureau = m.market(source_category="PUBLIC_SERVICE"), admit(PartyKind.PUBLIC_BODY, name="Transport")
    assert facts(of)["open_list_status"] == "NOT_LISTED"
    assert blocked(of) == {"PT-08": "BLOCK"}
    m.opened(of.registered, bureau, since=m.today() + timedelta(days=1))
    assert facts(of)["open_list_status"] == "NOT_LISTED"


@pytest.mark.parametrize(
    ("open_type", "expected"), [("UNCONDITIONAL", {}), ("CONDITIONAL", {"PT-08": "REFER"}), ("NOT_OPEN", {"PT-08": "BLOCK"})]
)
def test_an_entry_in_force_says_how_open_the_data_is(open_type, expected):
    of = m.market(source_category="PUBLIC_SERVICE")
    m.opened(of.registered, admit(PartyKind.PUBLIC_BODY, name="Transport"), open_type)
    assert facts(of)["open_list_status"] == open_type
    assert blocked(of) == expected


def test_a_product_made_from_public_data_is_as_open_as_its_least_open_source():
    of = m.market(source_category="PUBLIC_SERVICE")
    licence = m.licensed(of.registered.grants.get(kind=Right.OPERATE), of.buyer, scope=DERIVING)
    derived = m.Market(of.buyer, of.seller, of.institution, of.regulator, m.register(of.buyer, licence, days=30))
    assert (facts(derived)["public_form"], facts(derived)["open_list_status"]) == ("DERIVED", "NOT_LISTED")
    m.opened(of.registered, admit(PartyKind.PUBLIC_BODY, name="Transport"))
    assert facts(derived)["open_list_status"] == "UNCONDITIONAL"


def permit(of, *, accepted, until):
    row = sector_permit_file(
        actor=of.seller.actor,
        sector="WEATHER",
        number=m.key(),
        valid_from=m.today() - timedelta(days=400),
        valid_until=until,
        document_sha256=m.DIGEST,
        idempotency_key=m.key(),
    )
    if accepted is not None:
        sector_permit_check(actor=of.institution.actor, permit_id=row.pk, accepted=accepted, idempotency_key=m.key())


@pytest.mark.parametrize(
    ("accepted", "days", "held", "outcome"),
    [
        ("none filed", 0, False, {"PT-16": "REFER"}),
        (None, 30, None, {"PT-16": "REFER"}),
        (False, 30, False, {"PT-16": "REFER"}),
        (True, 30, True, {}),
        (True, 0, True, {}),
        (True, -1, True, {"PT-16": "BLOCK"}),
    ],
)
def test_a_sector_that_needs_a_permit_asks_for_the_sellers(accepted, days, held, outcome):
    of = m.market(sector="WEATHER")
    if accepted != "none filed":
        permit(of, accepted=accepted, until=m.today() + timedelta(days=days))
    found = facts(of)
    assert (found["sector_tags"], found["sector_permit_held"]) == (frozenset({"WEATHER"}), held)
    assert found["sector_permit_until"] == (m.today() + timedelta(days=days) if accepted is True else None)
    assert blocked(of) == outcome


def test_a_file_that_shows_people_contradicts_a_declaration_that_nobody_is_in_it():
    of = m.market()
    m.profiled(of, MOBILE=3)
    assert facts(of)["pi_kind"] is None
    assert blocked(of).keys() >= {"PT-05"}
    personal = m.market(pi_kind="PI")
    m.profiled(personal, MOBILE=3)
    assert facts(personal)["pi_kind"] == "PI"


def test_a_file_without_people_leaves_the_declaration_alone():
    of = m.market()
    m.profiled(of)
    assert facts(of)["pi_kind"] == "NONE"


@pytest.mark.parametrize(("kind", "fact"), [("RISK", "risk_assessment_done_before"), ("ANONYMISATION", "anonymisation_test_accepted")])
def test_an_institutions_newest_report_is_a_fact(kind, fact):
    of = m.market(level="IMPORTANT", pi_kind="ANONYMISED")
    assert facts(of)[fact] is False
    for days, accepted in ((2, True), (1, False)):
        InstitutionReport.objects.create(
            object=of.registered,
            institution=of.institution.organisation,
            kind=kind,
            accepted=accepted,
            summary="Tested",
            report_sha256=m.DIGEST,
            reported_on=m.today() - timedelta(days=days),
            filed_at=clock.now(),
        )
        assert facts(of)[fact] is accepted


def test_an_undeclared_level_is_unknown():
    assert facts(m.market(level="", pi_kind=""))["level"] is None
