"""The database itself refuses a state without what must stand behind it, and a change of what was signed, whoever writes."""

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import F

from marketplace.deals.models import Deal, DealRight, Signature, Voucher
from registry.base import clock
from registry.base.ids import uuid7
from registry.rules_store.models import Verdict
from settlement.escrow.models import Escrow
from settlement.escrow.services import Line, Role, escrow_release
from tests.support import trade
from tests.support.moving import advance


@pytest.fixture
def of(delivered):
    return delivered.world


@pytest.fixture
def accepted(delivered):
    """An accepted deal, with its money released and a passing verdict for settlement: all that SETTLED needs."""
    assert trade.accept(delivered).ok
    return delivered


def release(made):
    escrow_release(deal_id=made.uuid, lines=[Line(Role.SHARE, made.seller.id, made.deal.amount_minor)])


def judged(made, *, outcome="PASS", stage="settlement"):
    """A verdict on the deal as screening writes it, by copying the one for signing."""
    row = Verdict.objects.filter(subject_id=made.uuid, stage="contract").latest("decided_at")
    row.pk, row.stage, row.outcome, row.decided_at = uuid7(), stage, outcome, clock.now()
    row.save(force_insert=True)


def settle(made):
    with transaction.atomic():
        Deal.objects.filter(pk=made.uuid).update(state="SETTLED", version=F("version") + 1, settled_at=clock.now())


@pytest.mark.django_db
def test_tests_write_as_the_application_role():
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == ("egret_app",)


def test_all_four_proofs_together_settle(accepted):
    release(accepted)
    judged(accepted)
    settle(accepted)
    assert accepted.deal.state == "SETTLED"


def test_without_a_registered_right_nothing_is_settled(of, accepted, snapshot):
    release(accepted)
    judged(accepted)
    given = {"deal_id": accepted.uuid, "object": of.flat.object, "kind": "OPERATE", "exclusive": False, "scope": {}}
    DealRight.objects.create(valid=DealRight.objects.get(deal=accepted.uuid).valid, **given)
    before = snapshot(Deal)
    with pytest.raises(IntegrityError, match="a right that the deal grants is not registered"):
        settle(accepted)
    assert snapshot(Deal) == before


def test_without_a_passing_verdict_nothing_is_settled(accepted, snapshot):
    release(accepted)
    before = snapshot(Deal)
    for outcome in (None, "BLOCK", "REFER"):
        if outcome:
            judged(accepted, outcome=outcome)
        with pytest.raises(IntegrityError, match="no passing, unexpired verdict for settlement"):
            settle(accepted)
    judged(accepted)
    advance(to=Verdict.objects.latest("decided_at").expires_at)
    with pytest.raises(IntegrityError, match="no passing, unexpired verdict for settlement"):
        settle(accepted)
    assert snapshot(Deal) == before


def test_without_its_money_paid_out_nothing_is_settled(accepted, snapshot):
    judged(accepted)
    before = snapshot(Deal)
    with pytest.raises(IntegrityError, match="the settlement entry does not balance to the amount of the deal"):
        settle(accepted)
    assert snapshot(Deal) == before


def test_an_escrow_that_only_says_it_was_released_settles_nothing(accepted, snapshot):
    judged(accepted)
    escrow = Escrow.objects.get()
    Escrow.objects.update(state="RELEASED", out_entry=escrow.fund_entry)
    before = snapshot(Deal)
    with pytest.raises(IntegrityError, match="the settlement entry does not balance to the amount of the deal"):
        settle(accepted)
    assert snapshot(Deal) == before


def test_without_both_signatures_nothing_is_signed_nor_settled(of, snapshot):
    made = trade.checked(of)
    before = snapshot(Deal)
    for sides in ((), ("seller",), ("seller", "buyer")):
        for side in sides[-1:]:
            # the second one is by the seller's key for the buyer
            given = {"signing_key": of.seller.key, "terms_hash": made.deal.terms_hash, "signature": bytes(64), "signed_at": clock.now()}
            Signature.objects.create(deal_id=made.uuid, side=side, **given)
        for state in ("SIGNED", "SETTLED"):
            with pytest.raises(IntegrityError, match="the contract is not signed by both sides"), transaction.atomic():
                Deal.objects.filter(pk=made.uuid).update(state=state, signed_at=clock.now(), settled_at=clock.now())
    assert snapshot(Deal) == before


