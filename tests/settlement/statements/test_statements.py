"""Each party reads its own account: every move of a period, and a closing balance that is recomputed."""

from datetime import UTC, datetime, timedelta

import pytest

from marketplace.api.schema import market_schema
from pricing.money import Money
from registry.base import clock
from registry.base.actor import PartyKind
from registry.base.ids import uuid7
from settlement.escrow.services import Line, Role, escrow_await, escrow_lock, escrow_open, escrow_release
from settlement.ledger.models import AccountKind, Move
from settlement.ledger.services import PLATFORM, Movement, account_open, post
from settlement.statements import selectors
from tests.support.graphql import Client, UserError
from tests.support.parties import admit

pytestmark = pytest.mark.django_db
market_schema()
STATEMENT = """query($currency: String!, $since: DateTime!, $until: DateTime!) {
  statement(currency: $currency, since: $since, until: $until) {
    since until opening { amount currency } closing { amount currency } lines { at kind deal move amount { amount currency } }
} }"""
START = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def parties():
    return {kind: admit(kind, name=kind.value.title()) for kind in (PartyKind.MERCHANT, PartyKind.BUYER, PartyKind.INSTITUTION)}


def paid(parties, *shares, platform=200, institution=100, currency="CNY"):
    """A deal of the parties, funded and released: fees, and a share for each party named."""
    deal, payer, house = uuid7(), parties[PartyKind.BUYER].organisation.pk, parties[PartyKind.INSTITUTION].organisation.pk
    lines = [Line(Role.PLATFORM_FEE, PLATFORM, platform), Line(Role.INSTITUTION_FEE, house, institution)]
    lines += [Line(Role.SHARE, party.organisation.pk, minor) for party, minor in shares]
    amount = Money.of(sum(line.amount_minor for line in lines), currency)
    escrow_open(deal_id=deal, payer_id=payer, institution_id=house, amount=amount)
    escrow_await(deal_id=deal)
    escrow_lock(deal_id=deal, gateway_reference="pi_1", received=amount)
    escrow_release(deal_id=deal, lines=lines)
    return deal


def read(party, *, currency="CNY", since=START, until=None, language="en"):
    until = until or clock.now() + timedelta(days=1)
    return Client(token=party.token, language=language).query(STATEMENT, currency=currency, since=since, until=until)


def shown(party, **given):
    """Opening, lines and closing as figures."""
    found = read(party, **given)["statement"]
    lines = [(line["kind"], line["deal"], line["amount"]["amount"]) for line in found["lines"]]
    return found["opening"]["amount"], lines, found["closing"]["amount"]


def test_each_party_reads_its_own_lines_and_no_others(parties):
    seller, other = parties[PartyKind.MERCHANT], admit(PartyKind.MERCHANT, name="Licensor")
    deal = paid(parties, (seller, 9_000), (other, 700))
    assert shown(seller) == ("0.00", [("release", str(deal), "90.00")], "90.00")
    assert shown(other) == ("0.00", [("release", str(deal), "7.00")], "7.00")
    assert shown(parties[PartyKind.INSTITUTION]) == ("0.00", [("release", str(deal), "1.00")], "1.00")
    assert shown(parties[PartyKind.BUYER]) == ("0.00", [], "0.00")
    assert shown(admit(PartyKind.REGULATOR, name="Bureau")) == ("0.00", [], "0.00")


def test_a_line_names_its_move(parties):
    seller = parties[PartyKind.MERCHANT]
    paid(parties, (seller, 9_000))
    (line,) = read(seller)["statement"]["lines"]
    move = Move.objects.get(amount=9_000)
    assert (line["move"], line["amount"]) == (str(move.pk), {"amount": "90.00", "currency": "CNY"})


