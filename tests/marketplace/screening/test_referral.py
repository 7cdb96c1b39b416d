"""A referral takes two regulators who say the same; their decision stands while its facts do; some rules nobody overrides."""

from dataclasses import replace

import pytest

from marketplace.screening.errors import OverrideForbidden
from marketplace.screening.flags import flag_lift, flag_raise
from marketplace.screening.models import Facts, Flag, Referral
from marketplace.screening.selectors import blocked_page, facts_shown, referral_page
from marketplace.screening.services import referral_decide, screen_deal, screen_listing
from registry.base.actor import PartyKind
from registry.base.errors import Affiliated, BadInput, Forbidden, FourEyes, IdempotencyMismatch, IllegalTransition, NotFound, StaleVersion
from registry.log.models import Outbox
from registry.parties.services import affiliation_declare
from registry.rights.services import hold_place
from registry.rights.states import HoldKind, Right
from registry.rules_store.models import Verdict
from registry.rules_store.selectors import verdict_latest, verdict_passes
from tests.marketplace.screening import market as m
from tests.support.parties import admit, colleague

pytestmark = pytest.mark.django_db


@pytest.fixture
def disputed():
    of = m.market()
    hold_place(actor=of.regulator.actor, object_id=of.registered.pk, kind=HoldKind.DISPUTE, reason="Claimed", idempotency_key="h")
    return of


def referred(of):
    subject = m.listing(of)
    verdict = screen_listing(actor=of.seller.actor, subject=subject)
    return subject, Referral.objects.get(verdict=verdict)


def decide(actor, referral, *, allow=True, reason="Read the file", version=None, key=None):
    return referral_decide(
        actor=actor,
        referral_id=referral.pk,
        allow=allow,
        reason=reason,
        expected_version=version or Referral.objects.get(pk=referral.pk).version,
        idempotency_key=key or m.key(),
    )


def test_two_regulators_let_a_referred_listing_through(disputed):
    subject, referral = referred(disputed)
    one, two = disputed.regulator.actor, colleague(disputed.regulator)
    proposed = decide(one, referral)
    assert (proposed.state, proposed.allow, proposed.first_decider, proposed.outcome_id) == ("PROPOSED", True, one.person, None)
    decided = decide(two, referral, reason="Agreed")
    assert (decided.state, decided.second_decider) == ("ALLOWED", two.person)
    superseding = Verdict.objects.get(pk=decided.outcome_id)
    assert (superseding.outcome, superseding.allowed_rules, superseding.facts_id) == ("PASS", ["PT-13"], referral.verdict.facts_id)
    assert verdict_passes(subject_id=subject.listing_id, subject_version=1, stage="listing", at=superseding.decided_at)
    again = screen_listing(actor=disputed.seller.actor, subject=subject)
    assert (again.outcome, again.allowed_rules) == ("PASS", ["PT-13"])


def test_a_decision_carries_to_later_stages_but_not_to_other_content(disputed):
    subject = m.deal(disputed, signatures=2)
    screen_deal(actor=disputed.buyer.actor, subject=subject, stage="contract")
    referral = Referral.objects.get()
    decide(disputed.regulator.actor, referral)
    decide(colleague(disputed.regulator), referral)
    assert screen_deal(actor=disputed.buyer.actor, subject=subject, stage="funding").outcome == "PASS"
    assert screen_deal(actor=disputed.buyer.actor, subject=replace(subject, terms_version=2), stage="funding").outcome == "REFER"


def test_a_decision_ends_with_the_facts_that_it_was_made_on():
    of = m.market(examined={"harm_flag": "SUSPECTED"})
    subject, referral = referred(of)
    decide(of.regulator.actor, referral)
    decide(colleague(of.regulator), referral)
    assert screen_listing(actor=of.seller.actor, subject=subject).outcome == "PASS"
    flag_raise(actor=of.regulator.actor, object_id=of.registered.pk, matter="HARM", degree="CONFIRMED", reason="Seen", idempotency_key="f")
    assert screen_listing(actor=of.seller.actor, subject=subject).outcome == "BLOCK"


def test_refused_by_two_stays_refused(disputed):
    subject, referral = referred(disputed)
    decide(disputed.regulator.actor, referral, allow=False)
    decided = decide(colleague(disputed.regulator), referral, allow=False)
    assert (decided.state, decided.outcome_id) == ("REFUSED", None)
    assert verdict_latest(subject_id=subject.listing_id, subject_version=1, stage="listing").outcome == "REFER"
    with pytest.raises(IllegalTransition):
        decide(colleague(disputed.regulator, name="Third"), referral)


def test_who_says_otherwise_starts_over(disputed):
    _, referral = referred(disputed)
    two = colleague(disputed.regulator)
    decide(disputed.regulator.actor, referral, allow=True)
    other = decide(two, referral, allow=False)
    assert (other.state, other.allow, other.first_decider) == ("PROPOSED", False, two.person)
    assert decide(disputed.regulator.actor, referral, allow=False).state == "REFUSED"


def refusals(of):
    _, referral = referred(of)
    kin = admit(PartyKind.REGULATOR, name="Kin")
    affiliation_declare(
        actor=kin.actor, organisation_id=kin.organisation.pk, other_id=of.seller.organisation.pk, basis="CONTROL", idempotency_key="a"
    )
    return referral, kin


