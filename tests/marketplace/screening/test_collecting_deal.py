"""Facts about the buyer, the people in the data and the deal, each with the register's row present and absent."""

from dataclasses import replace
from datetime import timedelta

import pytest

from marketplace.screening.collecting import collect_deal_facts, collect_listing_facts
from marketplace.screening.flags import objection_raise, objection_settle
from registry.base import clock
from registry.base.actor import PartyKind
from registry.parties.models import Affiliation, Organisation
from registry.rights.scope import Scope
from registry.rights.states import Right
from registry.rules.book import Stage
from registry.rules.catalogue import builtin_rulebook
from registry.rules.engine import screen
from tests.marketplace.screening import market as m
from tests.support.parties import admit

pytestmark = pytest.mark.django_db


def outcomes(subject, stage="contract"):
    screening = screen(builtin_rulebook(), Stage(stage), collect_deal_facts(subject, stage))
    return {finding.rule: finding.outcome.name for finding in screening.findings if finding.outcome}


def test_a_plain_deal_passes_at_every_stage_once_it_is_signed_delivered_and_accepted():
    of = m.market()
    subject = m.deal(of, signatures=2)
    assert {stage: outcomes(subject, stage) for stage in ("contract", "funding", "delivery")} == {
        "contract": {},
        "funding": {},
        "delivery": {},
    }
    delivered = replace(subject, inspection_until_at=clock.now() + timedelta(days=7), accepted=True)
    assert outcomes(delivered, "settlement") == {}


def test_signatures_and_performance_are_facts_only_once_they_can_be():
    subject = m.deal(m.market())
    names = {"signatures_valid", "delivery_proven", "accepted", "inspection_ends_on", "delivery_objection_open"}
    assert names.isdisjoint(collect_deal_facts(subject, "contract"))
    assert collect_deal_facts(subject, "funding").keys() & names == {"signatures_valid"}
    assert collect_deal_facts(subject, "settlement").keys() >= names
    assert outcomes(subject, "funding") == {"DL-04": "BLOCK"}


@pytest.mark.parametrize("signatures", [0, 1])
def test_one_signature_is_not_two(signatures):
    assert collect_deal_facts(m.deal(m.market(), signatures=signatures), "funding")["signatures_valid"] is False


def test_silence_settles_only_the_day_after_the_inspection_ends():
    subject = m.deal(m.market(), signatures=2)
    assert outcomes(subject, "settlement") == {"ST-01": "BLOCK"}
    running = replace(subject, inspection_until_at=clock.now())
    assert collect_deal_facts(running, "settlement")["inspection_ends_on"] == m.today()
    assert outcomes(running, "settlement") == {"ST-01": "BLOCK"}
    over = replace(subject, inspection_until_at=clock.now() - timedelta(days=1))
    assert outcomes(over, "settlement") == {}


def test_an_objection_to_the_delivery_holds_settlement_until_another_person_answers_it():
    of = m.market()
    subject = m.deal(of, signatures=2, accepted=True, inspection_until_at=clock.now())
    flag = objection_raise(actor=of.buyer.actor, deal_id=subject.deal_id, reason="Half the rows are missing")
    assert outcomes(subject, "settlement") == {"ST-01": "BLOCK"}
    assert collect_deal_facts(subject, "settlement")["delivery_objection_open"] is True
    objection_settle(actor=of.institution.actor, flag_id=flag.pk, reason="Delivered again")
    assert outcomes(subject, "settlement") == {}


@pytest.mark.parametrize(
    ("changed", "fact", "value", "expected"),
    [
        ({"purpose": " "}, "purpose_stated", False, {"DL-01": "BLOCK"}),
        ({"clauses": m.CLAUSES - {"SECURITY"}}, "clauses_present", m.CLAUSES - {"SECURITY"}, {}),
        ({"amount_minor": None}, "price_minor", None, {}),
        ({"delivery": "SANDBOX"}, "secure_environment", True, {}),
    ],
)
def test_what_the_deal_says_of_itself(changed, fact, value, expected):
    subject = m.deal(m.market(), **changed)
    assert collect_deal_facts(subject, "contract")[fact] == value
    assert outcomes(subject) == expected


def test_the_contract_of_personal_data_needs_every_clause():
    of = m.market(pi_kind="PI")
    m.consented(of)
    m.assessed(of)
    subject = m.deal(of)
    assert outcomes(subject) == {}
    assert outcomes(replace(subject, clauses=m.CLAUSES - {"SECURITY"})) == {"DL-02": "BLOCK"}


