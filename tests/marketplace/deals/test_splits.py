"""A joint product's income is divided by a rule that all its makers consented to; nobody else proposes, consents or reads."""

import hashlib
import json
from collections import Counter
from datetime import timedelta

import pytest
import rfc8785
from django.db import DatabaseError, IntegrityError, transaction

from marketplace.deals.models import Deal
from pricing.computations.models import Computation
from pricing.computations.seeds import seed_value
from pricing.computations.services import recompute
from pricing.engines.catalogue import catalogue
from pricing.engines.model import Model, Verb
from pricing.money import Money
from pricing.quotes.models import Quote
from pricing.splits import services
from pricing.splits.models import Split, SplitConsent
from pricing.splits.services import SeedNotYet, split_begin, split_carry_out, split_give_up, split_parts
from registry.base import clock
from registry.base.actor import PartyKind
from registry.base.graphql import to_global
from registry.base.ids import uuid7
from registry.base.limits import WORK_TRIES_MAX
from registry.base.models import IdempotencyKey, Work
from registry.log.canonical import seal_member
from registry.log.integrator import integrate
from registry.log.models import Disclosure, Entry, Outbox, SignedCheckpoint
from tests.listings import shop
from tests.support import rounds as r
from tests.support import trade
from tests.support.filings import sql
from tests.support.graphql import Client, UserError, global_id
from tests.support.moving import advance
from tests.support.parties import admit

WATCHED = (Split, SplitConsent, Computation, Work, Outbox, Disclosure, IdempotencyKey)
TABLE = ["0", "600", "600", "900"]
STATED = "split { id state version }"


@pytest.fixture
def maker(of):
    return trade.trader(PartyKind.MERCHANT, PartyKind.BUYER, name="Camera", by=of.institution)


@pytest.fixture
def shelf(of):
    return trade.shelved(of.seller, trade.registered(of.seller), price="120.00")


@pytest.fixture
def refused(snapshot):
    """Check that a call is refused with these errors and leaves no row behind."""

    def check(call, *errors):
        before = snapshot(*WATCHED)
        payload = call()
        assert payload.answer.codes == []
        assert payload.user_errors == list(errors)
        assert snapshot(*WATCHED) == before

    return check


def rule(client, **params):
    return shop.plan(client, json.dumps({"rule": "shapley", "currency": "CNY", **params}), "share")


def game(*holders, values=None):
    table = values or (TABLE if len(holders) == 2 else ["0", *["600"] * (2 ** len(holders) - 1)])
    return {"form": "table", "holders": [{"holder": str(holder)} for holder in holders], "values": table}


def propose(of, shelf, given_inputs, fields=STATED, *, by=None, **given):
    client = by or of.seller.client
    stated = {"objectId": shelf.object, "inputs": json.dumps(given_inputs), "idempotencyKey": shop.key()}
    if "planId" not in given:
        stated["planId"] = rule(client)
    return client.mutate("splitPropose", fields, **{**stated, **given})


def consent(who, split, fields="split { state version }", **given):
    stated = {"splitId": split, "expectedVersion": 1, "idempotencyKey": shop.key()}
    return who.mutate("splitConsentGive", fields, **{**stated, **given})


def proposed(of, shelf, *holders):
    return propose(of, shelf, game(of.seller.id, *(each.id for each in holders)))["split"]["id"]


def in_force(of, shelf, *holders):
    made = proposed(of, shelf, *holders)
    for each in holders:
        assert consent(each.client, made).ok
    trade.relay()
    row = Split.objects.latest("proposed_at")
    assert row.state == "IN_FORCE"
    return row