def test_who_may_not_decide_changes_nothing(disputed, snapshot):
    referral, kin = refusals(disputed)
    one = disputed.regulator.actor
    decide(one, referral)
    before = snapshot(Referral, Verdict, Facts, Outbox)
    attempts = [
        (FourEyes, one, {}),
        (Affiliated, kin.actor, {}),
        (Forbidden, disputed.seller.actor, {}),
        (StaleVersion, colleague(disputed.regulator, name="Late"), {"version": 1}),
        (BadInput, colleague(disputed.regulator, name="Mute"), {"reason": "  "}),
    ]
    before = snapshot(Referral, Verdict, Facts)
    for refusal, actor, given in attempts:
        with pytest.raises(refusal):
            decide(actor, referral, **given)
    assert snapshot(Referral, Verdict, Facts) == before


def test_a_repeated_decision_is_one_and_another_input_under_its_key_is_refused(disputed):
    _, referral = referred(disputed)
    one = disputed.regulator.actor
    first = decide(one, referral, key="k", version=1)
    assert decide(one, referral, key="k", version=1).version == first.version == 2
    with pytest.raises(IdempotencyMismatch):
        decide(one, referral, key="k", version=1, allow=False)


def test_an_overtaken_referral_is_not_decided(disputed):
    subject, referral = referred(disputed)
    screen_listing(actor=disputed.seller.actor, subject=subject)
    with pytest.raises(IllegalTransition):
        decide(disputed.regulator.actor, referral)


def test_nobody_lets_an_unknown_secret_through(snapshot):
    of = m.market(examined={"secrecy_mark": None})
    _, referral = referred(of)
    assert referral.rules == ["PT-02"]
    before = snapshot(Referral, Verdict)
    with pytest.raises(OverrideForbidden) as refusal:
        decide(of.regulator.actor, referral)
    assert refusal.value.params["rules"] == "PT-02"
    assert snapshot(Referral, Verdict) == before
    assert decide(of.regulator.actor, referral, allow=False).state == "PROPOSED"


def test_a_referral_is_seen_by_those_it_concerns_and_regulators(disputed):
    _, referral = referred(disputed)
    assert [row.pk for row in referral_page(actor=disputed.seller.actor)] == [referral.pk]
    assert [row.pk for row in referral_page(actor=disputed.regulator.actor, state="OPEN")] == [referral.pk]
    assert list(referral_page(actor=disputed.regulator.actor, state="ALLOWED")) == []
    assert list(referral_page(actor=disputed.buyer.actor)) == []


def test_the_facts_behind_a_verdict_are_the_regulators_to_read():
    of = m.market()
    verdict = screen_listing(actor=of.seller.actor, subject=m.listing(of))
    shown = {fact.name: fact.value for fact in facts_shown(actor=of.regulator.actor, verdict_id=verdict.pk)}
    assert (shown["level"], shown["dispute_open"], shown["seller_rights"], shown["buyer_verified"]) == (
        "GENERAL",
        "false",
        "HOLD, OPERATE, USE",
        None,
    )
    with pytest.raises(Forbidden):
        facts_shown(actor=of.seller.actor, verdict_id=verdict.pk)


def test_blocked_trades_are_listed_by_rule():
    of = m.market(rights=(Right.HOLD,))
    blocked = screen_listing(actor=of.seller.actor, subject=m.listing(of))
    assert [row.pk for row in blocked_page(actor=of.regulator.actor)] == [blocked.pk]
    assert [row.pk for row in blocked_page(actor=of.regulator.actor, rule="PT-07")] == [blocked.pk]
    assert list(blocked_page(actor=of.regulator.actor, rule="PT-05")) == []
    assert list(blocked_page(actor=of.buyer.actor)) == []


def raised(of, **given):
    call = {"object_id": of.registered.pk, "matter": "HARM", "degree": "SUSPECTED", "reason": "Seen", "idempotency_key": m.key()}
    return flag_raise(**{"actor": of.regulator.actor, **call, **given})


def test_a_flag_is_raised_by_one_regulator_and_lifted_by_another():
    of = m.market()
    flag = raised(of)
    lifted = flag_lift(actor=colleague(of.regulator), flag_id=flag.pk, reason="Unfounded", expected_version=1, idempotency_key="l")
    assert (lifted.state, lifted.version) == ("LIFTED", 2)


def test_who_may_not_flag_changes_nothing(snapshot):
    of = m.market()
    flag = raised(of)
    kin = admit(PartyKind.REGULATOR, name="Kin")
    affiliation_declare(
        actor=kin.actor, organisation_id=kin.organisation.pk, other_id=of.seller.organisation.pk, basis="CONTROL", idempotency_key="a"
    )
    before = snapshot(Flag)
    lift = {"flag_id": flag.pk, "reason": "No", "idempotency_key": "x"}
    for refusal, call in [
        (Forbidden, lambda: raised(of, actor=of.seller.actor)),
        (Affiliated, lambda: raised(of, actor=kin.actor)),
        (NotFound, lambda: raised(of, object_id=flag.pk)),
        (BadInput, lambda: raised(of, reason="")),
        (FourEyes, lambda: flag_lift(actor=of.regulator.actor, expected_version=1, **lift)),
        (StaleVersion, lambda: flag_lift(actor=colleague(of.regulator), expected_version=2, **lift)),
    ]:
        with pytest.raises(refusal):
            call()
    assert snapshot(Flag) == before