def test_what_came_before_the_period_is_in_the_opening_balance_and_what_came_after_is_not_told(parties, settings):
    settings.DEMO_CLOCK = True
    seller = parties[PartyKind.MERCHANT]
    first = paid(parties, (seller, 100))
    middle = clock.advance(to=clock.now() + timedelta(days=1))
    second = paid(parties, (seller, 20))
    last = clock.advance(to=clock.now() + timedelta(days=1))
    third = paid(parties, (seller, 3))
    assert shown(seller, until=middle) == ("0.00", [("release", str(first), "1.00")], "1.00")
    assert shown(seller, since=middle, until=last) == ("1.00", [("release", str(second), "0.20")], "1.20")
    assert shown(seller, since=last) == ("1.20", [("release", str(third), "0.03")], "1.23")
    assert shown(seller)[2] == "1.23"


def test_a_payout_is_a_negative_line(parties):
    seller = parties[PartyKind.MERCHANT]
    deal = paid(parties, (seller, 9_000))
    owed = account_open(kind=AccountKind.PAYABLE, owner=seller.organisation.pk, currency="CNY")
    away = account_open(kind=AccountKind.TRANSIT, owner=seller.organisation.pk, currency="CNY")
    post(key="payout:1", kind="payout", movements=[Movement(owed, away, 4_000, "CNY")])
    assert shown(seller) == ("0.00", [("release", str(deal), "90.00"), ("payout", None, "-40.00")], "50.00")


def test_each_currency_has_an_account_of_its_own(parties):
    seller = parties[PartyKind.MERCHANT]
    paid(parties, (seller, 9_000))
    deal = paid(parties, (seller, 50), platform=2, institution=1, currency="USD")
    assert shown(seller, currency="USD") == ("0.00", [("release", str(deal), "0.50")], "0.50")
    assert shown(seller, currency="EUR") == ("0.00", [], "0.00")


@pytest.mark.parametrize("currency", [pytest.param("XXX", id="unknown"), pytest.param("", id="none"), pytest.param("人民币", id="a name")])
def test_an_unknown_currency_is_the_users_error(parties, currency):
    answer = read(parties[PartyKind.MERCHANT], currency=currency)
    assert (answer.codes, answer.status) == (["BAD_INPUT"], 200)


def test_an_empty_period_is_the_users_error(parties):
    for until in (START, START - timedelta(days=1)):
        assert read(parties[PartyKind.MERCHANT], until=until).codes == ["BAD_INPUT"]


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        pytest.param("2026-01-01T00:00:00", ["BAD_INPUT"], id="without its offset"),
        pytest.param("9999-12-31T23:59:59+00:00", [], id="the last one"),
        pytest.param("0001-01-01T00:00:00+14:00", ["BAD_INPUT"], id="before the first one"),
    ],
)
def test_an_odd_instant_is_no_error_of_ours(parties, text, codes):
    given = {"currency": "CNY", "since": START.isoformat(), "until": text}
    assert Client(token=parties[PartyKind.MERCHANT].token).query(STATEMENT, **given).codes == codes


def test_nobody_reads_without_signing_in():
    answer = Client().query(STATEMENT, currency="CNY", since=START, until=clock.now())
    assert answer.codes == ["COST_EXCEEDED"]  # a statement is dear, and a stranger may ask for little


def test_more_lines_than_the_limit_ask_for_a_shorter_period_and_still_open_the_next(parties, settings, monkeypatch):
    settings.DEMO_CLOCK = True
    monkeypatch.setattr(selectors, "LINES_MAX", 2)
    seller = parties[PartyKind.MERCHANT]
    for minor in (100, 20, 3):
        paid(parties, (seller, minor))
    assert read(seller).codes == ["BAD_INPUT"]
    later = clock.advance(to=clock.now() + timedelta(days=1))
    deal = paid(parties, (seller, 4))
    assert shown(seller, since=later) == ("1.23", [("release", str(deal), "0.04")], "1.27")


def test_a_refusal_is_told_in_the_readers_language(parties):
    answer = read(parties[PartyKind.MERCHANT], until=START, language="zh-hans")
    assert not answer.errors[0]["message"].isascii()
    assert UserError(code="BAD_INPUT").code in answer.codes