def test_a_proposal_is_the_proposers_consent_and_the_last_consent_is_an_agreement_in_the_log(of, shelf, maker):
    made = propose(of, shelf, game(of.seller.id, maker.id), "split { id state version consenters consents { holder { nameEn } } seed }")[
        "split"
    ]
    assert (made["state"], made["version"], made["seed"]) == ("PROPOSED", 1, None)
    assert set(made["consenters"]) == {str(of.seller.id), str(maker.id)}
    assert made["consents"] == [{"holder": {"nameEn": "Airport"}}]
    row = Split.objects.get()
    (event,) = shop.events("split.proposed")
    data = event["data"]
    opened = {name: value for name, value in data.items() if isinstance(value, str)}
    assert opened == {"split": str(row.pk), "object": str(shelf.object.pk), "plan": str(row.plan_id)}
    assert consent(maker.client, made["id"])["split"] == {"state": "AGREED", "version": 2}
    (agreed,) = shop.events("split.agreed")
    assert (agreed["data"]["split"], agreed["id"]) == (str(row.pk), str(Split.objects.get().agreed_event))
    open_fields = [json.dumps(event["data"]) for event in shop.events("split.proposed", "split.consented", "split.agreed")]
    assert not any(str(maker.id) in text for text in open_fields)
    trade.relay()
    row.refresh_from_db()
    assert (row.state, row.version, row.computation.amount_minor, row.seed) == ("IN_FORCE", 3, 1_000_000, None)
    in_force_data = trade.told("split.in_force")[0]["data"]
    assert set(in_force_data.pop("inputs_digest")) == {"_h"}
    assert in_force_data == {"split": str(row.pk), "computation": str(row.computation_id), "seed_size": None}
    assert recompute(computation=row.computation).amount_minor == 1_000_000


def test_no_digest_in_the_open_is_over_weights_that_could_be_found_by_trying(of, shelf, maker):
    row = in_force(of, shelf, maker)
    trade.requested(of, shelf=shelf)
    digests = {hashlib.sha256(rfc8785.dumps(row.inputs)).hexdigest(), *Computation.objects.values_list("inputs_digest", flat=True)}
    digests |= set(Quote.objects.values_list("inputs_digest", flat=True))
    told = json.dumps([body for body in every_event() if body["schema"].startswith(("split.", "quote."))])
    assert len(digests) == 4
    assert not [digest for digest in digests if digest in told]
    events = {body["id"]: body for body in every_event()}
    sealed = list(Disclosure.objects.filter(value__in=list(digests)))
    names = Counter((events[str(each.event)]["schema"], each.path) for each in sealed)
    assert names == {
        ("split.proposed", "inputs_sha256"): 1,
        ("split.agreed", "inputs_sha256"): 1,
        ("split.in_force", "inputs_digest"): 1,
        ("quote.made", "inputs_digest"): 1,
    }
    for each in sealed:  # what is sealed binds all the same
        assert events[str(each.event)]["data"][each.path] == seal_member(each.value, bytes(each.salt))


def every_event():
    return [json.loads(bytes(row.body)) for row in Entry.objects.all()]


def test_the_only_holder_agrees_by_proposing(of, shelf):
    made = propose(of, shelf, game(of.seller.id, values=["0", "1"]))["split"]
    assert (made["state"], made["version"]) == ("AGREED", 2)


def test_nobody_proposes_for_anothers_object_or_by_anothers_plan(of, shelf, maker, snapshot):
    plans = rule(maker.client), rule(of.seller.client)
    inputs = game(of.seller.id, maker.id)
    before = snapshot(*WATCHED)
    assert propose(of, shelf, inputs, by=maker.client, planId=plans[0]).user_errors == [UserError(code="NOT_FOUND", field=["objectId"])]
    assert propose(of, shelf, inputs, planId=plans[0]).user_errors == [UserError(code="NOT_FOUND", field=["planId"])]
    for who in (of.buyer.client, Client(token=of.regulator.token), Client(token=of.institution.token)):
        assert propose(of, shelf, inputs, by=who, planId=plans[1]).codes == ["FORBIDDEN"]
    assert propose(of, shelf, inputs, by=Client(), planId=plans[1]).codes == ["UNAUTHENTICATED"]
    assert snapshot(*WATCHED) == before


def test_a_plan_that_divides_nothing_is_no_rule(of, shelf, refused):
    plan = shop.plan(of.seller.client)
    refused(lambda: propose(of, shelf, {}, planId=plan), UserError(code="PLAN_DIVIDES_NOTHING", field=["planId"]))


def test_a_rule_that_spends_a_budget_of_its_own_divides_no_sale(of, shelf, refused):
    plan = shop.plan(of.seller.client, json.dumps({"currency": "CNY", "rate": "10"}), "privacy")
    inputs = {"rule": "fair_query", "budget": "5.00", "owners": [{"holder": str(of.seller.id), "cost": "1"}]}
    refused(lambda: propose(of, shelf, inputs, planId=plan), UserError(code="PRICING_REFUSED", field=["inputs", "amount"]))


