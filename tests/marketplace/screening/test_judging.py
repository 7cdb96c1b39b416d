"""A screening is kept whole: facts, verdict, findings, one event; what waits for people opens a referral."""

from dataclasses import replace
from datetime import timedelta

import pytest

from marketplace.screening.models import Facts, Referral
from marketplace.screening.services import screen_deal, screen_listing
from registry.rights.services import hold_place
from registry.rights.states import HoldKind, Right
from registry.rules_store.models import Finding
from registry.rules_store.selectors import finding_errors, verdict_passes
from tests.marketplace.screening import market as m
from tests.support.events import waiting_bytes

pytestmark = pytest.mark.django_db


def events():
    return waiting_bytes()


def named(*schemas):
    return [schema for schema in schemas for body in events() if f'"schema":"{schema}"'.encode() in bytes(body)]


def test_a_passing_deal_is_kept_with_its_facts_for_a_day():
    of = m.market()
    subject = m.deal(of)
    verdict = screen_deal(actor=of.buyer.actor, subject=subject, stage="contract")
    assert (verdict.outcome, verdict.subject_type, verdict.subject_id, verdict.subject_version) == ("PASS", "Deal", subject.deal_id, 1)
    assert verdict.expires_at - verdict.decided_at <= timedelta(hours=24)
    assert verdict.expires_at - verdict.decided_at > timedelta(hours=24) - timedelta(seconds=5)
    assert set(verdict.organisations) > {of.seller.organisation.pk, of.buyer.organisation.pk}
    assert len(verdict.organisations) == 3
    row = Facts.objects.get(pk=verdict.facts_id)
    assert (row.subject_type, row.stage, row.level, row.seller_rights) == ("Deal", "contract", "GENERAL", ["HOLD", "OPERATE", "USE"])
    assert named("verdict.given", "referral.opened") == ["verdict.given"]
    assert verdict_passes(subject_id=subject.deal_id, subject_version=1, stage="contract", at=verdict.decided_at)
    assert not verdict_passes(subject_id=subject.deal_id, subject_version=1, stage="funding", at=verdict.decided_at)


def test_a_listing_is_judged_for_thirty_days_and_concerns_its_seller_alone():
    of = m.market()
    verdict = screen_listing(actor=of.seller.actor, subject=m.listing(of))
    assert (verdict.outcome, verdict.stage, verdict.subject_type) == ("PASS", "listing", "Listing")
    assert timedelta(days=29) < verdict.expires_at - verdict.decided_at <= timedelta(days=30)
    assert verdict.organisations == [of.seller.organisation.pk]


def test_a_block_keeps_every_finding_and_opens_no_referral():
    of = m.market(rights=(Right.HOLD, Right.USE))
    verdict = screen_listing(actor=of.seller.actor, subject=m.listing(of))
    assert (verdict.outcome, verdict.passes) == ("BLOCK", False)
    (error,) = finding_errors(verdict)
    assert (error["code"], error["rule"]) == ("SCREENING_BLOCKED", "PT-07")
    assert error["clause"] == "Fujian Data Circulation and Trading Measures, prohibited-trade item 4 (reported) (binding)"
    assert error["remedy"].startswith("Register OPERATE")
    assert Finding.objects.filter(verdict=verdict).count() > 5
    assert Referral.objects.count() == 0
    assert named("verdict.given", "referral.opened") == ["verdict.given"]


def test_a_dispute_opens_a_referral_and_a_new_screening_takes_its_place():
    of = m.market()
    hold_place(actor=of.regulator.actor, object_id=of.registered.pk, kind=HoldKind.DISPUTE, reason="Claimed", idempotency_key="h")
    subject = m.listing(of)
    first = screen_listing(actor=of.seller.actor, subject=subject)
    referral = Referral.objects.get()
    assert (first.outcome, referral.rules, referral.state, referral.verdict_id) == ("REFER", ["PT-13"], "OPEN", first.pk)
    assert referral.organisations == [of.seller.organisation.pk]
    second = screen_listing(actor=of.seller.actor, subject=subject)
    referral.refresh_from_db()
    assert referral.state == "CLOSED"
    assert Referral.objects.get(state="OPEN").verdict_id == second.pk
    screen_listing(actor=of.seller.actor, subject=replace(subject, content_version=2))
    assert Referral.objects.filter(state="OPEN").count() == 2


def test_the_three_refusals_of_the_law_are_each_cured_by_the_one_missing_fact():
    of = m.market(pi_kind="PI")
    subject = m.deal(of)
    before = screen_deal(actor=of.buyer.actor, subject=subject, stage="contract")
    rules = {found.rule_id: found.outcome for found in before.findings.all()}
    assert (before.outcome, rules["PT-05"], rules["PI-01"]) == ("BLOCK", "BLOCK", "BLOCK")
    m.consented(of)
    m.assessed(of, of.buyer)
    after = screen_deal(actor=of.buyer.actor, subject=subject, stage="contract")
    assert (after.outcome, {found.outcome for found in after.findings.all()}) == ("PASS", {"PASS"})
