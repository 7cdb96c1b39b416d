"""The relays on threads and in Celery workers: they go on after failures, stop when told, and lose nothing when killed."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from uuid import UUID

import pytest
from django.db import transaction

from marketplace.relays import RELAYS, RelayThreads
from registry.base.actor import SYSTEM
from registry.base.ids import uuid7
from registry.base.processes import die_with_parent
from registry.log.models import Leaf
from registry.log.schemas import declare
from registry.log.services import record
from tests.support.children import SECONDS, ending

PROJECT = Path(__file__).resolve().parents[2]
REDIS = os.environ.get("EGRET_TEST_REDIS", "")
TICK = declare("tests.tick", public=("number",))
calls: list[str] = []
enough = threading.Event()


def working() -> int:
    """A relay that finds one item, twice, and then nothing."""
    calls.append("working")
    if calls.count("working") > 4:
        enough.set()
    return int(calls.count("working") < 3)


def failing() -> int:
    """A relay that meets an error the first time."""
    calls.append("failing")
    if calls.count("failing") == 1:
        raise LookupError
    return 0


def events(count):
    with transaction.atomic():
        return [record(TICK.name, subject=("tick", uuid7()), actor=SYSTEM, public={"number": number}) for number in range(count)]


def sequenced(recorded):
    return sorted(str(entry) for entry in Leaf.objects.filter(entry__in=recorded).values_list("entry", flat=True))


def wait_for(condition):
    deadline = time.monotonic() + SECONDS
    while not (found := condition()) and time.monotonic() < deadline:
        time.sleep(0.1)
    return found


def test_threads_go_on_after_a_failure_and_end_when_told(committed_db, caplog):
    calls.clear()
    enough.clear()
    threads = RelayThreads([f"{__name__}.working", f"{__name__}.failing"])
    threads.start()
    try:
        assert enough.wait(SECONDS)
        wait_for(lambda: calls.count("failing") > 1)
    finally:
        left = threads.stop(seconds=SECONDS)
    assert left == []
    ended = list(calls)
    assert calls.count("failing") >= 2
    assert [entry.getMessage() for entry in caplog.records if entry.levelname == "ERROR"] == [
        f"relay {__name__}.failing failed 1 times in a row; next try in 0.2 s"
    ]
    time.sleep(0.3)
    assert calls == ended


def test_the_relays_of_the_market_sequence_what_was_recorded(committed_db):
    recorded = events(20)
    threads = RelayThreads(RELAYS)
    threads.start()
    try:
        assert wait_for(lambda: len(sequenced(recorded)) == 20)
    finally:
        assert threads.stop(seconds=SECONDS) == []


@contextlib.contextmanager
def celery(command, environment):
    """A Celery process and all its children, in a group of their own."""
    process = subprocess.Popen(
        [sys.executable, "-m", "celery", "-A", "marketplace.celery", *command, "--loglevel", "WARNING"],
        cwd=PROJECT,
        env=environment,
        start_new_session=True,
        preexec_fn=die_with_parent,  # noqa: PLW1509  # the threads of the other tests have ended
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    with ending(process):
        yield process


@pytest.mark.relays
@pytest.mark.skipif(not REDIS, reason="EGRET_TEST_REDIS names no Redis; `.ci/run` starts one")
def test_killed_celery_workers_lose_nothing_and_do_nothing_twice(committed_db):
    with tempfile.TemporaryDirectory() as var, contextlib.ExitStack() as stack:
        environment = {**os.environ, "DATABASE_URL": committed_db.url, "REDIS_URL": REDIS, "EGRET_VAR": var, "EGRET_ROLE": "egret_app"}
        stack.enter_context(celery(["beat"], environment))
        recorded: list[UUID] = []
        for _round in range(2):
            with celery(["worker", "--concurrency", "2"], environment) as worker:
                recorded += events(50)
                assert wait_for(Leaf.objects.exists)
                recorded += events(200)
                os.killpg(worker.pid, signal.SIGKILL)
        stack.enter_context(celery(["worker", "--concurrency", "2"], environment))
        wait_for(lambda: len(sequenced(recorded)) == len(recorded))
        assert sequenced(recorded) == sorted(map(str, recorded))
        indices = sorted(Leaf.objects.values_list("index", flat=True))
        assert indices == list(range(len(indices)))