@pytest.mark.parametrize("spelt", ["camera", "upper", "bare", "unknown"])
def test_a_holder_is_an_organisation_by_the_id_that_we_write(of, shelf, maker, refused, spelt):
    plan = rule(of.seller.client)
    odd = {"camera": "camera", "upper": str(maker.id).upper(), "bare": maker.id.hex, "unknown": str(uuid7())}[spelt]
    refused(
        lambda: propose(of, shelf, game(of.seller.id, odd), planId=plan),
        UserError(code="HOLDER_UNKNOWN", field=["inputs"], message=f"{odd} is not an organisation of this market."),
    )


def test_who_gets_what_a_rule_leaves_of_a_greater_amount_is_a_holder_too(of, shelf, maker, refused):
    claims = {"form": "claims", "holders": [{"holder": str(each), "claim": "6000.00"} for each in (of.seller.id, maker.id)]}
    stranger = rule(of.seller.client, rule="proportional", residual_to="platform")
    refused(lambda: propose(of, shelf, claims, planId=stranger), UserError(code="HOLDER_UNKNOWN", field=["inputs"]))
    third = trade.trader(PartyKind.MERCHANT, name="Third", by=of.institution)
    known = rule(of.seller.client, rule="proportional", residual_to=str(third.id))
    made = propose(of, shelf, claims, "split { consenters }", planId=known)["split"]
    assert set(made["consenters"]) == {str(of.seller.id), str(maker.id), str(third.id)}


@pytest.mark.parametrize(
    ("inputs", "code", "field"),
    [
        ('{"amount": "1.00"}', "BAD_INPUT", ["inputs", "amount"]),
        ("{}", "PRICING_REFUSED", ["inputs", "form"]),
        ('{"form": "table", "holders": []}', "PRICING_REFUSED", ["inputs", "values"]),
        ('{"form": "\\u0000"}', "BAD_INPUT", ["inputs"]),
        ("[]", "BAD_INPUT", ["inputs"]),
        (None, "BAD_INPUT", ["inputs"]),
    ],
    ids=["an amount", "nothing", "half a table", "NUL", "a list", "null"],
)
def test_inputs_that_the_rule_does_not_take_are_refused(of, shelf, refused, inputs, code, field):
    plan = rule(of.seller.client)
    refused(lambda: propose(of, shelf, None, planId=plan, inputs=inputs), UserError(code=code, field=field))


def test_one_proposal_at_a_time_and_a_repeat_of_the_key_is_the_first(of, shelf, maker, refused):
    plan, inputs = rule(of.seller.client), game(of.seller.id, maker.id)
    first, again = (propose(of, shelf, inputs, planId=plan, idempotencyKey="k") for _ in range(2))
    assert first["split"] == again["split"]
    under_way = UserError(code="BAD_INPUT", field=["objectId"])
    refused(lambda: propose(of, shelf, inputs, planId=plan), under_way)
    mismatch = UserError(code="IDEMPOTENCY_MISMATCH", field=["idempotencyKey"])
    refused(lambda: propose(of, shelf, game(of.seller.id), planId=plan, idempotencyKey="k"), mismatch)
    assert consent(maker.client, first["split"]["id"]).ok
    refused(lambda: propose(of, shelf, inputs, planId=plan), under_way)  # agreed, and not yet in force
    trade.relay()
    assert propose(of, shelf, inputs, planId=plan).ok


def test_each_holder_consents_once_and_nobody_else(of, shelf, maker, refused, snapshot):
    third = trade.trader(PartyKind.MERCHANT, name="Third", by=of.institution)
    both = admit(PartyKind.REGULATOR, PartyKind.BUYER, name="Bureau that buys")
    made = proposed(of, shelf, maker, third)
    refused(lambda: consent(of.seller.client, made), UserError(code="ALREADY_CONSENTED", field=["splitId"]))
    refused(lambda: consent(of.buyer.client, made), UserError(code="NOT_FOUND", field=["splitId"]))
    refused(lambda: consent(Client(token=both.token), made), UserError(code="NOT_A_HOLDER", field=["splitId"]))
    refused(lambda: consent(maker.client, made, expectedVersion=2), UserError(code="STALE_VERSION", field=["expectedVersion"]))
    refused(lambda: consent(maker.client, to_global("Split", uuid7())), UserError(code="NOT_FOUND", field=["splitId"]))
    before = snapshot(*WATCHED)
    assert consent(Client(token=of.regulator.token), made).codes == ["FORBIDDEN"]
    assert consent(Client(), made).codes == ["UNAUTHENTICATED"]
    assert snapshot(*WATCHED) == before
    first, again = (consent(maker.client, made, idempotencyKey="k") for _ in range(2))
    assert first["split"] == again["split"] == {"state": "PROPOSED", "version": 1}
    refused(lambda: consent(maker.client, made), UserError(code="ALREADY_CONSENTED", field=["splitId"]))
    assert consent(third.client, made)["split"]["state"] == "AGREED"
    refused(lambda: consent(maker.client, made, expectedVersion=2), UserError(code="ILLEGAL_TRANSITION", field=["splitId"]))


