"""The foundation: one call one effect, compare-and-set, the clock, sealed values, the work queue, jobs."""

from datetime import timedelta
from uuid import uuid4

import pytest
from cryptography.exceptions import InvalidTag
from django.db import DatabaseError, connection, transaction

from registry.base import clock, jobs, sealed, work
from registry.base.actor import ANONYMOUS, SCOPES, SYSTEM, Actor, PartyKind, require, scopes_for
from registry.base.errors import BadInput, Forbidden, IdempotencyMismatch, IllegalTransition, StaleVersion, Unauthenticated
from registry.base.idempotency import once
from registry.base.ids import uuid7, uuid7_floor, uuid7_instant
from registry.base.limits import WORK_TRIES_MAX
from registry.base.models import ClockOffset, DataKey, IdempotencyKey, Inbox, Job, Work
from registry.base.transitions import move
from settlement.escrow.models import Escrow
from settlement.escrow.states import TRANSITIONS, State
from tests.support.parties import admit

pytestmark = pytest.mark.django_db


@pytest.fixture
def actor() -> Actor:
    kinds = frozenset({PartyKind.MERCHANT})
    return Actor(person=uuid4(), organisation=uuid4(), kinds=kinds, scopes=scopes_for(kinds))


def start(actor: Actor, key: str, *inputs: object) -> tuple[Job, bool]:
    """A service call with an effect that can be counted."""
    with once(actor, "job_start", key, *inputs) as call:
        if call.replayed:
            return call.result(Job), True
        return call.done(jobs.job_start(actor=actor, kind="test", params={})), False


class TestOneCallOneEffect:
    def test_a_repeat_returns_the_first_result(self, actor):
        first, again = start(actor, "k", 1, "a"), start(actor, "k", 1, "a")
        assert (first[1], again[1], first[0] == again[0], Job.objects.count()) == (False, True, True, 1)

    def test_another_input_under_the_same_key_is_refused(self, actor):
        start(actor, "k", 1)
        with pytest.raises(IdempotencyMismatch):
            start(actor, "k", 2)
        assert Job.objects.count() == 1

    def test_keys_belong_to_their_person(self, actor):
        other = Actor(person=uuid4(), organisation=actor.organisation, kinds=actor.kinds, scopes=actor.scopes)
        start(actor, "k", 1)
        assert start(other, "k", 2)[1] is False

    def test_a_failed_call_leaves_its_key_free(self, actor):
        with pytest.raises(RuntimeError), once(actor, "job_start", "k", 1):
            raise RuntimeError
        assert not IdempotencyKey.objects.exists()
        assert start(actor, "k", 2)[1] is False

    @pytest.mark.parametrize("key", ["", "x" * 256])
    def test_a_key_has_a_length(self, actor, key):
        with pytest.raises(BadInput):
            start(actor, key, 1)


class TestCompareAndSet:
    """On escrows, the smallest table with a state and a version."""

    @pytest.fixture
    def row(self):
        payer, institution = admit(PartyKind.BUYER).organisation, admit(PartyKind.INSTITUTION).organisation
        return Escrow.objects.create(market=1, deal_id=uuid4(), payer=payer, institution=institution, amount_minor=1, currency="CNY")

    def test_a_step_of_the_table_raises_the_version(self, row):
        move(row, to=State.FUNDING, expected_version=1, transitions=TRANSITIONS)
        assert (row.state, row.version) == (State.FUNDING, 2)

    def test_a_step_outside_the_table_and_a_stale_version_change_nothing(self, row, snapshot):
        before = snapshot(Escrow)
        with pytest.raises(IllegalTransition):
            move(row, to=State.RELEASED, expected_version=1, transitions=TRANSITIONS)
        with pytest.raises(StaleVersion) as stale:
            move(row, to=State.FUNDING, expected_version=7, transitions=TRANSITIONS)
        assert stale.value.params["current"] == 1
        assert snapshot(Escrow) == before


