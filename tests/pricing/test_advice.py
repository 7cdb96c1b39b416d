"""Advice is asked of a plan about a plan, computed by a job, kept, and changes no price."""

import json
from types import SimpleNamespace

import pytest

from pricing.advice.models import Advice
from pricing.advice.services import WAITING_MAX
from pricing.advice.tasks import run_once
from pricing.computations.models import Computation
from pricing.computations.services import recompute
from pricing.engines.catalogue import catalogue
from pricing.engines.model import Verb
from pricing.plans.models import Plan
from registry.base.actor import PartyKind
from registry.base.models import Job
from registry.log.models import Outbox
from tests.listings import shop
from tests.support.graphql import Client, UserError
from tests.support.parties import admit

pytestmark = pytest.mark.django_db
COST = catalogue()["cost"].examples[0]
LEARN = catalogue()["learn"].examples[1]
COMPUTED = "computation { amount { amount currency } extras inputsDigest seed seedSize claims { standing } }"
ADVISED = f"advice {{ id state verb appraiser valuedOn refusal job {{ id state errorCode }} {COMPUTED} }}"
APPRAISAL = {"verb": "appraise", "appraiser": "Gulangyu Appraisers", "valuedOn": "2026-06-30"}


@pytest.fixture
def party():
    return admit(PartyKind.MERCHANT)


@pytest.fixture
def merchant(party):
    return Client(token=party.token)


def priced(client):
    return shop.plan(client)


def advising(client, example=COST, model="cost"):
    return shop.plan(client, json.dumps(example.params), model)


def ask(client, about, plan, inputs=COST.inputs, **given):
    stated = {"aboutId": about, "planId": plan, "inputs": json.dumps(inputs), "idempotencyKey": shop.key(), **APPRAISAL}
    return client.mutate("adviceRequest", ADVISED, **{**stated, **given})


def read(client):
    return client.query(f"{{ advice(first: 5) {{ nodes {{ {ADVISED.removeprefix('advice { ')} }} }}")["advice"]["nodes"]


def test_an_appraisal_is_kept_beside_the_plan_and_the_price_stays_what_it_was(merchant):
    about = priced(merchant)
    before = Plan.objects.get(model_key="fixed")
    asked = ask(merchant, about, advising(merchant))
    assert (asked["advice"]["state"], asked["advice"]["computation"]) == ("ASKED", None)
    assert run_once() == 1
    (given,) = read(merchant)
    assert (given["state"], given["appraiser"], given["valuedOn"]) == ("GIVEN", "Gulangyu Appraisers", "2026-06-30")
    assert given["computation"]["amount"] == {"amount": "124740.00", "currency": "CNY"}
    assert json.loads(given["computation"]["extras"])["use"] == "advice_not_book_value"
    assert recompute(computation=Computation.objects.get()).amount_minor == COST.amount_minor
    assert Plan.objects.get(pk=before.pk).params == before.params
    assert [body["data"]["about"] for body in shop.events("advice.given")] == [str(before.pk)]


def test_plain_numbers_come_back_from_the_database_as_they_were_asked_about(merchant):
    columns, sizes = [{"name": "rows", "log": True}, {"name": "age"}], [1e-7, 5.0, 1e12, 0.1, 3, 12.5]
    sales = [
        {"key": f"s{at}", "price": f"{at + 1}00.00", "date": "2026-05-01", "attributes": [size, -0.0 if at == 3 else at % 3]}
        for at, size in enumerate(sizes)
    ]
    inputs = {"valuation_date": "2026-06-30", "comparables": sales, "subject": [1e2, 1]}
    example = SimpleNamespace(params={"method": "hedonic", "currency": "CNY", "attributes": columns})
    assert ask(merchant, priced(merchant), advising(merchant, example, "market"), inputs).ok
    run_once()
    stored = Computation.objects.get()
    asked = catalogue()["market"].run(Verb.APPRAISE, params=stored.plan.params, inputs=inputs)
    assert recompute(computation=stored) == asked
    assert stored.answer == asked.to_json()


def test_a_proposal_takes_its_seed_from_whoever_asks(merchant):
    asked = ask(
        merchant,
        priced(merchant),
        advising(merchant, LEARN, "learn"),
        LEARN.inputs,
        verb="propose",
        seed="1",
        appraiser=None,
        valuedOn=None,
    )
    assert asked.ok, asked.user_errors
    run_once()
    (given,) = read(merchant)
    assert (given["computation"]["seed"], given["computation"]["seedSize"]) == ("1", None)
    assert Computation.objects.get().amount_minor == LEARN.amount_minor


def test_what_the_model_refuses_is_the_result_and_not_a_failure(merchant):
    bad = {**COST.inputs, "items": [{"kind": "labour", "date": "2025-05-01", "amount": "-1"}]}
    ask(merchant, priced(merchant), advising(merchant), bad)
    run_once()
    (given,) = read(merchant)
    refusal = json.loads(given["refusal"])
    assert (given["state"], refusal["code"], refusal["field"]) == ("REFUSED", "NEGATIVE", ["inputs", "items", "0", "amount"])
    assert Job.objects.get().state == Job.State.SUCCEEDED
    assert Computation.objects.count() == 0