def test_a_proposal_is_withdrawn_by_its_owner_until_all_consented(of, shelf, maker, refused):
    made = proposed(of, shelf, maker)
    given = {"splitId": made, "expectedVersion": 1, "idempotencyKey": "w"}
    refused(lambda: maker.client.mutate("splitWithdraw", **given), UserError(code="NOT_FOUND", field=["splitId"]))
    stale = {**given, "expectedVersion": 2}
    refused(lambda: of.seller.client.mutate("splitWithdraw", **stale), UserError(code="STALE_VERSION", field=["expectedVersion"]))
    first, again = (of.seller.client.mutate("splitWithdraw", STATED, **given) for _ in range(2))
    assert first["split"] == again["split"] == {"id": made, "state": "WITHDRAWN", "version": 2}
    assert [event["data"] for event in shop.events("split.withdrawn")] == [{"split": str(Split.objects.get().pk)}]
    gone = UserError(code="ILLEGAL_TRANSITION", field=["splitId"])
    refused(lambda: consent(maker.client, made, expectedVersion=2), gone)
    refused(lambda: of.seller.client.mutate("splitWithdraw", **{**given, "expectedVersion": 2, "idempotencyKey": "w2"}),
            UserError(code="ILLEGAL_TRANSITION"))  # fmt: skip
    other = in_force(of, shelf, maker)
    late = {"splitId": other, "expectedVersion": 3, "idempotencyKey": "w3"}
    refused(lambda: of.seller.client.mutate("splitWithdraw", **late), UserError(code="ILLEGAL_TRANSITION"))


def test_a_replacement_needs_the_consent_of_who_gives_up_a_share(of, shelf, maker):
    first = in_force(of, shelf, maker)
    third = trade.trader(PartyKind.MERCHANT, name="Third", by=of.institution)
    made = proposed(of, shelf, third)
    row = Split.objects.latest("proposed_at")
    assert set(row.consenters) == {of.seller.id, maker.id, third.id}
    assert consent(third.client, made)["split"]["state"] == "PROPOSED"
    trade.relay()
    first.refresh_from_db()
    assert first.state == "IN_FORCE"
    assert consent(maker.client, made)["split"]["state"] == "AGREED"
    trade.relay()
    first.refresh_from_db()
    row.refresh_from_db()
    assert (first.state, row.state) == ("REPLACED", "IN_FORCE")


def test_who_gave_up_its_share_has_no_say_in_what_comes_after(of, shelf, maker):
    in_force(of, shelf, maker)
    third = trade.trader(PartyKind.MERCHANT, name="Third", by=of.institution)
    made = proposed(of, shelf, third)
    for who in (third, maker):
        assert consent(who.client, made).ok
    trade.relay()
    proposed(of, shelf, third)
    assert set(Split.objects.latest("proposed_at").consenters) == {of.seller.id, third.id}


def test_an_outsider_sees_nothing_of_a_split(of, shelf, maker):
    row = in_force(of, shelf, maker)
    one = "query($id: ID!) { node(id: $id) { ... on Split { inputs consents { id } computation { extras } } } }"
    every = "query($object: ID) { splits(first: 5, object: $object) { nodes { id } } }"
    for client in (of.buyer.client, of.other.client, Client(token=of.institution.token), Client()):
        assert client.query(one, id=global_id(row))["node"] is None
        assert client.query(every)["splits"]["nodes"] == client.query(every, object=global_id(shelf.object))["splits"]["nodes"] == []
        assert client.query("query($id: ID!) { node(id: $id) { id } }", id=global_id(row.consents.first()))["node"] is None
    for client in (of.seller.client, maker.client, Client(token=of.regulator.token)):
        assert len(client.query(one, id=global_id(row))["node"]["consents"]) == 2
        assert client.query(every, object=global_id(shelf.object))["splits"]["nodes"] == [{"id": global_id(row)}]
        assert client.query(every, object=global_id(of.flat.object))["splits"]["nodes"] == []


