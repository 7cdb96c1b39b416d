"""Money locked for a deal leaves once, whole, and only from where it lies."""

from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, transaction

from pricing.money import Money
from registry.base.actor import PartyKind
from registry.base.errors import IllegalTransition
from settlement.escrow.errors import AmountDiffers, LinesDoNotSum
from settlement.escrow.models import Escrow
from settlement.escrow.services import Line, Role, escrow_await, escrow_lock, escrow_not_paid, escrow_open, escrow_refund, escrow_release
from settlement.escrow.states import State
from settlement.ledger.errors import InsufficientFunds, PostingKeyReused
from settlement.ledger.models import Account, AccountKind, Entry, Move
from settlement.ledger.selectors import balance_of, ledger_balanced
from settlement.ledger.services import account_open
from tests.support.parties import admit

pytestmark = pytest.mark.django_db

AMOUNT = Money.of(10_000, "CNY")


@pytest.fixture
def deal() -> UUID:
    """A deal whose escrow is open."""
    key = uuid4()
    payer, institution = admit(PartyKind.BUYER).organisation, admit(PartyKind.INSTITUTION).organisation
    escrow_open(deal_id=key, payer_id=payer.pk, institution_id=institution.pk, amount=AMOUNT)
    return key


@pytest.fixture
def funded(deal) -> UUID:
    escrow_await(deal_id=deal)
    escrow_lock(deal_id=deal, gateway_reference="pi_1", received=AMOUNT)
    return deal


def held(deal: UUID) -> int:
    return balance_of(account_open(kind=AccountKind.ESCROW, owner=deal, currency="CNY"))


def lines(*amounts: int) -> list[Line]:
    roles = (Role.PLATFORM_FEE, Role.INSTITUTION_FEE, Role.SHARE, Role.SHARE)
    return [Line(role, uuid4(), amount) for role, amount in zip(roles, amounts, strict=False)]


def test_money_is_locked_and_released_to_the_last_fen(funded):
    assert held(funded) == 10_000
    paid = lines(200, 100, 9_000, 700)
    escrow_release(deal_id=funded, lines=paid)
    assert held(funded) == 0
    assert Escrow.objects.get(deal_id=funded).state == State.RELEASED
    assert {balance_of(account.pk) for account in Account.objects.filter(owner__in=[line.party_id for line in paid])} == {
        200,
        100,
        9_000,
        700,
    }
    assert ledger_balanced()


def test_the_gateways_word_is_taken_once(funded):
    escrow_lock(deal_id=funded, gateway_reference="pi_1", received=AMOUNT)
    escrow_lock(deal_id=funded, gateway_reference="pi_2", received=AMOUNT)
    assert (held(funded), Entry.objects.count()) == (10_000, 1)


@pytest.mark.parametrize("received", [Money.of(9_999, "CNY"), Money.of(10_001, "CNY"), Money.of(10_000, "USD")])
def test_another_amount_locks_nothing(deal, snapshot, received):
    escrow_await(deal_id=deal)
    before = snapshot(Escrow, Entry, Move)
    with pytest.raises(AmountDiffers):
        escrow_lock(deal_id=deal, gateway_reference="pi_1", received=received)
    assert snapshot(Escrow, Entry, Move) == before


def test_money_that_was_not_asked_for_is_not_locked(deal, snapshot):
    before = snapshot(Escrow, Entry)
    with pytest.raises(IllegalTransition):
        escrow_lock(deal_id=deal, gateway_reference="pi_1", received=AMOUNT)
    assert snapshot(Escrow, Entry) == before


@pytest.mark.parametrize("amounts", [(200, 100, 9_000, 699), (200, 100, 9_000, 701), (10_001, -1), ()])
def test_lines_that_are_not_the_amount_release_nothing(funded, snapshot, amounts):
    before = snapshot(Escrow, Entry, Move)
    with pytest.raises(LinesDoNotSum):
        escrow_release(deal_id=funded, lines=lines(*amounts))
    assert snapshot(Escrow, Entry, Move) == before


def test_what_is_released_is_not_refunded_nor_released_again(funded, snapshot):
    escrow_release(deal_id=funded, lines=lines(10_000))
    before = snapshot(Escrow, Entry, Move)
    for again in (lambda: escrow_refund(deal_id=funded), lambda: escrow_release(deal_id=funded, lines=lines(10_000))):
        with pytest.raises((IllegalTransition, InsufficientFunds, PostingKeyReused)), transaction.atomic():
            again()
    assert snapshot(Escrow, Entry, Move) == before


def test_a_refund_leaves_towards_the_payer(funded):
    escrow_refund(deal_id=funded)
    assert (held(funded), Escrow.objects.get(deal_id=funded).state) == (0, State.REFUNDED)
    assert ledger_balanced()


def test_a_payment_that_failed_may_be_tried_again(deal):
    escrow_await(deal_id=deal)
    escrow_not_paid(deal_id=deal)
    assert Escrow.objects.get(deal_id=deal).state == State.UNFUNDED
    escrow_await(deal_id=deal)
    assert Escrow.objects.get(deal_id=deal).state == State.FUNDING


def test_the_database_knows_no_funded_escrow_without_its_entry(deal):
    with pytest.raises(IntegrityError, match="escrow_funded_has_entry"), transaction.atomic():
        Escrow.objects.filter(deal_id=deal).update(state=State.FUNDED)