def test_an_unverified_buyer_is_blocked():
    of = m.market()
    of.buyer = admit(PartyKind.BUYER, name="Newcomer")
    subject = m.deal(of)
    assert collect_deal_facts(subject, "contract")["buyer_verified"] is False
    assert outcomes(subject) == {"DL-01": "BLOCK"}


def abroad(of, kind):
    of.buyer = replace(
        of.buyer,
        organisation=Organisation.objects.create(kinds=[kind.value], name_en="Abroad", country="SG", admitted_at=clock.now()),
    )
    return collect_deal_facts(m.deal(of), "contract")


def test_a_buyer_abroad_takes_data_out_of_the_mainland():
    found = abroad(m.market(), PartyKind.BUYER)
    assert [found[name] for name in ("leaves_china", "buyer_is_foreign_authority", "purpose_in_scope")] == [True, False, False]


def test_a_foreign_authority_is_one():
    assert abroad(m.market(), PartyKind.PUBLIC_BODY)["buyer_is_foreign_authority"] is True


def test_a_right_that_allows_export_leaves_the_mainland_and_one_that_allows_derivation_redevelops():
    of = m.market()
    offer = m.offered(of)
    plain = collect_deal_facts(m.deal(of, offer=offer), "contract")
    assert (plain["leaves_china"], plain["purpose_redevelops"]) == (False, False)
    wide = m.asked(of.registered, scope=Scope(derive=True, export=True, territory="CN"))
    found = collect_deal_facts(m.deal(of, offer=offer, rights=(wide,)), "contract")
    assert (found["leaves_china"], found["purpose_redevelops"]) == (True, True)


@pytest.mark.parametrize(
    ("purposes", "purpose", "in_scope"),
    [((), "anything", True), (("delay statistics",), " Delay Statistics", True), (("delay statistics",), "advertising", None)],
)
def test_a_purpose_in_other_words_than_the_offers_is_for_people(purposes, purpose, in_scope):
    of = m.market()
    subject = m.deal(of, offer=m.offered(of, purposes=purposes), purpose=purpose)
    assert collect_deal_facts(subject, "contract")["purpose_in_scope"] is in_scope


def test_a_limit_in_words_is_for_people():
    subject = m.deal(m.market(limits={"buyers": "banks only"}))
    assert collect_deal_facts(subject, "contract")["purpose_in_scope"] is None


def test_an_affiliation_of_the_two_sides_is_a_fact():
    of = m.market()
    offer = m.offered(of)
    assert collect_deal_facts(m.deal(of, offer=offer), "contract")["buyer_affiliated_with_operator"] is False
    a, b = sorted([of.seller.organisation.pk, of.buyer.organisation.pk])
    Affiliation.objects.create(a_id=a, b_id=b, basis="CONTROL", declared_at=clock.now())
    assert collect_deal_facts(m.deal(of, offer=offer), "contract")["buyer_affiliated_with_operator"] is True


@pytest.mark.parametrize(
    ("days", "scope", "expected"),
    [
        (5 * 365, m.USE, {}),
        (5 * 365 + 1, m.USE, {"DL-03": "BLOCK"}),
        (30, Scope(territory="WORLD"), {}),
    ],
)
def test_nobody_grants_a_longer_term_than_they_hold(days, scope, expected):
    of = m.market()
    assert outcomes(m.deal(of, rights=(m.asked(of.registered, days=days, scope=scope),))) == expected


def test_the_scope_is_measured_as_the_register_measures_it():
    of = m.market(rights=(Right.HOLD,))
    m.first(of.registered, Right.OPERATE, of.seller, scope=Scope(territory="CN"))
    offer = m.offered(of)
    within = collect_deal_facts(m.deal(of, offer=offer), "contract")
    assert (within["scope_within_held"], within["rights_granted"]) == (True, frozenset({"USE"}))
    wider = m.asked(of.registered, scope=Scope(resale=True, territory="CN"))
    assert collect_deal_facts(m.deal(of, offer=offer, rights=(wider,)), "contract")["scope_within_held"] is False


def test_a_seller_who_holds_nothing_grants_nothing():
    of = m.market(rights=())
    found = collect_deal_facts(m.deal(of), "contract")
    assert (found["seller_rights"], found["held_until"], found["scope_within_held"]) == (frozenset(), None, False)


def test_personal_data_is_blocked_until_a_consent_names_this_buyer_and_purpose_and_then_owes_the_assessment():
    of = m.market(pi_kind="PI")
    subject = m.deal(of)
    found = outcomes(subject)
    assert (found["PT-05"], found["PI-01"], found["PI-04"]) == ("BLOCK", "BLOCK", "ALLOW_IF")
    m.consented(of)
    assert outcomes(subject) == {"PI-04": "ALLOW_IF"}
    assert outcomes(replace(subject, signatures=2), "delivery") == {"PI-04": "BLOCK"}
    m.assessed(of, of.buyer)
    assert outcomes(replace(subject, signatures=2), "delivery") == {}