def test_a_deal_keeps_the_split_under_which_it_was_requested(of, shelf, maker):
    first = in_force(of, shelf, maker)
    deal = trade.accepted(of, shelf=shelf)
    third = trade.trader(PartyKind.MERCHANT, name="Third", by=of.institution)
    made = proposed(of, shelf, third)
    for who in (third, maker):
        assert consent(who.client, made).ok
    trade.relay()
    assert Split.objects.get(state="IN_FORCE").pk != first.pk
    assert trade.settle(deal).ok
    paid = Counter()
    for line in json.loads(bytes(deal.deal.voucher.statement))["lines"]:
        paid[line["party"]] += int(line["amount"])
    kept = 12_000 - 360
    assert paid[str(third.id)] == 0
    carried = Computation.objects.filter(verb="split", amount_minor=kept).get()
    both = {str(of.seller.id): paid[str(of.seller.id)], str(maker.id): paid[str(maker.id)]}
    assert both == split_parts(split=first, computation=carried)
    assert (carried.asked_by_id, carried.plan_id) == (of.seller.id, first.plan_id)


def test_a_contract_states_what_each_maker_gets_and_no_rule_can_fail_between_the_money_and_its_payees(of, shelf, maker, monkeypatch):
    in_force(of, shelf, maker)
    deal = trade.accepted(of, shelf=shelf)
    stated = deal.deal.terms["joint"]["receipts"]
    assert stated == {str(of.seller.id): "5820", str(maker.id): "5820"}
    assert Computation.objects.filter(pk=deal.deal.terms["joint"]["computation"], amount_minor=12_000 - 360).exists()
    for reader in (of.buyer.client, Client(token=of.institution.token), maker.client):  # its inputs are the makers' own affair
        assert reader.query("{ computations(first: 5) { nodes { id } } }")["computations"]["nodes"] == []
    before = Computation.objects.count()
    monkeypatch.setattr(services, "compute", lambda **_: 1 / 0)
    monkeypatch.setattr(Model, "run", lambda *_, **__: 1 / 0)
    shown = "query($id: ID!) { node(id: $id) { ... on Deal { division { party amount { minorUnits } } } } }"
    promised = maker_lines(of.buyer.client.query(shown, id=deal.id)["node"]["division"], stated)
    assert trade.settle(deal).ok
    paid = [(line["party"], line["amount"]) for line in json.loads(bytes(deal.deal.voucher.statement))["lines"] if line["party"] in stated]
    assert sorted(paid) == sorted(stated.items()) == promised
    assert Computation.objects.count() == before


def test_an_amount_keeps_one_computation_however_often_a_deal_at_it_is_asked_for(of, shelf, maker):
    in_force(of, shelf, maker)
    first, second = (trade.requested(of, shelf=shelf, buyer=who).deal.terms["joint"] for who in (of.buyer, of.other))
    assert first == second
    assert Computation.objects.filter(verb="split").count() == 2  # the example, and this amount
    assert recompute(computation=Computation.objects.get(pk=first["computation"])).amount_minor == 12_000 - 360


def maker_lines(lines, makers):
    return sorted((line["party"], line["amount"]["minorUnits"]) for line in lines if line["party"] in makers)


def test_a_price_that_the_rule_does_not_divide_makes_no_deal_instead_of_one_that_cannot_be_settled(of, maker, snapshot):
    params = {"mode": "graduated", "currency": "JPY", "unit": "call", "tiers": [{"unit_price": "999999999999"}]}
    shelf = trade.shelved(of.seller, trade.registered(of.seller), plan=shop.plan(of.seller.client, json.dumps(params), "metered"))
    made = propose(of, shelf, game(of.seller.id, maker.id), planId=rule(of.seller.client, currency="JPY"))["split"]["id"]
    assert consent(maker.client, made).ok
    trade.relay()

    def quoted(quantity):
        asked = {"offerId": shelf.offer, "usage": json.dumps({"quantity": quantity}), "idempotencyKey": shop.key()}
        return of.buyer.client.mutate("quoteCreate", "quote { id }", **asked)["quote"]["id"]

    great = quoted("200000")
    before = snapshot(*WATCHED, Deal, Quote)
    refused = trade.ask(of, shelf=shelf, quoteId=great)
    assert refused.user_errors == [UserError(code="PRICING_REFUSED", field=["quoteId", "amount"])]
    assert snapshot(*WATCHED, Deal, Quote) == before
    assert trade.ask(of, shelf=shelf, quoteId=quoted("2")).ok


