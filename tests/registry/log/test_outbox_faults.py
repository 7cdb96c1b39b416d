"""Rows of the outbox that come late, out of order, twice or not at all: the log neither loses nor doubles an event, and does not wait."""

import random
import threading
import time
from uuid import uuid4

import pytest
from django.db import IntegrityError, connections, transaction
from psycopg.errors import UniqueViolation

from registry.base.actor import SYSTEM
from registry.log.audit import Audit
from registry.log.files import LogFiles
from registry.log.integrator import integrate
from registry.log.keys import environment_keys
from registry.log.models import Leaf, LogState, Outbox, SignedCheckpoint
from registry.log.schemas import declare
from registry.log.services import record
from tests.support.rows import snapshot

declare("test.queued", public=("number",))

WRITERS, EACH = 8, 40


def happen(number=0):
    return record("test.queued", subject=("Test", uuid4()), actor=SYSTEM, public={"number": number}, sealed={})


def again(row, **changed):
    """Put a row into the outbox once more."""
    return Outbox.objects.create(event=row.event, **changed)


def sequenced():
    """Return the events of the log in their order, once their places were seen to be dense."""
    rows = list(Leaf.objects.order_by("index").values_list("index", "entry"))
    assert [index for index, _ in rows] == list(range(len(rows)))
    return [entry for _, entry in rows]


def everything():
    while integrate():
        pass
    log_id = LogState.objects.get().log_id
    assert Audit(LogFiles.of(log_id).read, environment_keys(log_id)[0].verifier).run() == []
    return sequenced()


def writer(seed, committed):
    """Record in transactions that stay open for a while; some are rolled back."""
    draw = random.Random(seed)
    try:
        for number in range(EACH):
            given_up = draw.random() < 0.1
            with transaction.atomic():
                events = [happen(number) for _ in range(draw.randint(1, 3))]
                time.sleep(draw.random() * 0.003)  # numbers are taken early, commits come late
                transaction.set_rollback(given_up)
            committed += [] if given_up else events
    finally:
        connections.close_all()


def test_of_events_whose_commits_come_late_none_is_lost_or_doubled(committed_db):
    committed = [[] for _ in range(WRITERS)]
    threads = [threading.Thread(target=writer, args=(seed, committed[seed])) for seed in range(WRITERS)]
    for thread in threads:
        thread.start()
    rounds = 0
    while any(thread.is_alive() for thread in threads):
        rounds += bool(integrate())
    for thread in threads:
        thread.join()
    expected = [event for events in committed for event in events]
    logged = everything()
    assert len(expected) > WRITERS * EACH
    assert rounds > 1  # the integrator did read while they wrote
    assert (len(logged), set(logged)) == (len(expected), set(expected))
    assert not Outbox.objects.exists()


def test_a_row_that_is_committed_after_later_ones_takes_the_next_place(committed_db):
    began, goes_on, first = threading.Event(), threading.Event(), []

    def late():
        with transaction.atomic():
            first.append(happen())
            began.set()
            assert goes_on.wait(30)
        connections.close_all()

    thread = threading.Thread(target=late)
    thread.start()
    assert began.wait(30)
    second = happen()
    assert everything() == [second]
    goes_on.set()
    thread.join()
    third = happen()
    assert everything() == [second, first[0], third]


@pytest.mark.django_db
def test_rows_in_another_order_and_with_numbers_left_out_are_one_dense_log():
    events = [happen(number) for number in range(6)]
    rows = list(Outbox.objects.order_by("seq"))
    Outbox.objects.all().delete()
    for place, row in enumerate([rows[4], rows[0], rows[2]]):  # the others were dropped
        again(row, seq=10**12 + 1000 * place)
    assert everything() == [events[4], events[0], events[2]]
    again(rows[5], seq=7)  # a number below all that were taken
    assert everything() == [events[4], events[0], events[2], events[5]]


@pytest.mark.django_db
def test_a_row_that_comes_twice_is_not_logged_twice_and_holds_nothing_back_once_it_is_gone():
    event = happen()
    row = Outbox.objects.get()
    assert everything() == [event]
    twice, later = again(row), happen()
    before = snapshot(Leaf, Outbox, LogState, SignedCheckpoint)
    with pytest.raises((IntegrityError, UniqueViolation)), transaction.atomic():
        integrate()
    assert snapshot(Leaf, Outbox, LogState, SignedCheckpoint) == before
    twice.delete()
    assert everything() == [event, later]


@pytest.mark.django_db
def test_a_row_without_its_entry_stops_the_log_and_holds_nothing_back_once_it_is_gone():
    event, orphan = happen(), Outbox.objects.create(event=uuid4())
    before = snapshot(Leaf, Outbox, LogState, SignedCheckpoint)
    with pytest.raises(IntegrityError, match="not-null"), transaction.atomic():
        integrate()
    assert snapshot(Leaf, Outbox, LogState, SignedCheckpoint) == before
    orphan.delete()
    assert everything() == [event]
