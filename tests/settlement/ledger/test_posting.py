"""What the ledger lets through and what it refuses, on real PostgreSQL as the application role."""

from uuid import UUID

import pytest
from django.db import DatabaseError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from registry.base.ids import uuid7
from settlement.ledger.errors import InsufficientFunds, PostingKeyReused, PostingRefused
from settlement.ledger.models import AccountKind, Balance, Entry, Move
from settlement.ledger.selectors import balance_of, ledger_balanced
from settlement.ledger.services import PLATFORM, Movement, account_open, post

pytestmark = pytest.mark.django_db


@pytest.fixture
def gateway() -> UUID:
    return account_open(kind=AccountKind.GATEWAY, owner=PLATFORM, currency="CNY")


@pytest.fixture
def escrow() -> UUID:
    return account_open(kind=AccountKind.ESCROW, owner=uuid7(), currency="CNY")


@pytest.fixture
def payable() -> UUID:
    return account_open(kind=AccountKind.PAYABLE, owner=uuid7(), currency="CNY")


def test_a_posting_moves_money_and_keeps_balances(gateway, escrow, payable):
    post(key="fund", kind="fund", movements=[Movement(gateway, escrow, 1000, "CNY")])
    post(key="release", kind="release", movements=[Movement(escrow, payable, 400, "CNY"), Movement(escrow, payable, 600, "CNY")])
    assert (balance_of(gateway), balance_of(escrow), balance_of(payable)) == (-1000, 0, 1000)
    assert Balance.objects.get(account=payable).amount == 1000
    assert ledger_balanced()


def test_the_same_key_and_content_post_once(gateway, escrow):
    movements = [Movement(gateway, escrow, 1000, "CNY")]
    assert post(key="fund", kind="fund", movements=movements) == post(key="fund", kind="fund", movements=movements)
    assert (Entry.objects.count(), Move.objects.count(), balance_of(escrow)) == (1, 1, 1000)


def test_an_account_is_opened_once_per_owner_kind_and_currency(gateway):
    assert account_open(kind=AccountKind.GATEWAY, owner=PLATFORM, currency="CNY") == gateway
    assert account_open(kind=AccountKind.GATEWAY, owner=PLATFORM, currency="USD") != gateway


def test_refusals_leave_nothing(gateway, escrow, payable):
    post(key="fund", kind="fund", movements=[Movement(gateway, escrow, 1000, "CNY")])
    dollars = account_open(kind=AccountKind.GATEWAY, owner=PLATFORM, currency="USD")
    refused = [
        (InsufficientFunds, "a", [Movement(escrow, payable, 1001, "CNY")]),
        (InsufficientFunds, "b", [Movement(gateway, escrow, 5, "CNY"), Movement(payable, escrow, 1, "CNY")]),
        (PostingKeyReused, "fund", [Movement(gateway, escrow, 999, "CNY")]),
        (PostingRefused, "c", [Movement(gateway, escrow, 0, "CNY")]),
        (PostingRefused, "d", [Movement(gateway, escrow, -5, "CNY")]),
        (PostingRefused, "e", [Movement(escrow, escrow, 5, "CNY")]),
        (PostingRefused, "f", [Movement(dollars, escrow, 5, "CNY")]),
        (PostingRefused, "g", [Movement(gateway, escrow, 5, "USD")]),
        (PostingRefused, "h", [Movement(gateway, uuid7(), 5, "CNY")]),
        (PostingRefused, "i", []),
        (PostingRefused, "", [Movement(gateway, escrow, 5, "CNY")]),
    ]
    for error, key, movements in refused:
        with pytest.raises(error):
            post(key=key, kind="test", movements=movements)
    assert (Entry.objects.count(), Move.objects.count(), balance_of(escrow)) == (1, 1, 1000)
    assert ledger_balanced()


def test_an_entry_is_reversed_once(gateway, escrow):
    entry = post(key="fund", kind="fund", movements=[Movement(gateway, escrow, 1000, "CNY")])
    post(key="undo", kind="undo", movements=[Movement(escrow, gateway, 1000, "CNY")], reverses=entry)
    with pytest.raises(PostingRefused):
        post(key="undo again", kind="undo", movements=[Movement(escrow, gateway, 1000, "CNY")], reverses=entry)
    assert balance_of(escrow) == 0


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE settlement_move SET amount = 1",
        "DELETE FROM settlement_entry",
        "TRUNCATE settlement_move",
        "UPDATE settlement_balance SET amount = 10000",
        "DELETE FROM settlement_balance",
        "INSERT INTO settlement_balance (market, account, amount, floor, version) VALUES (1, gen_random_uuid(), 0, 0, 0)",
        "INSERT INTO settlement_entry (market, id, key, digest, kind, at) VALUES (1, gen_random_uuid(), 'k', sha256(''), 'k', now())",
    ],
)
def test_the_application_may_only_call_the_function(gateway, escrow, statement):
    post(key="fund", kind="fund", movements=[Movement(gateway, escrow, 1000, "CNY")])
    with pytest.raises(DatabaseError, match=r"permission denied|append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert balance_of(escrow) == 1000


def test_no_money_is_posted_with_asynchronous_commit(gateway, escrow):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit = off")
        with pytest.raises(PostingRefused) as refusal:
            post(key="fund", kind="fund", movements=[Movement(gateway, escrow, 1000, "CNY")])
        cursor.execute("SET LOCAL synchronous_commit = on")
    assert refusal.value.params["rule"] == "posting_is_durable"
    assert not Entry.objects.exists()


class AnySequenceOfPostings(TestCase):
    """Whatever is tried, balances equal moves and no floored account is below zero."""

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(-5, 500)), max_size=12))
    def test_keeps_the_ledger_sound(self, tries: list[tuple[int, int, int]]) -> None:
        accounts = [account_open(kind=AccountKind.GATEWAY, owner=PLATFORM, currency="CNY")]
        accounts += [account_open(kind=AccountKind.ESCROW, owner=uuid7(), currency="CNY") for _ in range(4)]
        kept = dict.fromkeys(accounts, 0)
        for number, (src, dst, amount) in enumerate(tries):
            allowed = src != dst and amount > 0 and (src == 0 or kept[accounts[src]] >= amount)
            try:
                post(key=f"{accounts[1]}{number}", kind="test", movements=[Movement(accounts[src], accounts[dst], amount, "CNY")])
            except (InsufficientFunds, PostingRefused):
                assert not allowed
            else:
                assert allowed
                kept[accounts[src]] -= amount
                kept[accounts[dst]] += amount
        assert {account: balance_of(account) for account in accounts} == kept
        assert ledger_balanced()