def test_a_seller_does_not_name_other_makers_in_a_round_than_those_who_agreed(of, maker):
    example = next(each for each in catalogue()["ml_market"].examples if each.verb is Verb.CLEAR)
    market = {"currency": "CNY", "prices": ["10"]}
    shelf, late = r.on_sale(of, "ml_market", market), r.on_sale(of, "ml_market", market)
    published = {name: value for name, value in example.inputs.items() if name != "bids"}
    keys = (of.seller.id, of.institution.organisation.pk, of.regulator.organisation.pk)
    published["sellers"] = [{**row, "seller": str(key)} for row, key in zip(published["sellers"], keys, strict=True)]
    in_force(of, shelf, maker)
    wrong = UserError(code="BAD_INPUT", field=["inputs", "sellers"])
    assert r.open_round(of, shelf, inputs=json.dumps(published)).user_errors == [wrong]
    held = r.opened(of, late, inputs=json.dumps(published))
    in_force(of, late, maker)  # agreed while the round ran
    assert r.place(of.buyer.client, held, {"bid": "6"}).ok
    assert r.cleared().state == "CLEARED"
    quote = of.buyer.client.query("{ quotes(first: 1) { nodes { id } } }")["quotes"]["nodes"][0]["id"]
    deal = trade.requested(of, shelf=late, quoteId=quote).deal
    assert set(deal.terms["joint"]["receipts"]) == {str(of.seller.id), str(maker.id)}


def test_makers_that_agreed_in_another_currency_have_not_agreed_on_this_price(of, shelf, maker, snapshot):
    made = propose(of, shelf, game(of.seller.id, maker.id), planId=rule(of.seller.client, currency="JPY"))["split"]["id"]
    assert consent(maker.client, made).ok
    trade.relay()
    quote = trade.quoted(of, shelf=shelf)
    before = snapshot(*WATCHED, Deal)
    refused = UserError(
        code="SPLIT_IN_OTHER_CURRENCY",
        field=["quoteId"],
        message="The makers of this product agreed to divide income in JPY; this price is in CNY.",
    )
    assert trade.ask(of, shelf=shelf, quoteId=quote).user_errors == [refused]
    assert snapshot(*WATCHED, Deal) == before


def test_an_agreement_that_cannot_be_put_in_force_fails_for_all_to_see_and_another_is_proposed(of, shelf, maker, monkeypatch):
    first = in_force(of, shelf, maker)
    made = proposed(of, shelf, maker)
    monkeypatch.setattr(services, "compute", lambda **_: 1 / 0)
    assert consent(maker.client, made).ok
    for _ in range(WORK_TRIES_MAX):
        assert Split.objects.latest("proposed_at").state == "AGREED"
        advance(to=clock.now() + timedelta(hours=1))
        trade.relay()
    row = Split.objects.latest("proposed_at")
    assert (row.state, row.computation_id, row.seed) == ("FAILED", None, None)
    assert [body["data"] for body in trade.told("split.failed")] == [{"split": str(row.pk)}]
    monkeypatch.undo()
    split_give_up(split_id=row.pk)
    split_give_up(split_id=first.pk)
    first.refresh_from_db()
    assert (first.state, len(trade.told("split.failed"))) == ("IN_FORCE", 1)
    late = {"splitId": made, "expectedVersion": 3, "idempotencyKey": "w"}
    assert of.seller.client.mutate("splitWithdraw", **late).codes == ["ILLEGAL_TRANSITION"]
    assert in_force(of, shelf, maker).pk != row.pk


def test_who_sees_the_draw_coming_does_not_withdraw_from_it(of, shelf, maker):
    others = [trade.trader(PartyKind.MERCHANT, name=f"M{at}", by=of.institution) for at in range(2)]
    row = sampled(of, shelf, [maker, *others])
    integrate()  # the checkpoint is public and the relay has not come yet
    given = {"splitId": global_id(row), "expectedVersion": 2, "idempotencyKey": "w"}
    assert of.seller.client.mutate("splitWithdraw", **given).codes == ["ILLEGAL_TRANSITION"]
    trade.relay()
    row.refresh_from_db()
    assert row.state == "IN_FORCE"


