"""Any history of a market's deals: the books sum to zero, what is settled has its four proofs, and states move by the table alone."""

from contextlib import ExitStack
from datetime import timedelta
from itertools import pairwise

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

from marketplace.deals.models import Deal, DealRight, Signature, Voucher
from marketplace.deals.states import TRANSITIONS, State
from registry.base import clock
from registry.rules_store.models import Verdict
from settlement.escrow.models import Escrow
from settlement.ledger.models import Account, AccountKind, Move
from settlement.ledger.selectors import balance_of, ledger_balanced
from settlement.payments.models import Charge
from tests.marketplace.screening import market as m
from tests.support import trade
from tests.support.gateway import BAD_CARD, GOOD_CARD, RecordingGateway
from tests.support.graphql import Client
from tests.support.moving import advance

EXPECTED = {
    "ALREADY_SIGNED", "CHARGE_OPEN", "FILE_DIFFERS", "ILLEGAL_TRANSITION", "MONEY_UNDER_WAY", "NOT_YET", "QUOTE_USED", "RIGHT_TAKEN",
    "SCREENING_BLOCKED", "SCREENING_REFERRED", "STALE_VERSION", "HELD", "NOT_COVERED",
}  # fmt: skip
market = {}


class Deals(RuleBasedStateMachine):
    """Two buyers of one file, and everything that they, the seller, the institution, the gateway and time may do, in any order."""

    deals = Bundle("deals")

    @initialize(target=deals)
    def start(self):
        """Four deals that have come so far already, so that short histories reach every state."""
        self.undo = ExitStack()
        self.undo.enter_context(trade.as_published())
        self.undo.enter_context(transaction.atomic())
        self.undo.callback(transaction.set_rollback, True)  # noqa: FBT003 Django's own signature
        self.world, self.said, self.hold = market["world"], [], None
        self.world.gateway.recall(market["gateway"])
        self.steps = {made.uuid: [made.deal.state] for made in market["deals"]}
        return multiple(*market["deals"])

    def teardown(self):
        self.undo.close()

    def took(self, payload):
        """A step is carried out or refused with a code that says why; nothing fails inside."""
        assert set(payload.codes) <= EXPECTED, payload.codes
        return payload

    @precondition(lambda self: len(self.steps) < 6)
    @rule(target=deals, second=st.booleans())
    def request(self, second):
        made = trade.requested(self.world, buyer=self.world.other if second else self.world.buyer)
        self.steps[made.uuid] = ["REQUESTED"]
        return made

    @rule(made=deals)
    def check(self, made):
        self.took(made.step(made.buyer.client, "dealCheck"))
        self.watch()

    @rule(made=deals, seller=st.booleans())
    def sign(self, made, *, seller):
        self.took(trade.sign(made, made.seller if seller else made.buyer, "SELLER" if seller else "BUYER"))

    @rule(made=deals, good=st.booleans())
    def fund(self, made, good):
        self.took(trade.fund(made, card=GOOD_CARD if good else BAD_CARD))

    @rule()
    def relays(self):
        trade.relay()

    @rule(made=deals, again=st.booleans())
    def announce(self, made, again):
        charge = Charge.objects.filter(deal_id=made.uuid).exclude(gateway_payment_id="").last()
        if charge is None:
            return
        if not again or not self.said:
            self.said.append(self.world.gateway.message(charge.gateway_payment_id))
        assert trade.webhook(*self.said[-1]) == 200

    @rule(made=deals)
    def pay(self, made):
        """From the charge to the opened file, with the gateway's word said twice."""
        if not trade.fund(made).ok:
            return
        trade.relay()
        self.watch()
        message = self.world.gateway.message(Charge.objects.get(deal_id=made.uuid, state="SENT").gateway_payment_id)
        assert [trade.webhook(*message), trade.webhook(*message)] == [200, 200]
        trade.relay()

    @rule(made=deals, steps=st.integers(1, 7))
    def go_on(self, made, steps):
        """The steps that are next, so that histories come as far as settlement."""
        for _ in range(steps):
            match made.deal.state:
                case "REQUESTED" | "REFERRED":
                    self.check(made)
                case "CHECKED":
                    self.sign(made, seller=True)
                    self.sign(made, seller=False)
                case "SIGNED":
                    self.pay(made)
                case "FUNDED":
                    self.deliver(made)
                    self.relays()
                case "DELIVERED":
                    self.accept(made, right=True)
                case "ACCEPTED":
                    self.settle(made)
            self.watch()

    @rule(made=deals)
    def deliver(self, made):
        nodes = made.buyer.client.query("{ entitlements(first: 50) { nodes { id state dealId } } }")["entitlements"]["nodes"]
        if any(node["dealId"] == str(made.uuid) and node["state"] == "OPEN" for node in nodes) and self.hold is None:
            assert trade.fetched(made) == made.shelf.content

    @rule(made=deals, right=st.booleans())
    def accept(self, made, *, right):
        self.took(trade.accept(made, receivedSha256=made.shelf.sha256 if right else "0" * 64))

    @rule(made=deals)
    def settle(self, made):
        self.took(trade.settle(made))

    @rule(made=deals, seller=st.booleans())
    def cancel(self, made, seller):
        self.took(made.step(made.seller.client if seller else made.buyer.client, "dealCancel", reason="Changed plans"))

    @rule(hours=st.sampled_from([1, 30, 200]))
    def wait(self, hours):
        advance(to=clock.now() + timedelta(hours=hours))

    @precondition(lambda self: self.hold is None)
    @rule()
    def seize(self):
        placed = {"objectId": self.world.flat.object, "kind": "COURT", "reason": "Seized", "idempotencyKey": m.key()}
        self.hold = Client(token=self.world.regulator.token).mutate("holdPlace", "hold { id }", **placed)["hold"]["id"]

    @precondition(lambda self: self.hold is not None)
    @rule()
    def release(self):
        given = {"holdId": self.hold, "reason": "Paid", "expectedVersion": 1, "idempotencyKey": m.key()}
        assert Client(token=market["second"]).mutate("holdLift", **given).ok
        self.hold = None

    def watch(self):
        for row in Deal.objects.filter(pk__in=list(self.steps)):
            if self.steps[row.pk][-1] != row.state:
                self.steps[row.pk].append(row.state)

    @invariant()
    def states_move_by_the_table(self):
        self.watch()
        for states in self.steps.values():
            for before, after in pairwise(states):
                assert reachable(State(before), State(after)), states

    @invariant()
    def the_books_balance(self):
        assert ledger_balanced()
        for account in Account.objects.filter(kind=AccountKind.ESCROW):
            assert balance_of(account.pk) >= 0

    @invariant()
    def money_is_where_the_deal_says(self):
        for row in Deal.objects.filter(pk__in=list(self.steps)):
            escrow = Escrow.objects.filter(deal_id=row.pk).first()
            account = Account.objects.filter(kind=AccountKind.ESCROW, owner=row.pk).first()
            locked = balance_of(account.pk) if account else 0
            if row.state in {"FUNDED", "DELIVERED", "ACCEPTED"}:
                assert (escrow.state, locked) == ("FUNDED", row.amount_minor)
            elif row.state == "SETTLED":
                moved = Move.objects.filter(src=account.pk, entry=escrow.out_entry)
                assert (escrow.state, locked, sum(move.amount for move in moved)) == ("RELEASED", 0, row.amount_minor)
            elif row.state == "CANCELLED":
                assert (escrow is None or escrow.state == "UNFUNDED", locked) == (True, 0)
            else:
                assert locked in {0, row.amount_minor}  # the gateway's word may wait for the relay

    @invariant()
    def what_is_settled_has_its_four_proofs(self):
        for row in Deal.objects.filter(pk__in=list(self.steps), state="SETTLED"):
            assert not DealRight.objects.filter(deal=row, grant=None).exists()
            assert Signature.objects.filter(deal=row, terms_hash=row.terms_hash).count() == 2
            assert Verdict.objects.get(pk=row.settlement_verdict).passes
            assert Voucher.objects.filter(deal=row).count() == 1


def reachable(before, after):
    """Whether relays and services may have led from one state to another between two looks."""
    seen, new = set(), {before}
    while new:
        seen |= new
        new = {follower for state in new for follower in TRANSITIONS[state]} - seen
    return after in seen


@pytest.fixture
def histories(of):
    reached = [trade.requested(of), trade.signed(of), trade.funded(of, buyer=of.other), trade.delivered(of)]
    gateway = RecordingGateway()
    gateway.recall(of.gateway)
    market.update(world=of, second=m.second(of.regulator), deals=reached, gateway=gateway)
    yield
    market.clear()


@pytest.mark.usefixtures("histories")
def test_any_history_of_deals_is_lawful():
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    chosen = settings(max_examples=10, stateful_step_count=14, deadline=None, suppress_health_check=checks, database=None)
    run_state_machine_as_test(Deals, settings=chosen)
