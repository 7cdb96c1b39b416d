"""Eight writers at once, with real commits: never two holders in one lane, never a right without what it rests on."""

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from django.db import OperationalError, connection

from registry.base.actor import SYSTEM, PartyKind
from registry.base.errors import BadInput
from registry.rights.errors import Held, NotCovered, RightTaken
from registry.rights.models import Grant, Hold
from registry.rights.scope import Scope
from registry.rights.services import grant_end, hold_lift, hold_place
from registry.rights.states import HoldKind, HoldState
from tests.registry.rights.world import END, START, actor, first, licence, organisation, registered

WRITERS = 8
SUBLICENSING = Scope(derive=True, provide_derived=True, sublicense=True)
OVERLAPS = """
SELECT count(*) FROM registry_rights_grant a JOIN registry_rights_grant b
  ON a.id < b.id AND a.object_id = b.object_id AND a.kind = b.kind AND a.lane && b.lane AND a.valid && b.valid AND a.recorded && b.recorded
"""
UNCOVERED = """
SELECT count(*) FROM registry_rights_grant child
WHERE upper_inf(child.recorded) AND (
  child.parent_id IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM egret_right(child.parent_id) parent WHERE child.valid <@ parent.valid)
  OR EXISTS (
    SELECT 1 FROM registry_rights_madefrom made
    WHERE made.object_id = child.object_id
      AND NOT EXISTS (SELECT 1 FROM egret_right(made.grant_id) relied WHERE child.valid <@ relied.valid)))
"""


def count(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()[0]


def at_once(work, times=WRITERS):
    """Run `work(number)` in as many threads, started together; each closes its own connection."""
    ready = threading.Barrier(times, timeout=30)

    def run(number):
        ready.wait()
        try:
            return work(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(times) as pool:
        return [outcome.result(timeout=120) for outcome in [pool.submit(run, number) for number in range(times)]]


@pytest.fixture
def operate(committed_db):
    return first(registered(organisation(name="Airport")))


def test_of_eight_exclusive_licences_for_one_period_exactly_one_is_granted(operate):
    holders = [organisation() for _ in range(WRITERS)]

    def ask(number):
        try:
            return licence(operate, holders[number], exclusive=True).pk
        except RightTaken:
            return None

    granted = [key for key in at_once(ask) if key]
    assert granted == list(Grant.objects.exclude(parent=None).values_list("pk", flat=True))
    assert len(granted) == 1


def test_eight_licences_that_are_not_exclusive_are_all_granted(operate):
    holders = [organisation() for _ in range(WRITERS)]
    lanes = at_once(lambda number: licence(operate, holders[number]).lane.lower)
    assert sorted(lanes) == list(range(WRITERS))


def test_a_crowd_of_writers_leaves_no_overlap_and_nothing_uncovered(operate):
    holders = [organisation() for _ in range(WRITERS)]
    other = first(registered(organisation(name="Weather")))

    def write(number):
        chance, tally = random.Random(number), {"granted": 0, "refused": 0, "ended": 0}
        for _ in range(25):
            start = START + timedelta(days=chance.randrange(0, 900))
            end = start + timedelta(days=chance.randrange(1, 180))
            parent = chance.choice([operate, other, *Grant.objects.filter(kind="USE", scope__sublicense=True).order_by("?")[:2]])
            try:
                if chance.random() < 0.2 and parent.deal_id:
                    grant_end(actor=SYSTEM, grant_id=parent.pk, ends_on=start, reason="Rescinded")
                    tally["ended"] += 1
                else:
                    exclusive = chance.random() < 0.3
                    licence(parent, holders[number], start=start, end=end, exclusive=exclusive, scope=SUBLICENSING)
                    tally["granted"] += 1
            except (RightTaken, NotCovered, BadInput):
                tally["refused"] += 1
        return tally

    tallies = at_once(write)
    assert sum(sum(tally.values()) for tally in tallies) == WRITERS * 25
    assert all(sum(tally[name] for tally in tallies) > 0 for name in ("granted", "refused", "ended"))
    assert (count(OVERLAPS), count(UNCOVERED)) == (0, 0)


def test_a_licence_and_the_end_of_what_it_rests_on_never_pass_each_other(operate):
    for day in range(1, 6):
        maker = organisation()
        relied = licence(operate, maker, scope=SUBLICENSING)
        product = registered(maker, relied)
        stop = date(2028, 1, day)

        def race(number, relied=relied, product=product, stop=stop):
            try:
                if number == 0:
                    grant_end(actor=SYSTEM, grant_id=relied.pk, ends_on=stop, reason="Rescinded")
                elif number % 2:
                    licence(relied, organisation())
                else:
                    first(product, scope=Scope(), end=END)
            except NotCovered:
                return False
            return True

        outcome = at_once(race)
        assert outcome[0]
        assert count(UNCOVERED) == 0
        assert not Grant.objects.filter(recorded__upper_inf=True, object=product, valid__endswith__gt=stop).exists()


def test_no_grant_is_recorded_while_a_hold_is_in_force(operate):
    regulator = actor(organisation(PartyKind.REGULATOR))
    holders = [organisation() for _ in range(WRITERS)]

    def race(number):
        for turn in range(6):
            if number == 0:
                given = {"object_id": operate.object_id, "kind": HoldKind.COURT, "reason": "Seized"}
                hold = hold_place(actor=regulator, **given, idempotency_key=f"p{turn}")
                hold_lift(actor=regulator, hold_id=hold.pk, reason="Released", expected_version=1, idempotency_key=f"l{turn}")
            else:
                try:
                    licence(operate, holders[number])
                except Held:
                    continue

    at_once(race)
    holds = list(Hold.objects.all())
    assert [hold.state for hold in holds] == [HoldState.LIFTED] * 6
    for grant in Grant.objects.exclude(parent=None):
        assert not any(hold.placed_at <= grant.recorded.lower < hold.lifted_at for hold in holds)


def test_no_deadlock_was_hidden(operate):
    """Two products of one source, ended and granted at once from both sides, all come to an answer."""
    makers = [organisation() for _ in range(2)]
    relied = [licence(operate, maker, scope=SUBLICENSING) for maker in makers]
    products = [registered(maker, grant) for maker, grant in zip(makers, relied, strict=True)]

    def cross(number):
        side = number % 2
        try:
            if number < 4:
                first(products[side], scope=Scope())
            else:
                grant_end(actor=SYSTEM, grant_id=relied[side].pk, ends_on=date(2029, 1, number), reason="Rescinded")
        except (NotCovered, BadInput):
            return "refused"
        except OperationalError as error:
            return str(error)
        return "done"

    assert set(at_once(cross)) <= {"done", "refused"}
    assert count(UNCOVERED) == 0