def test_a_consent_to_another_buyer_or_withdrawn_is_none_to_this_one():
    of = m.market(pi_kind="PI")
    subject = m.deal(of)
    m.consented(of, of.institution)
    found = collect_deal_facts(subject, "contract")
    assert (found["pi_basis"], found["consent_names_buyer"], found["consent_separate"]) == ("NONE", False, False)
    assert outcomes(subject)["PI-01"] == "BLOCK"
    m.consented(of, ago=timedelta(days=2), withdrawn=clock.now() - timedelta(days=1))
    withdrawn = collect_deal_facts(subject, "contract")
    assert (withdrawn["consent_names_buyer"], withdrawn["consent_withdrawn"]) == (False, True)
    m.consented(of)
    again = collect_deal_facts(subject, "contract")
    assert (again["consent_names_buyer"], again["consent_withdrawn"]) == (True, False)


def test_without_any_consent_left_there_is_no_basis():
    of = m.market(pi_kind="PI")
    m.consented(of, ago=timedelta(days=2), withdrawn=clock.now())
    found = collect_deal_facts(m.deal(of), "contract")
    assert (found["pi_basis"], found["pi_basis_covers_provision"], found["consent_withdrawn"]) == ("NONE", False, True)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"purpose": "credit check"}, {"consent_purpose_matches": None, "consent_names_buyer": True}),
        ({"separate": False}, {"consent_separate": False, "consent_purpose_matches": True}),
        ({"kinds": ["MOBILE", "UNDER_14"]}, {"minors_under_14": True, "public_place_images": False}),
        ({"kinds": ["PUBLIC_PLACE"]}, {"minors_under_14": False, "public_place_images": True}),
    ],
)
def test_what_a_consent_says_is_taken_as_it_says_it(given, expected):
    of = m.market(pi_kind="PI")
    subject = m.deal(of)
    assert collect_deal_facts(subject, "contract").items() >= {"minors_under_14": None, "consent_purpose_matches": False}.items()
    m.consented(of, **given)
    assert collect_deal_facts(subject, "contract").items() >= expected.items()


def test_a_consent_covers_what_was_measured_in_the_file():
    of = m.market(pi_kind="PI")
    subject = m.deal(of)
    m.profiled(of, MOBILE=2, RESIDENT_ID=1)
    m.consented(of, kinds=["MOBILE"])
    assert collect_deal_facts(subject, "contract")["consent_covers_kinds"] is False
    m.consented(of, kinds=["MOBILE", "RESIDENT_ID"])
    assert collect_deal_facts(subject, "contract")["consent_covers_kinds"] is True


@pytest.mark.parametrize(
    ("filed", "done", "covers"),
    [
        ({}, True, True),
        ({"purpose": "credit check"}, True, None),
        ({"kinds": ["RESIDENT_ID"]}, True, False),
        ({"days": -1}, False, False),
    ],
)
def test_an_assessment_precedes_provision_and_covers_its_purpose(filed, done, covers):
    of = m.market(pi_kind="PI")
    subject = m.deal(of)
    m.profiled(of, MOBILE=1)
    absent = collect_deal_facts(subject, "contract")
    assert (absent["impact_assessment_done_before"], absent["impact_assessment_covers"]) == (False, False)
    m.assessed(of, **filed)
    found = collect_deal_facts(subject, "contract")
    assert (found["impact_assessment_done_before"], found["impact_assessment_covers"]) == (done, covers)


def test_an_assessment_for_another_buyer_is_none_for_this_one():
    of = m.market(pi_kind="SENSITIVE")
    subject = m.deal(of)
    assert collect_deal_facts(subject, "contract")["sensitive_necessity_noted"] is False
    m.assessed(of, of.institution)
    found = collect_deal_facts(subject, "contract")
    assert (found["impact_assessment_done_before"], found["sensitive_necessity_noted"]) == (False, True)


def test_a_listing_of_personal_data_needs_some_consent():
    of = m.market(pi_kind="PI")
    listing = m.listing(of)
    assert collect_listing_facts(listing)["pi_basis"] == "NONE"
    m.consented(of)
    screening = screen(builtin_rulebook(), Stage.LISTING, collect_listing_facts(listing))
    assert {finding.rule: finding.outcome.name for finding in screening.findings if finding.outcome} == {}
