"""Verdicts: the worst finding wins, all are kept, and what was certain stays certain."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.rules.book import Outcome, Rulebook, Stage
from registry.rules.catalogue import builtin_rulebook
from registry.rules.engine import NotOverridable, Screening, screen
from registry.rules.facts import Facts
from registry.rules.reading import Malformed
from tests.registry.rules.strategies import facts_and_completion

BOOK = builtin_rulebook()

CLEAN: Facts = {
    "harm_flag": "NONE",
    "secrecy_mark": False,
    "level": "GENERAL",
    "pi_kind": "NONE",
    "seller_rights": frozenset({"HOLD", "USE", "OPERATE"}),
    "sublicence_permitted": False,
    "sources_covered": True,
    "public_form": "NONE",
    "source_kinds": frozenset({"COLLECTED"}),
    "source_terms_forbid": False,
    "unlawful_source": "NONE",
    "dispute_open": False,
    "hold_active": False,
    "sector_tags": frozenset(),
    "certificate_in_force": True,
    "certificate_until": date(2031, 11, 23),
    "judged_on": date(2026, 11, 24),
    "source_statement_present": True,
    "seller_verified": True,
    "buyer_verified": True,
    "purpose_stated": True,
    "purpose_in_scope": True,
    "leaves_china": False,
    "buyer_is_foreign_authority": False,
    "rights_granted": frozenset({"USE"}),
    "term_ends_on": date(2027, 11, 23),
    "held_until": date(2031, 11, 23),
    "scope_within_held": True,
    "signatures_valid": True,
    "delivery_proven": True,
    "delivery_objection_open": False,
    "accepted": True,
}

CONSENTED: Facts = {
    **CLEAN,
    "pi_kind": "PI",
    "pi_basis": "CONSENT",
    "pi_basis_covers_provision": True,
    "consent_separate": True,
    "consent_names_buyer": True,
    "consent_covers_kinds": True,
    "consent_purpose_matches": True,
    "consent_withdrawn": False,
    "minors_under_14": False,
    "public_place_images": False,
    "impact_assessment_done_before": True,
    "impact_assessment_covers": True,
    "clauses_present": frozenset({"PURPOSE", "METHOD", "RANGE", "SECURITY", "SUPERVISION", "RETURN_DELETE", "BREACH", "DISPUTE"}),
}


def outcomes(screening: Screening) -> dict[str, str]:
    """The findings that do not pass, by rule."""
    return {finding.rule: finding.outcome.name for finding in screening.findings if finding.outcome}


@pytest.mark.parametrize("stage", [stage for stage in Stage if stage not in {Stage.DRAFT, Stage.REGISTRATION}])
def test_a_clean_deal_passes_at_every_stage(rulebook: Rulebook, stage: Stage) -> None:
    screening = screen(rulebook, stage, CLEAN)
    assert outcomes(screening) == {}
    assert screening.verdict is Outcome.PASS
    assert screening.missing == ()
    assert screening.findings


def test_a_seller_without_operate_is_blocked_and_the_grant_cures_it(rulebook: Rulebook) -> None:
    lacking = screen(rulebook, Stage.LISTING, {**CLEAN, "seller_rights": frozenset({"HOLD", "USE"})})
    assert outcomes(lacking) == {"PT-07": "BLOCK"}
    (finding,) = (finding for finding in lacking.findings if finding.rule == "PT-07")
    assert finding.clause.en == "Fujian Data Circulation and Trading Measures, prohibited-trade item 4 (reported)"
    assert [cause.code for cause in finding.causes] == ["NO_OPERATE"]
    assert finding.as_json() == {
        "rule": "PT-07",
        "version": 1,
        "outcome": "BLOCK",
        "overridable": True,
        "facts": {"seller_rights": ["HOLD", "USE"], "sources_covered": True, "sublicence_permitted": False},
        "causes": [{"code": "NO_OPERATE", "outcome": "BLOCK", "missing": [], "due": None}],
    }
    assert screen(rulebook, Stage.LISTING, CLEAN).verdict is Outcome.PASS


def test_personal_data_without_basis_is_blocked_until_consent_and_then_owes_the_report(rulebook: Rulebook) -> None:
    bare = screen(rulebook, Stage.CONTRACT, {**CONSENTED, "pi_basis": "NONE", "impact_assessment_done_before": False})
    assert outcomes(bare) == {"PT-05": "BLOCK", "PI-01": "BLOCK", "PI-04": "ALLOW_IF"}
    assert bare.verdict is Outcome.BLOCK

    consented = screen(rulebook, Stage.CONTRACT, {**CONSENTED, "impact_assessment_done_before": False})
    assert consented.verdict is Outcome.ALLOW_IF
    assert [(cause.code, cause.due) for cause in consented.owed] == [("NO_IMPACT_ASSESSMENT", Stage.DELIVERY)]

    assert outcomes(screen(rulebook, Stage.DELIVERY, {**CONSENTED, "impact_assessment_done_before": False})) == {"PI-04": "BLOCK"}
    assert screen(rulebook, Stage.DELIVERY, CONSENTED).verdict is Outcome.PASS


def test_consent_withdrawn_between_contract_and_delivery_stops_delivery(rulebook: Rulebook) -> None:
    withdrawn = {**CONSENTED, "consent_withdrawn": True, "withdrawn_rows_removed": False}
    assert outcomes(screen(rulebook, Stage.CONTRACT, withdrawn)) == {"PI-08": "ALLOW_IF"}
    assert outcomes(screen(rulebook, Stage.DELIVERY, withdrawn)) == {"PI-08": "BLOCK"}
    assert screen(rulebook, Stage.DELIVERY, {**withdrawn, "withdrawn_rows_removed": True}).verdict is Outcome.PASS


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("UNCONDITIONAL", {}),
        ("CONDITIONAL", {"PT-08": "ALLOW_IF"}),
        ("NOT_OPEN", {"PT-08": "BLOCK"}),
        ("AUTHORISED_ONLY", {"PT-08": "BLOCK"}),
        ("NOT_LISTED", {"PT-08": "BLOCK"}),
        (None, {"PT-08": "REFER"}),
    ],
)
def test_raw_public_data_needs_an_open_list_entry(rulebook: Rulebook, status: str | None, expected: dict[str, str]) -> None:
    facts: Facts = {**CLEAN, "public_form": "RAW", "open_list_status": status, "open_conditions_met": False}
    assert outcomes(screen(rulebook, Stage.LISTING, facts)) == expected


def test_conditions_of_opening_that_are_still_owed_at_the_contract_block_it(rulebook: Rulebook) -> None:
    facts: Facts = {**CLEAN, "public_form": "RAW", "open_list_status": "CONDITIONAL", "open_conditions_met": False}
    assert screen(rulebook, Stage.CONTRACT, facts).verdict is Outcome.BLOCK
    assert screen(rulebook, Stage.CONTRACT, {**facts, "open_conditions_met": True}).verdict is Outcome.PASS


def test_unknown_consent_blocks_but_unknown_kind_of_data_is_referred(rulebook: Rulebook) -> None:
    assert outcomes(screen(rulebook, Stage.CONTRACT, {**CONSENTED, "consent_names_buyer": None})) == {"PI-01": "BLOCK"}
    unknown_kind = screen(rulebook, Stage.CONTRACT, {**CONSENTED, "pi_basis": "NONE", "pi_kind": None})
    assert unknown_kind.verdict is Outcome.REFER
    assert unknown_kind.missing == ("anonymisation_test_accepted", "pi_kind", "sensitive_necessity_noted")


def test_all_findings_are_kept_in_the_rulebooks_order(rulebook: Rulebook) -> None:
    facts: Facts = {**CLEAN, "harm_flag": "SUSPECTED", "hold_active": True, "dispute_open": True}
    screening = screen(rulebook, Stage.LISTING, facts)
    assert outcomes(screening) == {"PT-01": "REFER", "PT-13": "REFER", "PT-14": "BLOCK"}
    order = [rule.id for rule in rulebook.rules]
    places = [order.index(finding.rule) for finding in screening.findings]
    assert places == sorted(places)
    assert screen(rulebook, Stage.LISTING, dict(reversed(facts.items()))) == screening


def test_a_person_decides_referrals_and_nothing_else(rulebook: Rulebook) -> None:
    referred = screen(rulebook, Stage.LISTING, {**CLEAN, "harm_flag": "SUSPECTED", "dispute_open": True})
    assert referred.verdict_after({"PT-01"}) is Outcome.REFER
    assert referred.verdict_after({"PT-01", "PT-13"}) is Outcome.PASS
    with pytest.raises(NotOverridable) as refusal:
        referred.verdict_after({"PT-01", "PT-14"})
    assert refusal.value.rules == {"PT-14"}


def test_important_data_that_a_person_allowed_still_owes_its_controlled_environment(rulebook: Rulebook) -> None:
    facts: Facts = {**CLEAN, "level": "IMPORTANT", "risk_assessment_done_before": True, "secure_environment": False}
    listing = screen(rulebook, Stage.LISTING, facts)
    assert outcomes(listing) == {"PT-04": "REFER"}
    assert listing.verdict_after({"PT-04"}) is Outcome.ALLOW_IF
    assert [(cause.code, cause.due) for cause in listing.owed] == [("NO_SECURE_ENVIRONMENT", Stage.CONTRACT)]
    assert screen(rulebook, Stage.FUNDING, facts).verdict is Outcome.BLOCK


@pytest.mark.parametrize(
    ("rule", "facts"),
    [
        ("PT-02", {**CLEAN, "secrecy_mark": None}),
        ("PT-03", {**CLEAN, "level": None}),
        ("XB-06", {**CLEAN, "buyer_is_foreign_authority": True, "foreign_request_approved": True}),
        ("PT-14", {**CLEAN, "hold_active": True}),
    ],
)
def test_what_may_not_be_overridden_is_not(rulebook: Rulebook, rule: str, facts: Facts) -> None:
    screening = screen(rulebook, Stage.CONTRACT, facts)
    with pytest.raises(NotOverridable):
        screening.verdict_after({rule})


def test_an_unknown_fact_name_is_an_error_not_an_unknown(rulebook: Rulebook) -> None:
    with pytest.raises(Malformed) as refusal:
        screen(rulebook, Stage.LISTING, {**CLEAN, "holdactive": False})
    assert (refusal.value.code, refusal.value.path) == ("UNKNOWN_FACT", "$.holdactive")


@settings(max_examples=60)
@given(facts_and_completion(), st.sampled_from(Stage))
def test_what_a_screening_was_certain_of_survives_any_new_fact(known: tuple[Facts, Facts], stage: Stage) -> None:
    partial, complete = known
    later = {finding.rule: finding for finding in screen(BOOK, stage, complete).findings}
    assert not any(finding.missing for finding in later.values())
    for finding in screen(BOOK, stage, partial).findings:
        if finding.outcome is Outcome.PASS:
            assert finding.rule not in later or later[finding.rule].outcome is Outcome.PASS
        certain = [cause for cause in finding.causes if not cause.missing]
        assert all(cause in later[finding.rule].causes for cause in certain)


@settings(max_examples=60)
@given(facts_and_completion(), st.sampled_from(Stage))
def test_the_verdict_is_the_worst_finding(known: tuple[Facts, Facts], stage: Stage) -> None:
    screening = screen(BOOK, stage, known[0])
    assert screening.verdict is max(finding.outcome for finding in screening.findings)
    assert all((finding.outcome is Outcome.PASS) is (not finding.causes) for finding in screening.findings)
