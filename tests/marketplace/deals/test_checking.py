"""A deal before the rules: what they say is kept whatever they say, and only what passes goes on."""

from datetime import timedelta

import pytest

from marketplace.deals.models import Deal
from marketplace.screening.models import Facts, Referral
from registry.base import clock
from registry.base.actor import PartyKind
from registry.base.models import IdempotencyKey
from registry.log.models import Outbox
from registry.rules_store.models import Finding, Verdict
from tests.listings import shop
from tests.marketplace.screening import market as m
from tests.support import trade
from tests.support.events import opened
from tests.support.graphql import Client, UserError, global_id
from tests.support.moving import advance

WRITTEN = (Deal, Verdict, Finding, Facts, Referral, Outbox, IdempotencyKey)
SAID = """deal { state version } verdict { id stage outcome passes subjectVersion decidedAt expiresAt
  findings { ruleId outcome clause reasonEn remedyEn } }"""


def check(made, *, by=None, **given):
    return made.step(by or made.buyer.client, "dealCheck", SAID, **given)


def hold(of, kind):
    given = {"objectId": of.flat.object, "kind": kind, "reason": "Claimed", "idempotencyKey": shop.key()}
    return Client(token=of.regulator.token).mutate("holdPlace", "hold { id }", **given)["hold"]["id"]


def test_a_clean_deal_is_checked_with_a_finding_for_every_rule(of):
    made = trade.requested(of)
    said = check(made)
    assert said.ok, said.user_errors
    assert said["deal"] == {"state": "CHECKED", "version": 2}
    verdict = said["verdict"]
    assert (verdict["stage"], verdict["outcome"], verdict["passes"], verdict["subjectVersion"]) == ("contract", "PASS", True, 1)
    outcomes = {found["ruleId"]: found["outcome"] for found in verdict["findings"]}
    assert set(outcomes.values()) == {"PASS"}
    assert {"PT-01", "PT-07", "RG-07", "DL-01", "DL-03"} <= outcomes.keys()
    assert not {"ST-01", "DL-04"} & outcomes.keys()
    stored = Verdict.objects.get(subject_id=made.uuid)
    assert (stored.findings.count(), stored.expires_at.isoformat()) == (len(outcomes), verdict["expiresAt"])
    assert [opened(told)["outcome"] for told in shop.events("verdict.given") if told["subject"]["id"] == str(made.uuid)] == ["PASS"]


def test_a_repeated_check_is_one_verdict(of):
    made = trade.requested(of)
    first = check(made, expectedVersion=1, idempotencyKey="c")
    assert check(made, expectedVersion=1, idempotencyKey="c")["verdict"] == first["verdict"]
    assert Verdict.objects.filter(subject_id=made.uuid).count() == 1


def test_the_seller_may_check_too(of):
    assert check(trade.requested(of), by=of.seller.client)["deal"]["state"] == "CHECKED"


def test_a_block_keeps_verdict_findings_and_one_event_and_leaves_the_deal(of, snapshot):
    made = trade.requested(of)
    hold(of, "COURT")
    before, told = snapshot(Deal), Outbox.objects.count()
    refused = check(made, idempotencyKey="c", expectedVersion=1)
    assert UserError(code="SCREENING_BLOCKED", rule="PT-14") in refused.user_errors
    blocked = [error for error in refused.user_errors if error.rule == "PT-14"]
    assert all(error.clause and error.remedy for error in blocked)
    assert refused.fields["deal"] == {"state": "REQUESTED", "version": 1}
    assert (refused.fields["verdict"]["outcome"], refused.fields["verdict"]["passes"]) == ("BLOCK", False)
    assert snapshot(Deal) == before
    verdict = Verdict.objects.get(subject_id=made.uuid)
    assert verdict.findings.filter(outcome="BLOCK", rule_id="PT-14").count() == 1
    assert Outbox.objects.count() - told == 1
    again = check(made, idempotencyKey="c", expectedVersion=1)
    assert again.user_errors == refused.user_errors
    assert Verdict.objects.filter(subject_id=made.uuid).count() == 1


def test_a_blocked_deal_is_checked_once_its_fault_is_mended(of):
    made = trade.requested(of)
    placed = hold(of, "COURT")
    assert "SCREENING_BLOCKED" in check(made).codes
    lifted = {"holdId": placed, "reason": "Paid", "expectedVersion": 1, "idempotencyKey": "l"}
    assert Client(token=m.second(of.regulator)).mutate("holdLift", "hold { id }", **lifted).ok
    assert check(made)["deal"] == {"state": "CHECKED", "version": 2}