def test_a_cancelled_request_is_never_computed_and_its_job_says_so(merchant):
    asked = ask(merchant, priced(merchant), advising(merchant))
    job = asked["advice"]["job"]
    assert job["state"] == "QUEUED"
    assert merchant.mutate("jobCancel", "job { id }", jobId=job["id"]).ok
    run_once()
    (left,) = read(merchant)
    assert (left["state"], left["job"]["state"]) == ("ASKED", "CANCELLED")
    assert Computation.objects.count() == 0


def test_a_job_that_fails_says_why_there_is_no_advice(merchant, monkeypatch):
    ask(merchant, priced(merchant), advising(merchant))
    monkeypatch.setattr("pricing.advice.services.compute_apart", lambda **_: 1 // 0)
    run_once()
    (left,) = read(merchant)
    assert (left["state"], left["job"]["state"], left["job"]["errorCode"]) == ("ASKED", "FAILED", "INTERNAL")


def test_a_repeat_of_the_key_asks_once(merchant):
    about, plan = priced(merchant), advising(merchant)
    first, again = (ask(merchant, about, plan, idempotencyKey="k") for _ in range(2))
    assert first["advice"]["id"] == again["advice"]["id"]
    assert (Advice.objects.count(), Job.objects.count()) == (1, 1)
    assert ask(merchant, about, plan, {}, idempotencyKey="k").user_errors == [
        UserError(code="IDEMPOTENCY_MISMATCH", field=["idempotencyKey"])
    ]


def test_one_organisation_waits_for_so_many_and_no_more(merchant, snapshot):
    about, plan = priced(merchant), advising(merchant)
    asked = [ask(merchant, about, plan) for _ in range(WAITING_MAX)]
    before = snapshot(Advice, Job, Outbox)
    assert ask(merchant, about, plan).user_errors == [UserError(code="TOO_MUCH_ADVICE_ASKED", field=["planId"])]
    assert snapshot(Advice, Job, Outbox) == before
    other = Client(token=admit(PartyKind.MERCHANT, name="Other").token)
    assert ask(other, priced(other), advising(other)).ok
    assert merchant.mutate("jobCancel", "job { id }", jobId=asked[0]["advice"]["job"]["id"]).ok
    run_once()
    assert ask(merchant, about, plan).ok


@pytest.mark.parametrize(
    ("given", "code", "field"),
    [
        ({"verb": "quote"}, "PLAN_ADVISES_NOTHING", ["verb"]),
        ({"verb": "optimise", "appraiser": None, "valuedOn": None}, "PLAN_ADVISES_NOTHING", ["planId"]),
        ({"appraiser": None}, "APPRAISER_MISSING", ["appraiser"]),
        ({"appraiser": " "}, "APPRAISER_MISSING", ["appraiser"]),
        ({"valuedOn": None}, "APPRAISER_MISSING", ["valuedOn"]),
        ({"valuedOn": "2026-06-29"}, "BAD_INPUT", ["valuedOn"]),
        ({"verb": "propose"}, "APPRAISER_MISSING", ["appraiser"]),
        ({"verb": "propose", "valuedOn": None}, "APPRAISER_MISSING", ["appraiser"]),
        ({"verb": "propose", "appraiser": None}, "APPRAISER_MISSING", ["valuedOn"]),
        ({"appraiser": "x" * 201}, "BAD_INPUT", ["appraiser"]),
        ({"seed": "-1"}, "BAD_INPUT", ["seed"]),
        ({"seed": str(2**53)}, "BAD_INPUT", ["seed"]),
        ({"inputs": "{"}, "BAD_INPUT", ["inputs"]),
    ],
)
def test_what_cannot_be_asked_changes_nothing(merchant, snapshot, given, code, field):
    about, plan = priced(merchant), advising(merchant)
    before = snapshot(Advice, Job, Outbox)
    assert ask(merchant, about, plan, **given).user_errors == [UserError(code=code, field=field)]
    assert snapshot(Advice, Job, Outbox) == before


@pytest.mark.parametrize(
    ("given", "field"), [({"valuedOn": None}, ["appraiser"]), ({"appraiser": None}, ["valuedOn"])], ids=["no date", "no appraiser"]
)
def test_half_of_an_appraisals_statement_is_refused_with_a_proposal(merchant, given, field):
    asked = ask(merchant, priced(merchant), advising(merchant, LEARN, "learn"), LEARN.inputs, verb="propose", seed="1", **given)
    assert asked.user_errors == [UserError(code="APPRAISER_MISSING", field=field)]


def test_nobody_asks_about_or_reads_of_anothers_plan(merchant, snapshot):
    other = Client(token=admit(PartyKind.MERCHANT, name="Other").token)
    buyer, regulator = (Client(token=admit(kind).token) for kind in (PartyKind.BUYER, PartyKind.REGULATOR))
    mine, theirs, own, foreign = priced(merchant), priced(other), advising(merchant), advising(other)
    ask(merchant, mine, own)
    before = snapshot(Advice, Job, Outbox)
    assert ask(merchant, theirs, own).user_errors == [UserError(code="NOT_FOUND", field=["aboutId"])]
    assert ask(merchant, mine, foreign).user_errors == [UserError(code="NOT_FOUND", field=["planId"])]
    assert ask(buyer, mine, mine).codes == ["FORBIDDEN"]
    assert snapshot(Advice, Job, Outbox) == before
    assert read(other) == []
    assert len(read(regulator)) == 1