class TestClock:
    def test_real_time_without_the_demo_clock(self):
        with pytest.raises(clock.DemoClockOff):
            clock.advance(to=clock.now() + timedelta(days=1))

    def test_the_demo_clock_only_moves_forward(self, settings):
        settings.DEMO_CLOCK = True
        target = clock.now() + timedelta(days=5)
        assert abs(clock.advance(to=target) - target) < timedelta(seconds=2)
        assert abs(clock.now() - target) < timedelta(seconds=2)
        with pytest.raises(BadInput):
            clock.advance(to=target - timedelta(days=1))
        with pytest.raises(BadInput):
            clock.advance(to=target + timedelta(days=4000))

    def test_the_database_refuses_to_turn_it_back(self):
        ClockOffset.objects.update(seconds=10)
        with pytest.raises(DatabaseError, match="never lowered"), transaction.atomic():
            ClockOffset.objects.update(seconds=5)

    def test_ids_carry_the_business_time_and_sort_by_it(self):
        now = clock.now()
        earlier, later = uuid7(now), uuid7(now + timedelta(milliseconds=2))
        assert earlier < later
        assert uuid7_floor(now) <= earlier
        assert abs(uuid7_instant(earlier) - now) < timedelta(milliseconds=1)
        assert (earlier.version, earlier.variant) == (7, "specified in RFC 4122")


class TestSealedValues:
    def test_a_value_comes_back_and_another_subject_cannot_read_it(self):
        mine, other = uuid4(), uuid4()
        box = sealed.seal(kind="person", subject=mine, value="陈伟".encode())
        assert sealed.unseal(kind="person", subject=mine, sealed=box).decode() == "陈伟"
        with pytest.raises(InvalidTag):
            sealed.unseal(kind="person", subject=other, sealed=box)

    def test_destroying_the_key_erases_the_value_and_no_other(self):
        mine, other = uuid4(), uuid4()
        boxes = {subject: sealed.seal(kind="person", subject=subject, value=b"x") for subject in (mine, other)}
        sealed.destroy(kind="person", subject=mine)
        with pytest.raises(sealed.Erased):
            sealed.unseal(kind="person", subject=mine, sealed=boxes[mine])
        assert sealed.unseal(kind="person", subject=other, sealed=boxes[other]) == b"x"
        assert DataKey.objects.get(subject=mine).wrapped is None

    def test_a_stream_comes_back_and_a_cut_or_altered_one_is_refused(self):
        subject = uuid4()
        box = b"".join(sealed.seal_stream(kind="asset", subject=subject, chunks=[b"a" * 1000, b"", b"b"]))
        assert b"".join(sealed.unseal_stream(kind="asset", subject=subject, read=iter([box[:7], box[7:]]))) == b"a" * 1000 + b"b"
        for broken in (box[:-40], box[:50] + bytes([box[50] ^ 1]) + box[51:]):
            with pytest.raises(InvalidTag):
                list(sealed.unseal_stream(kind="asset", subject=subject, read=iter([broken])))


