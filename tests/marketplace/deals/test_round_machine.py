"""Any history of rounds: one standing bid a bidder and side, quotes exactly for awards, and nothing from a void round."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import timedelta

import pytest
from django.db import transaction
from django.db.models import Count
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from pricing.computations.services import recompute
from pricing.quotes.models import Quote
from pricing.quotes.services import verify
from pricing.rounds.models import Bid, Round
from pricing.rounds.services import content_of, round_clear, round_close
from pricing.rounds.states import State
from pricing.rounds.tasks import run_once
from registry.base import clock
from registry.base.actor import PartyKind
from registry.log.integrator import integrate
from tests.support import rounds as r
from tests.support import trade
from tests.support.graphql import global_id
from tests.support.moving import advance
from tests.support.parties import admit

EXPECTED = {"ROUND_NOT_OPEN", "ROUND_UNDER_WAY", "MAY_NOT_BID"}
market = {}


class Rounds(RuleBasedStateMachine):
    """A one-sided, a drawn and a two-sided offer, two buyers, two sellers, relays that come when they come, and time."""

    @initialize()
    def start(self):
        self.undo = ExitStack()
        self.undo.enter_context(trade.as_published())
        self.undo.enter_context(transaction.atomic())
        self.undo.callback(transaction.set_rollback, True)  # noqa: FBT003 Django's own signature
        self.world, self.shelves, self.charity = market["world"], market["shelves"], market["charity"]
        for key in self.shelves:
            self.open_(key, 1)

    def teardown(self):
        self.undo.close()

    def took(self, payload):
        """A step is carried out or refused with a code that says why; nothing fails inside."""
        assert set(payload.codes) <= EXPECTED, payload.codes
        return payload

    def open_(self, key, hours):
        given = {"closesAt": clock.now() + timedelta(hours=hours)}
        if key == "exchange":
            given["surplusToId"] = self.charity
        self.took(r.open_round(self.world, self.shelves[key], **given))

    @rule(key=st.sampled_from(["auction", "digital", "exchange"]), hours=st.integers(1, 5))
    def open_again(self, key, hours):
        self.open_(key, hours)

    @rule(at=st.integers(0, 5), second=st.booleans(), minor=st.integers(0, 3))
    def bid(self, at, *, second, minor):
        buyer = self.world.other if second else self.world.buyer
        self.took(r.place(buyer.client, self.round_at(at), {"bid": f"{minor}.50"}))

    @rule(rival=st.booleans(), minor=st.integers(0, 3))
    def ask(self, *, rival, minor):
        held = Round.objects.filter(offer_id=self.shelves["exchange"].offer.pk).latest("opened_at")
        shelf = market["rival"] if rival else self.shelves["exchange"]
        self.took(r.ask(shelf.owner.client, global_id(held), shelf.offer, {"ask": f"{minor}.20"}))

    def round_at(self, at):
        rows = Round.objects.order_by("-opened_at", "pk")
        return global_id(rows[at % rows.count()])

    @rule(minutes=st.sampled_from([1, 40, 61, 400]))
    def wait(self, minutes):
        advance(to=clock.now() + timedelta(minutes=minutes))

    @rule()
    def relay(self):
        run_once()

    @rule()
    def sequence(self):
        integrate()

    @rule()
    def all_relays(self):
        for _ in range(3):
            integrate()
            run_once()

    @rule(at=st.integers(0, 5))
    def once_more(self, at):
        """Timers may come twice."""
        rows = Round.objects.exclude(state=State.OPEN).order_by("-opened_at", "pk")
        if rows:
            row = rows[at % rows.count()]
            round_close(round_id=row.pk)
            if row.state != State.CLOSED:
                round_clear(round_id=row.pk)

    @invariant()
    def at_most_one_bid_of_a_bidder_stands_on_a_side(self):
        standing = Bid.objects.filter(replaced_at=None).values("round", "bidder", "side").annotate(count=Count("pk"))
        assert all(row["count"] == 1 for row in standing)

    @invariant()
    def nobody_stands_on_both_sides(self):
        for row in Round.objects.all():
            sides = [set(row.bids.filter(replaced_at=None, side=side).values_list("bidder", flat=True)) for side in ("BUY", "SELL")]
            assert not sides[0] & sides[1]

    @invariant()
    def a_round_closes_over_the_bids_that_stand(self):
        told = {event["data"]["round"]: event["data"]["commitments"] for event in trade.told("round.closed")}
        for row in Round.objects.all():
            standing = row.bids.filter(replaced_at=None).order_by("placed_at", "pk")
            assert told.get(str(row.pk)) == (None if row.state == State.OPEN else [bid.commitment for bid in standing])
            for bid in standing:
                assert set(content_of(bid=bid)) <= {"bid", "ask"}
                assert bid.placed_at < row.closes_at

    @invariant()
    def quotes_are_exactly_for_awards(self):
        for row in Round.objects.all():
            quotes = list(Quote.objects.filter(computation=row.computation_id)) if row.computation_id else []
            assert (row.computation_id is not None) == (row.state == State.CLEARED)
            if row.state != State.CLEARED:
                continue
            extras = recompute(computation=row.computation).to_json()["extras"]
            awards = sorted((award["bidder"], int(award["minor"])) for award in extras["awards"])
            assert sorted((str(quote.buyer_id), quote.amount_minor) for quote in quotes) == awards
            assert sum(quote.surplus_minor for quote in quotes) == int(extras.get("surplus_minor", "0"))
            for quote in quotes:
                assert verify(quote=quote).amount_minor == quote.amount_minor
        assert Quote.objects.filter(computation=None).count() == 0

    @invariant()
    def what_is_void_had_no_bid(self):
        for row in Round.objects.filter(state=State.VOID):
            assert (row.void_reason, row.bids.count()) == ("NO_BIDS", 0)


@pytest.fixture
def histories(of):
    shelves = {
        "auction": r.on_sale(of),
        "digital": r.on_sale(of, "digital", {"currency": "CNY"}),
        "exchange": r.on_sale(of, "exchange", {"currency": "CNY", "rule": "mcafee"}),
    }
    rival = r.rival_of(of, {"currency": "CNY", "rule": "mcafee"})
    charity = admit(PartyKind.PUBLIC_BODY, name="Charity").organisation
    market.update(world=of, shelves=shelves, rival=rival, charity=charity)
    yield
    market.clear()


@pytest.mark.usefixtures("histories")
def test_any_history_of_rounds_is_lawful():
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    chosen = settings(max_examples=8, stateful_step_count=16, deadline=None, suppress_health_check=checks, database=None)
    run_state_machine_as_test(Rounds, settings=chosen)