def test_a_referral_parks_the_deal_until_two_regulators_allow_it(of):
    made = trade.requested(of)
    hold(of, "DISPUTE")
    parked = check(made)
    assert parked.user_errors == [UserError(code="SCREENING_REFERRED", rule="PT-13")]
    assert parked.fields["deal"] == {"state": "REFERRED", "version": 2}
    assert check(made).fields["deal"] == {"state": "REFERRED", "version": 2}
    referral = Referral.objects.filter(subject_id=made.uuid).latest("id")
    given = {"referralId": referral, "allow": True, "reason": "The claim was dropped"}
    one, two = Client(token=of.regulator.token), Client(token=m.second(of.regulator))
    for number, regulator in enumerate((one, two), 1):
        assert regulator.mutate("referralDecide", "referral { state }", **given, expectedVersion=number, idempotencyKey=f"{number}").ok
    assert check(made)["deal"] == {"state": "CHECKED", "version": 3}


def test_a_checked_deal_may_be_checked_again_when_its_verdict_expired(of):
    made = trade.checked(of)
    first = Verdict.objects.get(subject_id=made.uuid)
    advance(to=first.expires_at)
    assert check(made)["deal"] == {"state": "CHECKED", "version": 2}
    latest = Verdict.objects.filter(subject_id=made.uuid).latest("decided_at")
    assert latest.pk != first.pk
    assert latest.expires_at > clock.now()


def test_a_checked_deal_that_is_blocked_later_cannot_be_signed(of, snapshot):
    made = trade.checked(of)
    assert trade.sign(made, of.seller, "SELLER").ok
    hold(of, "COURT")
    assert "SCREENING_BLOCKED" in check(made).codes
    assert made.deal.state == "CHECKED"
    before = snapshot(*WRITTEN)
    assert trade.sign(made, of.buyer, "BUYER").codes == ["NOT_YET"]
    assert snapshot(*WRITTEN) == before


def test_a_stale_check_is_refused(of, snapshot):
    made = trade.requested(of)
    before = snapshot(*WRITTEN)
    for version in (0, 2, -1):
        assert check(made, expectedVersion=version).user_errors == [UserError(code="STALE_VERSION", field=["expectedVersion"])]
    assert snapshot(*WRITTEN) == before


@pytest.mark.parametrize("state", ["SIGNED", "CANCELLED"])
def test_past_signing_there_is_nothing_to_check(of, snapshot, state):
    made = trade.signed(of) if state == "SIGNED" else trade.requested(of)
    if state == "CANCELLED":
        assert made.step(of.buyer.client, "dealCancel", reason="Changed plans").ok
    before = snapshot(*WRITTEN)
    assert check(made).user_errors == [UserError(code="ILLEGAL_TRANSITION", field=["dealId"])]
    assert snapshot(*WRITTEN) == before


def test_who_is_no_side_checks_nothing(of, snapshot):
    made = trade.requested(of)
    before = snapshot(*WRITTEN)
    for client, code in (
        (of.other.client, "NOT_FOUND"),
        (Client(token=of.institution.token), "FORBIDDEN"),
        (Client(token=of.regulator.token), "FORBIDDEN"),
        (Client(), "UNAUTHENTICATED"),
    ):
        assert check(made, by=client).codes == [code]
    for wrong in ("nonsense", of.flat.object, ""):
        assert check(made, dealId=wrong).user_errors == [UserError(code="INVALID_ID", field=["dealId"])]
    assert snapshot(*WRITTEN) == before


def test_an_institution_that_trades_elsewhere_does_no_step_of_a_side_in_a_deal_that_it_settles(of, snapshot):
    house = trade.trader(PartyKind.INSTITUTION, PartyKind.BUYER, name="Both", by=of.institution)
    assert trade.ask(of, institutionId=house.party.organisation).ok
    row = Deal.objects.get()
    made = trade.Trade(of, of.flat, of.buyer, global_id(row), row.pk)
    before = snapshot(*WRITTEN)
    for refused in (
        check(made, by=house.client),
        made.step(house.client, "dealCancel", reason="Mine"),
        trade.sign(made, house, "BUYER"),
        made.step(house.client, "dealFund", paymentMethod="pm_card_visa"),
        made.step(house.client, "dealAccept", receivedSha256=of.flat.sha256),
    ):
        assert refused.user_errors == [UserError(code="NOT_A_SIDE", field=["dealId"])]
    assert snapshot(*WRITTEN) == before


def test_a_verdict_is_seen_by_those_concerned(of):
    made = trade.checked(of)
    shown = "query($id: ID!) { node(id: $id) { ... on Deal { verdicts { outcome findings { ruleId } } } } }"
    for token in (of.seller.party.token, of.buyer.party.token, of.institution.token, of.regulator.token):
        (verdict,) = Client(token=token).query(shown, id=made.id)["node"]["verdicts"]
        assert verdict["outcome"] == "PASS"
    assert of.other.client.query(shown, id=made.id)["node"] is None


def test_a_verdict_lasts_less_than_the_quote(of):
    made = trade.checked(of)
    assert timedelta() < Verdict.objects.get(subject_id=made.uuid).expires_at - clock.now() <= timedelta(days=7)