class TestWork:
    def test_work_is_done_once_and_a_timer_waits_for_the_business_clock(self, settings):
        settings.DEMO_CLOCK = True
        done: list[str] = []
        work.enqueue(topic="t", key="now")
        work.enqueue(topic="t", key="now")
        work.enqueue(topic="t", key="later", due_at=clock.now() + timedelta(days=3))
        assert work.run_once({"t": lambda item: done.append(item.key)}) == 1
        clock.advance(to=clock.now() + timedelta(days=3, seconds=1))
        assert work.run_once({"t": lambda item: done.append(item.key)}) == 1
        assert done == ["now", "later"]
        assert work.overdue(["t"]) == 0

    def test_failing_work_leaves_nothing_but_its_count_and_dies_after_the_last_try(self):
        work.enqueue(topic="t", key="k")

        def fail(_item: Work) -> None:
            Inbox.objects.create(source="s", external_id="e", payload=b"", received_at=clock.now())
            raise RuntimeError("no")

        for _ in range(WORK_TRIES_MAX):
            Work.objects.update(due_at=clock.now())
            assert work.run_once({"t": fail}) == 1
        row = Work.objects.get()
        assert (row.state, row.tries, row.last_error) == (Work.State.DEAD, WORK_TRIES_MAX, "RuntimeError: no")
        assert not Inbox.objects.exists()
        assert work.run_once({"t": fail}) == 0

    def test_the_last_failure_gives_up_what_waits_for_the_work_and_leaves_it_dead_for_people_to_see(self):
        given_up: list[str] = []

        def fail(_item: Work) -> None:
            raise RuntimeError("no")

        def give_up(item: Work) -> None:
            given_up.append(item.key)
            if item.key == "stubborn":
                raise RuntimeError("nor that")

        for key in ("quiet", "stubborn"):
            work.enqueue(topic="t", key=key)
        work.enqueue(topic="other", key="other")
        for tried in range(WORK_TRIES_MAX):
            assert given_up == [], tried
            Work.objects.update(due_at=clock.now())
            assert work.run_once({"t": fail, "other": fail}, giving_up={"t": give_up}) == 3
        assert sorted(given_up) == ["quiet", "stubborn"]
        assert {(row.state, row.tries, row.last_error) for row in Work.objects.all()} == {("DEAD", WORK_TRIES_MAX, "RuntimeError: no")}

    def test_a_cancelled_timer_is_not_done(self):
        work.enqueue(topic="t", key="k")
        work.cancel(topic="t", key="k")
        assert work.run_once({"t": lambda _item: pytest.fail("it was cancelled")}) == 0

    def test_a_message_from_outside_is_recorded_once(self):
        assert work.receive(source="stripe", external_id="evt_1", payload=b"a") is True
        assert work.receive(source="stripe", external_id="evt_1", payload=b"a") is False
        assert (Inbox.objects.count(), Work.objects.count()) == (1, 1)


class TestJobs:
    def test_a_job_reports_progress_and_keeps_its_result(self, actor):
        job = jobs.job_start(actor=actor, kind="t", params={"n": 2})

        def handler(handle: jobs.Handle) -> dict[str, int]:
            handle.progress(1, handle.params["n"])
            return {"answer": 42}

        assert jobs.run_once({"t": handler}) == 1
        job.refresh_from_db()
        assert (job.state, job.done, job.total, job.result) == (Job.State.SUCCEEDED, 2, 2, {"answer": 42})
        assert jobs.run_once({"t": handler}) == 0

    def test_a_cancelled_job_stops_at_its_next_report(self, actor):
        job = jobs.job_start(actor=actor, kind="t", params={})

        def handler(handle: jobs.Handle) -> dict[str, int]:
            jobs.job_cancel(actor=actor, job_id=handle.id)
            handle.progress(1, 2)
            return {}

        jobs.run_once({"t": handler})
        job.refresh_from_db()
        assert (job.state, job.result) == (Job.State.CANCELLED, None)

    def test_a_failed_job_says_so_and_nothing_more(self, actor):
        job = jobs.job_start(actor=actor, kind="t", params={})
        jobs.run_once({"t": lambda _handle: {}["secret"]})
        job.refresh_from_db()
        assert (job.state, job.error_code, job.result) == (Job.State.FAILED, "INTERNAL", None)


class TestAuthority:
    def test_nobody_may_do_nothing(self):
        for scope in SCOPES:
            with pytest.raises(Unauthenticated):
                require(ANONYMOUS, scope)
            require(SYSTEM, scope)

    def test_a_key_needs_the_scope_and_its_organisation_the_kind(self, actor):
        require(actor, "deal:sell")
        narrow = Actor(person=actor.person, organisation=actor.organisation, kinds=actor.kinds, scopes=frozenset({"deal:buy"}))
        with pytest.raises(Forbidden):
            require(narrow, "deal:sell")
        greedy = Actor(person=actor.person, organisation=actor.organisation, kinds=actor.kinds, scopes=frozenset(SCOPES))
        with pytest.raises(Forbidden):
            require(greedy, "filing:examine")


@pytest.mark.parametrize("table", ["registry_base_inbox", "registry_base_refusedaccess"])
def test_append_only_tables_refuse_even_to_be_emptied(table):
    for statement in (f"UPDATE {table} SET id = id", f"DELETE FROM {table}", f"TRUNCATE {table}"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