def test_signatures_over_another_hash_sign_nothing(of, snapshot):
    made = trade.checked(of)
    for side, who in (("seller", of.seller), ("buyer", of.buyer)):
        given = {"signing_key": who.key, "terms_hash": "0" * 64, "signature": bytes(64), "signed_at": clock.now()}
        Signature.objects.create(deal_id=made.uuid, side=side, **given)
    before = snapshot(Deal)
    with pytest.raises(IntegrityError, match="the contract is not signed by both sides"), transaction.atomic():
        Deal.objects.filter(pk=made.uuid).update(state="SIGNED", signed_at=clock.now())
    assert snapshot(Deal) == before


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"amount_minor": 1}, id="amount"),
        pytest.param({"currency": "USD"}, id="currency"),
        pytest.param({"purpose": "another"}, id="purpose"),
        pytest.param({"terms": {}}, id="terms"),
        pytest.param({"terms_bytes": b"{}"}, id="bytes"),
        pytest.param({"terms_hash": "0" * 64}, id="hash"),
        pytest.param({"terms_version": 2}, id="version of the terms"),
        pytest.param({"seller": F("institution")}, id="seller"),
        pytest.param({"buyer": F("institution")}, id="buyer"),
        pytest.param({"institution": F("seller")}, id="institution"),
        pytest.param({"income_share_ppm": 1}, id="share"),
        pytest.param({"consideration": "INCOME_SHARE"}, id="consideration"),
        pytest.param({"quote": None}, id="quote"),
        pytest.param({"requested_at": F("funded_at")}, id="time of the request"),
    ],
)
def test_the_terms_of_a_deal_never_change(delivered, snapshot, changed):
    before = snapshot(Deal)
    with pytest.raises(IntegrityError, match="the terms of a deal never change"), transaction.atomic():
        Deal.objects.update(**changed)
    assert snapshot(Deal) == before


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"kind": "OPERATE"}, id="kind"),
        pytest.param({"exclusive": True}, id="exclusive"),
        pytest.param({"scope": {}}, id="scope"),
        pytest.param({"valid": ("2000-01-01", "2099-01-01")}, id="term"),
        pytest.param({"grant": None}, id="grant"),
    ],
)
def test_a_right_that_a_deal_grants_never_changes(delivered, snapshot, changed):
    before = snapshot(DealRight)
    with pytest.raises(IntegrityError, match="a right that a deal grants never changes"), transaction.atomic():
        DealRight.objects.update(**changed)
    assert snapshot(DealRight) == before


def test_nothing_of_a_deal_is_deleted(delivered):
    for model in (Deal, DealRight, Signature):
        table = model._meta.db_table
        with (
            pytest.raises(Exception, match=r"never deleted|append-only|permission denied"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(f"DELETE FROM {table}")


def test_a_deal_begins_as_a_request(delivered):
    row = delivered.deal
    row.pk, row.quote_id = uuid7(), None
    row.consideration, row.amount_minor, row.income_share_ppm = "INCOME_SHARE", 0, 1
    for state, version in (("CHECKED", 1), ("IN_FORCE", 1), ("REQUESTED", 2)):
        row.state, row.version = state, version
        with pytest.raises(IntegrityError, match="a deal begins as a request"), transaction.atomic():
            row.save(force_insert=True)


@pytest.mark.parametrize("state", ["FUNDED", "DELIVERED", "ACCEPTED", "REFUNDED"])
def test_a_licence_has_no_price_to_fund(of, state):
    shelf = trade.shelved(of.seller, trade.registered(of.seller))
    made = trade.requested(of, shelf=shelf)
    with pytest.raises(IntegrityError, match="deal_priced_states_have_a_price"), transaction.atomic():
        Deal.objects.filter(pk=made.uuid).update(state=state)


def test_a_voucher_never_changes(accepted):
    assert trade.settle(accepted).ok
    with pytest.raises(DatabaseError, match=r"append-only|permission denied"), transaction.atomic():
        Voucher.objects.update(statement=b"{}")
