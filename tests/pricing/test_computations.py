"""A computation is kept as it was and can be put again by anybody; an altered answer is found, and money draws from the log alone."""

import json

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from pricing.computations.errors import AnswerAltered
from pricing.computations.models import Computation
from pricing.computations.seeds import Seed, seed_value
from pricing.computations.services import compute, recompute
from pricing.engines.catalogue import catalogue
from pricing.engines.model import Verb
from pricing.plans.errors import PricingRefused
from pricing.plans.models import Plan
from registry.base.actor import PartyKind
from registry.base.ids import uuid7
from tests.listings import shop
from tests.support.filings import sql
from tests.support.graphql import Client
from tests.support.parties import admit

pytestmark = pytest.mark.django_db
EXAMPLE = next(each for each in catalogue()["auction"].examples if each.verb is Verb.CLEAR)
DRAWN = next(each for each in catalogue()["digital"].examples if each.verb is Verb.CLEAR)
ROOT = bytes(range(32))


@pytest.fixture
def party():
    return admit(PartyKind.MERCHANT)


def plan_of(party, example, model):
    shop.plan(Client(token=party.token), json.dumps(example.params), model)
    return Plan.objects.latest("created_at")


def cleared(party):
    plan = plan_of(party, EXAMPLE, "auction")
    return compute(plan=plan, verb=Verb.CLEAR, inputs=EXAMPLE.inputs, asked_by=party.organisation.pk)


def altered(row, **changed):
    """The row as it would be after somebody changed its record, not stored."""
    for name, value in changed.items():
        setattr(row, name, value)
    return row


def test_a_stored_question_gives_the_stored_answer_again(party):
    row = cleared(party)
    row.refresh_from_db()
    assert recompute(computation=row).to_json() == row.answer
    assert (row.amount_minor, row.currency, row.verb) == (EXAMPLE.amount_minor, "CNY", "clear")


def test_an_altered_record_is_found(party):
    row = cleared(party)
    for changed in (
        {"amount_minor": row.amount_minor + 1},
        {"currency": "USD"},
        {"inputs_digest": "0" * 64},
        {"answer": row.answer | {"extras": {}}},
        {"inputs": {"bids": EXAMPLE.inputs["bids"][:1]}},
    ):
        with pytest.raises(AnswerAltered):
            recompute(computation=altered(Computation.objects.get(pk=row.pk), **changed))


def test_a_drawn_answer_replays_with_its_seed_and_no_other(party):
    plan, seed = plan_of(party, DRAWN, "digital"), Seed(DRAWN.seed, 1, ROOT)
    row = compute(plan=plan, verb=Verb.CLEAR, inputs=DRAWN.inputs, asked_by=party.organisation.pk, seed=seed)
    assert recompute(computation=row).amount_minor == DRAWN.amount_minor
    with pytest.raises(AnswerAltered):
        recompute(computation=altered(row, seed=DRAWN.seed + 1))


def test_what_the_model_refuses_is_not_kept(party, snapshot):
    plan = plan_of(party, EXAMPLE, "auction")
    before = snapshot(Computation)
    with pytest.raises(PricingRefused) as refused:
        compute(plan=plan, verb=Verb.CLEAR, inputs={"bids": [{"bidder": "a"}]}, asked_by=party.organisation.pk)
    assert refused.value.field == ("inputs", "bids", "0", "bid")
    assert snapshot(Computation) == before


@pytest.mark.parametrize(
    "statement", ["UPDATE pricing_computations_computation SET amount_minor = 1", "DELETE FROM pricing_computations_computation",
                  "TRUNCATE pricing_computations_computation CASCADE"], ids=["changed", "deleted", "emptied"]
)  # fmt: skip
def test_the_application_changes_no_computation(party, statement):
    row = cleared(party)
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == ("egret_app",)
    with pytest.raises(DatabaseError), transaction.atomic():
        sql(statement)
    assert Computation.objects.get().amount_minor == row.amount_minor


@pytest.mark.parametrize("verb", ["clear", "split"])
def test_a_draw_that_moves_money_comes_from_a_checkpoint(party, verb):
    row = cleared(party)
    copied = altered(row, pk=uuid7(), verb=verb, seed=1)
    with pytest.raises(IntegrityError, match="computation_that_moves_money_drew_from_the_log"), transaction.atomic():
        copied.save(force_insert=True)
    altered(copied, seed_size=1, seed_root=ROOT).save(force_insert=True)
    advice = altered(Computation.objects.get(pk=copied.pk), pk=uuid7(), verb="propose", seed_size=None, seed_root=None)
    advice.save(force_insert=True)


@pytest.mark.parametrize(
    "changed",
    [
        {"seed": None, "seed_size": 1, "seed_root": ROOT},
        {"seed": -1, "seed_size": 1, "seed_root": ROOT},
        {"seed": 2**53, "seed_size": 1, "seed_root": ROOT},
        {"seed": 1, "seed_size": 1, "seed_root": None},
        {"seed": 1, "seed_size": None, "seed_root": ROOT},
        {"seed": 1, "seed_size": 0, "seed_root": ROOT},
        {"seed": 1, "seed_size": None, "seed_root": ROOT, "verb": "propose"},
        {"amount_minor": -1},
    ],
    ids=[
        "checkpoint alone",
        "negative seed",
        "seed beyond JSON",
        "no root",
        "no size",
        "empty log",
        "no size in advice",
        "negative amount",
    ],
)
def test_half_a_seed_or_a_negative_amount_is_refused(party, changed):
    row = altered(cleared(party), pk=uuid7(), **changed)
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save(force_insert=True)


def test_a_seed_is_the_first_53_bits_over_root_and_purpose():
    one, other = uuid7(), uuid7()
    values = {seed_value(ROOT, one), seed_value(ROOT, other), seed_value(bytes(32), one)}
    assert len(values) == 3
    assert all(0 <= value < 2**53 for value in values)
    assert seed_value(ROOT, one) == seed_value(ROOT, one)


def test_only_who_asked_the_plans_owner_and_the_regulator_read_a_computation(party):
    cleared(party)
    text = "{ computations(first: 5) { nodes { amount { minorUnits } seed seedRoot verb } } }"
    shown = [{"amount": {"minorUnits": str(EXAMPLE.amount_minor)}, "seed": None, "seedRoot": None, "verb": "clear"}]
    others = [admit(kind).token for kind in PartyKind if kind is not PartyKind.REGULATOR]
    assert [Client(token=token).query(text)["computations"]["nodes"] for token in others] == [[]] * len(others)
    assert Client().query(text)["computations"]["nodes"] == []
    for token in (party.token, admit(PartyKind.REGULATOR, name="Other bureau").token):
        assert Client(token=token).query(text)["computations"]["nodes"] == shown