@pytest.mark.parametrize("amount_minor", [0, 1, 2, 10_001])
def test_parts_of_any_income_are_not_negative_and_together_the_income(of, shelf, maker, amount_minor):
    row, amount = in_force(of, shelf, maker), Money.of(amount_minor, "CNY")
    carried = split_carry_out(split=row, amount=amount, under="quoteId")
    parts = split_parts(split=row, computation=carried)
    assert sum(parts.values()) == amount_minor
    assert min(parts.values()) >= 0


def test_a_licence_for_a_share_of_income_divides_nothing_among_makers_and_does_not_say_so(of, maker):
    shelf = trade.shelved(of.seller, trade.registered(of.seller))
    in_force(of, shelf, maker)
    deal = trade.signed(of, shelf=shelf)
    text = "query($id: ID!) { node(id: $id) { ... on Deal { state division { amount { minorUnits } } } } }"
    shown = of.buyer.client.query(text, id=deal.id)["node"]
    assert deal.deal.terms["joint"] is None
    assert (shown["state"], {line["amount"]["minorUnits"] for line in shown["division"]}) == ("IN_FORCE", {"0"})


def sampled(of, shelf, makers):
    holders = [of.seller, *makers]
    weights = [{"holder": str(each.id), "weight": f"{10_000 * (at + 1)}.123457"} for at, each in enumerate(holders)]
    inputs = {"form": "weighted_voting", "quota": "50000", "holders": weights}
    made = propose(of, shelf, inputs, planId=rule(of.seller.client, sampling={"pairs": 100}))["split"]["id"]
    for each in makers:
        assert consent(each.client, made).ok
    return Split.objects.get()


def test_a_sampled_rule_waits_for_the_checkpoint_over_the_last_consent(of, shelf, maker, snapshot):
    others = [trade.trader(PartyKind.MERCHANT, name=f"M{at}", by=of.institution) for at in range(2)]
    row = sampled(of, shelf, [maker, *others])
    assert row.state == "AGREED"
    before = snapshot(*WATCHED)
    with pytest.raises(SeedNotYet), transaction.atomic():
        split_begin(split_id=row.pk)
    assert snapshot(*WATCHED) == before
    integrate()
    trade.relay()
    row.refresh_from_db()
    checkpoint = SignedCheckpoint.objects.get(size=row.computation.seed_size)
    assert (row.state, row.seed) == ("IN_FORCE", seed_value(bytes(checkpoint.root), row.pk))
    before = snapshot(*WATCHED)
    split_begin(split_id=row.pk)
    assert snapshot(*WATCHED) == before


def test_the_database_refuses_two_splits_in_force_and_two_under_way(of, shelf, maker):
    row = in_force(of, shelf, maker)
    with pytest.raises(IntegrityError, match="split_one_in_force"), transaction.atomic():
        copied(row, computation=unused(row))
    proposed(of, shelf, maker)
    under_way = Split.objects.get(state="PROPOSED")
    with pytest.raises(IntegrityError, match="split_one_under_way"), transaction.atomic():
        copied(under_way)


def copied(row, **changed):
    row.pk = uuid7()
    for name, value in changed.items():
        setattr(row, name, value)
    row.save(force_insert=True)


def unused(row):
    computation = Computation.objects.get(pk=row.computation_id)
    computation.pk = uuid7()
    computation.save(force_insert=True)
    return computation


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE pricing_splits_split SET inputs = '{}'",
        "UPDATE pricing_splits_split SET consenters = '{}'",
        "UPDATE pricing_splits_split SET plan_id = plan_id",
        "UPDATE pricing_splits_split SET seed = 1",
        "UPDATE pricing_splits_split SET computation_id = NULL",
        "UPDATE pricing_splits_split SET in_force_at = now()",
        "DELETE FROM pricing_splits_split",
        "UPDATE pricing_splits_splitconsent SET given_at = now()",
        "DELETE FROM pricing_splits_splitconsent",
    ],
)
def test_what_was_agreed_never_changes(of, shelf, maker, statement):
    row = in_force(of, shelf, maker)
    if "seed" in statement:
        sql("UPDATE pricing_splits_split SET seed = 0")
    with pytest.raises(DatabaseError), transaction.atomic():
        sql(statement)
    assert Split.objects.get().pk == row.pk
