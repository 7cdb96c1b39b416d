"""Complaints: filed by whoever sees the thing, answered by those who may, and a buyer's objection holds back settlement."""

from datetime import timedelta

import pytest

from marketplace.api.schema import market_schema
from marketplace.oversight.models import Complaint
from marketplace.oversight.selectors import complaint_page
from marketplace.oversight.services import complaint_answer
from marketplace.screening.models import Flag
from marketplace.screening.services import screen_deal
from registry.base import clock
from registry.base.actor import PartyKind
from registry.base.errors import Affiliated, BadInput, IllegalTransition, NotFound, StaleVersion
from registry.log.models import Outbox
from registry.parties.services import affiliation_declare
from registry.rules.calendar import CHINA, china_date
from tests.marketplace.oversight.trouble import file, requested
from tests.marketplace.screening import market as m
from tests.support.graphql import Client, global_id
from tests.support.parties import admit

pytestmark = pytest.mark.django_db
market_schema()  # makes every node known, whose ids the client writes


def answer(by, complaint, *, text="Delivered again", version=1, key=None):
    return complaint_answer(
        actor=by.actor, complaint_id=complaint.pk, answer=text, expected_version=version, idempotency_key=key or m.key()
    )


def test_a_buyers_complaint_of_a_delivery_holds_back_settlement_until_the_institution_answers():
    of = m.market()
    deal = requested(of, state="DELIVERED", inspection_until_at=clock.now() - timedelta(days=1))
    subject = m.deal(of, offer=deal.offer, deal_id=deal.pk, signatures=2, inspection_until_at=deal.inspection_until_at)
    assert screen_deal(actor=of.institution.actor, subject=subject, stage="settlement").outcome == "PASS"
    complaint = file(of, deal)
    assert (complaint.state, complaint.institution_id, complaint.objection.matter) == (
        "RECEIVED",
        of.institution.organisation.pk,
        "DELIVERY",
    )
    assert screen_deal(actor=of.institution.actor, subject=subject, stage="settlement").outcome == "BLOCK"
    answered = answer(of.institution, complaint)
    assert (answered.state, answered.answer, answered.version) == ("ANSWERED", "Delivered again", 2)
    assert Flag.objects.get().state == "LIFTED"
    assert screen_deal(actor=of.institution.actor, subject=subject, stage="settlement").outcome == "PASS"


@pytest.mark.parametrize("state", ["REQUESTED", "CANCELLED"])
def test_a_complaint_of_a_deal_without_a_delivery_holds_nothing_back(state):
    of = m.market()
    assert file(of, requested(of, state=state)).objection is None


def test_a_sellers_complaint_of_a_delivered_deal_is_no_objection():
    of = m.market()
    assert file(of, requested(of, state="DELIVERED"), by=of.seller).objection is None


def test_the_answer_is_due_fifteen_days_later_at_the_end_of_a_working_day():
    of = m.market()
    complaint = file(of, of.registered, kind="RegisteredObject")
    days = china_date(complaint.answer_due_at - timedelta(seconds=1)) - china_date(complaint.received_at)
    assert 15 <= days.days <= 26
    assert complaint.answer_due_at.astimezone(CHINA).hour == 0


def test_a_repeated_complaint_is_one():
    of = m.market()
    deal = requested(of, state="DELIVERED")
    assert file(of, deal, key="k").pk == file(of, deal, key="k").pk
    assert (Complaint.objects.count(), Flag.objects.count()) == (1, 1)


def test_who_may_not_complain_or_answer_changes_nothing(snapshot):
    of = m.market()
    deal = requested(of, state="DELIVERED")
    complaint = file(of, deal)
    kin, stranger = admit(PartyKind.REGULATOR, name="Kin"), admit(PartyKind.MERCHANT, name="Stranger")
    affiliation_declare(
        actor=kin.actor, organisation_id=kin.organisation.pk, other_id=of.buyer.organisation.pk, basis="CONTROL", idempotency_key="a"
    )
    before = snapshot(Complaint, Flag, Outbox)
    for refusal, call in [
        (NotFound, lambda: file(of, deal, by=stranger)),
        (BadInput, lambda: file(of, deal, text=" ")),
        (BadInput, lambda: file(of, deal, kind="Person")),
        (NotFound, lambda: answer(stranger, complaint)),
        (Affiliated, lambda: answer(kin, complaint)),
        (BadInput, lambda: answer(of.regulator, complaint, text="")),
        (StaleVersion, lambda: answer(of.regulator, complaint, version=2)),
    ]:
        with pytest.raises(refusal):
            call()
    assert snapshot(Complaint, Flag, Outbox) == before


def test_the_complainant_does_not_answer_and_an_answer_is_given_once(snapshot):
    of = m.market()
    complaint = file(of, of.registered, kind="RegisteredObject")
    payload = Client(token=of.buyer.token).mutate(
        "complaintAnswer", "complaint { id }", complaintId=complaint, answer="Fine", expectedVersion=1, idempotencyKey="x"
    )
    assert payload.codes == ["NOT_YOURS_TO_ANSWER"]
    answer(of.regulator, complaint)
    before = snapshot(Complaint)
    with pytest.raises(IllegalTransition):
        answer(of.regulator, complaint, version=2)
    assert snapshot(Complaint) == before


def test_complaints_are_seen_by_complainant_institution_and_regulator():
    of = m.market()
    deal = requested(of)
    payload = Client(token=of.buyer.token).mutate(
        "complaintFile",
        "complaint { id subjectId state holdsSettlement answer complainant { id } }",
        subjectId=deal,
        text="Late",
        idempotencyKey="c",
    )["complaint"]
    assert (payload["subjectId"], payload["state"], payload["holdsSettlement"]) == (global_id(deal), "RECEIVED", False)
    seen = {party: [row.pk for row in complaint_page(actor=getattr(of, party).actor)] for party in ("buyer", "institution", "regulator")}
    assert {len(rows) for rows in seen.values()} == {1}
    assert list(complaint_page(actor=of.seller.actor)) == []
    wrong = Client(token=of.buyer.token).mutate("complaintFile", "complaint { id }", subjectId="nonsense", text="x", idempotencyKey="d")
    assert wrong.codes == ["BAD_INPUT"]
