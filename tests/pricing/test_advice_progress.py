"""A long advice is computed by a relay of its own: others see how far it is, and whoever asked for it may stop it half-way."""

import json
import threading

import pytest
from django.db import connection

from pricing.advice.models import Advice
from pricing.advice.services import advice_compute
from pricing.advice.tasks import run_once
from pricing.computations.models import Computation
from pricing.engines.catalogue import model_at
from pricing.engines.model import Verb, silent
from registry.base.actor import PartyKind
from registry.base.jobs import Handle
from tests.listings import shop
from tests.support.graphql import Client
from tests.support.parties import admit

DEMAND = {"bundles": [{"items": [at % 20, 20 + at % 7], "value": f"{10 + at}.00"} for at in range(60)]}
STEPS = 32 + 5  # thresholds, and capacities of 1, 2, 4, 8 and the 9 bundles that share an item
NODE = "query N($id: ID!) { node(id: $id) { ... on Job { state done total cancelRequested } } }"
SECONDS = 60


@pytest.fixture
def merchant(request):
    request.getfixturevalue("committed_db" if "held" in request.fixturenames else "db")
    return Client(token=admit(PartyKind.MERCHANT).token)


def ask(merchant):
    """Ask for bundle prices; returns the ids of the advice and its job as the API writes them."""
    about, plan = shop.plan(merchant), shop.plan(merchant, json.dumps({"currency": "CNY"}), "hypergraph")
    given = {"aboutId": about, "planId": plan, "verb": "optimise", "inputs": json.dumps(DEMAND), "idempotencyKey": shop.key()}
    asked = merchant.mutate("adviceRequest", "advice { id state }", **given)["advice"]
    assert asked["state"] == "ASKED"
    (job,) = [row["id"] for row in merchant.query("{ jobs(first: 9) { nodes { id state } } }")["jobs"]["nodes"] if row["state"] == "QUEUED"]
    return asked["id"], job


def advice_of(merchant, key):
    fields = "id state computation { amount { amount currency } }"
    return next(
        each for each in merchant.query(f"{{ advice(first: 9) {{ nodes {{ {fields} }} }} }}")["advice"]["nodes"] if each["id"] == key
    )


@pytest.fixture
def held(monkeypatch):
    """Two events: that a job has reported its third step, and that it may go on."""
    reached, go = threading.Event(), threading.Event()
    report = Handle.progress

    def progress(handle, done, total):
        report(handle, done, total)
        if done == 3:
            reached.set()
            assert go.wait(SECONDS)

    monkeypatch.setattr(Handle, "progress", progress)
    yield reached, go
    go.set()


def relay():
    """Start the relay of advice in a thread with a connection of its own."""

    def run():
        try:
            run_once()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def test_progress_is_seen_while_it_computes_and_a_cancel_stops_it_half_way(merchant, held):
    reached, go = held
    key, job = ask(merchant)
    running = relay()
    assert reached.wait(SECONDS)
    assert merchant.query(NODE, id=job)["node"] == {"state": "RUNNING", "done": "3", "total": str(STEPS), "cancelRequested": False}
    assert merchant.mutate("jobCancel", "job { cancelRequested }", jobId=job)["job"] == {"cancelRequested": True}
    go.set()
    running.join(SECONDS)
    assert merchant.query(NODE, id=job)["node"] == {"state": "CANCELLED", "done": "4", "total": str(STEPS), "cancelRequested": True}
    assert advice_of(merchant, key) == {"id": key, "state": "ASKED", "computation": None}
    assert (Computation.objects.count(), shop.events("advice.given")) == (0, [])


def test_one_that_nobody_stops_is_fetched_later(merchant, held):
    reached, go = held
    key, job = ask(merchant)
    running = relay()
    assert reached.wait(SECONDS)
    go.set()
    running.join(SECONDS)
    assert merchant.query(NODE, id=job)["node"] == {
        "state": "SUCCEEDED",
        "done": str(STEPS),
        "total": str(STEPS),
        "cancelRequested": False,
    }
    plainly = model_at("hypergraph").run(Verb.OPTIMISE, params={"currency": "CNY"}, inputs=DEMAND)
    assert advice_of(merchant, key)["computation"] == {"amount": {"amount": plainly.money.format(), "currency": "CNY"}}
    assert len(shop.events("advice.given")) == 1


def test_an_advice_that_was_answered_meanwhile_keeps_its_first_answer(merchant):
    ask(merchant)
    advice = Advice.objects.get()

    def progress(done, total):
        if done == total:
            advice_compute(advice_id=advice.pk, progress=silent)

    advice_compute(advice_id=advice.pk, progress=progress)
    advice.refresh_from_db()
    assert Computation.objects.get() == advice.computation
    assert len(shop.events("advice.given")) == 1
