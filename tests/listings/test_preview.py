"""What a seller is shown before offering is what settlement would pay, to the fen."""

import json
from uuid import uuid4

import pytest

from pricing.fees.services import division_of, fee_schedule_publish
from pricing.fees.title import share_terms_of
from pricing.money import Money
from registry.base.actor import SYSTEM, PartyKind
from registry.log.models import Outbox
from registry.rights.models import Grant
from registry.rights.scope import Scope
from registry.rights.services import grant_register
from registry.rights.states import Right
from tests.listings.shop import door, key, plan
from tests.marketplace.screening import market as m
from tests.support.graphql import global_id
from tests.support.parties import admit

pytestmark = pytest.mark.django_db
PREVIEW = """query P($plan: ID!, $object: ID!, $institution: ID!, $usage: String!) {
  offerPreview(planId: $plan, objectId: $object, institutionId: $institution, usage: $usage) {
    amount { amount currency } netIncome { amount } kept { amount } lines { role party { id } amount { minorUnits } } } }"""
DERIVING = Scope(derive=True, provide_derived=True, territory="CN")


@pytest.fixture
def schedule():
    operator = admit(PartyKind.OPERATOR, name="Market")
    fee_schedule_publish(
        actor=operator.actor,
        platform_ppm=20_000,
        institution_ppm=10_001,
        gateway_ppm=0,
        gateway_fixed_minor=0,
        effective_from=None,
        idempotency_key=key(),
    )


def licensed(source, holder, ppm):
    parent = Grant.objects.get(object=source.registered, kind=Right.OPERATE)
    return grant_register(
        actor=SYSTEM,
        object_id=source.registered.pk,
        kind=Right.USE,
        holder_id=holder.organisation.pk,
        parent_id=parent.pk,
        valid_from=m.today(),
        valid_until=parent.valid.upper,
        exclusive=False,
        scope=DERIVING,
        income_share_ppm=ppm,
        deal_id=uuid4(),
    )


def ask(client, of, plan_, object_, usage="{}"):
    return client.query(PREVIEW, plan=plan_, object=object_, institution=of.institution.organisation, usage=usage)


def test_the_preview_names_every_fee_and_share_and_sums_to_the_amount(schedule):
    flights, weather, maker = m.market(), m.market(), admit(PartyKind.MERCHANT, name="Maker")
    grants = [licensed(flights, maker, 300_000), licensed(weather, maker, 250_000)]
    derived = m.register(maker, *grants)
    client = door(maker)
    price = json.dumps({"kind": "one_off", "currency": "CNY", "price": "99.99"})
    found = ask(client, flights, plan(client, price), derived)["offerPreview"]
    lines = [(line["role"], line["party"] and line["party"]["id"], line["amount"]["minorUnits"]) for line in found["lines"]]
    house, own = global_id(flights.institution.organisation), global_id(maker.organisation)
    first, second = global_id(flights.seller.organisation), global_id(weather.seller.organisation)
    assert found["amount"] == {"amount": "99.99", "currency": "CNY"}
    assert (found["netIncome"], found["kept"]) == ({"amount": "97.00"}, {"amount": "43.65"})
    assert sorted(lines, key=str) == sorted(
        [
            ("platform_fee", None, "200"),
            ("institution_fee", house, "99"),
            ("share", own, "4365"),
            ("share", first, "2910"),
            ("share", second, "2425"),
        ],
        key=str,
    )
    assert sum(int(minor) for _, _, minor in lines) == 9999
    settled = division_of(
        amount=Money.of(9999, "CNY"),
        seller_id=maker.organisation.pk,
        institution_id=flights.institution.organisation.pk,
        terms=share_terms_of(derived.pk, on=m.today()),
    )
    assert [str(line.minor) for line in settled.lines] == [minor for _, _, minor in lines]


def test_a_comparison_of_plans_shows_all_that_the_owner_receives_also_as_licensor_of_its_own_source(schedule):
    of, maker = m.market(), admit(PartyKind.MERCHANT, name="Maker")
    derived = m.register(maker, licensed(of, maker, 300_000))
    back = grant_register(
        actor=SYSTEM,
        object_id=derived.pk,
        kind=Right.USE,
        holder_id=of.seller.organisation.pk,
        parent_id=Grant.objects.get(object=derived, kind=Right.OPERATE).pk,
        valid_from=m.today(),
        valid_until=Grant.objects.get(object=derived, kind=Right.OPERATE).valid.upper,
        exclusive=False,
        scope=DERIVING,
        income_share_ppm=250_000,
        deal_id=uuid4(),
    )
    last = m.register(of.seller, back)
    client = door(of.seller)
    mine = plan(client, json.dumps({"kind": "one_off", "currency": "CNY", "price": "99.99"}))
    asked = """query C($plan: ID!, $house: ID!, $object: ID!) { planComparison(planIds: [$plan], usages: ["{}"], institutionId: $house,
      objectId: $object) { outlooks { points { net { amount } } } } }"""
    compared = client.query(asked, plan=mine, house=of.institution.organisation, object=last)["planComparison"]
    # 99.99 less fees of 2.99; 24.25 of it to the maker, who owes 7.27 of that for the source
    assert compared["outlooks"][0]["points"] == [{"net": {"amount": "80.02"}}]


def test_a_preview_changes_nothing_and_is_for_owners_of_plan_and_object(schedule, snapshot):
    of = m.market()
    seller, stranger = door(of.seller), door(admit(PartyKind.MERCHANT, name="Stranger"))
    mine, theirs = plan(seller), plan(stranger)
    before = snapshot(Outbox)
    assert ask(seller, of, mine, of.registered)["offerPreview"]["kept"] == {"amount": "485.00"}
    assert ask(stranger, of, theirs, of.registered).codes == ["NOT_FOUND"]
    assert ask(seller, of, theirs, of.registered).codes == ["NOT_FOUND"]
    assert ask(door(of.buyer), of, mine, of.registered).codes == ["FORBIDDEN"]
    assert ask(seller, of, of.registered, of.registered).codes == ["INVALID_ID"]
    assert ask(seller, of, mine, of.registered, usage="[]").codes == ["BAD_INPUT"]
    assert ask(seller, of, mine, of.registered, usage='{"unknown": 1}').codes == ["PRICING_REFUSED"]
    wrong = seller.query(PREVIEW, plan=mine, object=of.registered, institution=of.buyer.organisation, usage="{}")
    assert wrong.codes == ["BAD_INPUT"]
    assert snapshot(Outbox) == before


def test_without_fees_in_force_there_is_no_preview():
    of = m.market()
    seller = door(of.seller)
    assert ask(seller, of, plan(seller), of.registered).codes == ["NO_FEE_SCHEDULE"]
