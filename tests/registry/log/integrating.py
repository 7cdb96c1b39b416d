"""The market's log while it grows: what happens, what outsiders then read, and integrators that are killed or work at the same time."""

import itertools
import json
import os
import signal
import time
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from uuid import uuid4

from django.core.files.storage import storages
from django.db import connection, connections, transaction

from registry.base.actor import SYSTEM
from registry.base.environment import django_database, with_database
from registry.base.storage import DurableFileStorage
from registry.log import publication
from registry.log.audit import Audit
from registry.log.files import LogFiles
from registry.log.integrator import integrate, wait_locks
from registry.log.keys import environment_keys
from registry.log.models import Leaf, LogState, Outbox
from registry.log.schemas import declare
from registry.log.services import record

declare("test.integrated", public=("number",))

CHILD_SECONDS = 600


def happen(count):
    """Record so many events; returns their ids in order."""
    return [
        record("test.integrated", subject=("Test", uuid4()), actor=SYSTEM, public={"number": number}, sealed={}) for number in range(count)
    ]


def published():
    return LogFiles.of(LogState.objects.get().log_id)


def audited():
    """Read the published log by its files alone; returns its entries' ids."""
    audit = Audit(published().read, environment_keys(LogState.objects.get().log_id)[0].verifier)
    entries = [json.loads(entry)["id"] for block in audit.blocks() for entry in block.entries]
    assert audit.findings == []
    return entries


def integrate_all():
    """Integrate as a process does that has just begun."""
    publication._frontiers.clear()
    while integrate():
        pass


def in_a_child(work):
    """Do something in a forked process with connections of its own; returns the child's process id."""
    connections.close_all()
    child = os.fork()
    if child == 0:
        status = 1
        signal.alarm(CHILD_SECONDS)  # one that hangs is killed, and its parent's wait has an end
        try:
            storages._storages = {}
            work()
            status = 0
        finally:
            os._exit(status)
    return child


def arm_files(before):
    """Make a step of each file that is written, synced, named or removed."""
    DurableFileStorage.create_all = before(DurableFileStorage.create_all)
    DurableFileStorage._save = before(DurableFileStorage._save)
    DurableFileStorage.delete = before(DurableFileStorage.delete)
    Path.replace = before(Path.replace)
    os.fsync = before(os.fsync)


def killed(at, arm, work):
    """Do something in a child that gets SIGKILL before its nth step; False once it got through alive.

    Each statement and commit is a step, and each call of a function that ``arm`` puts the given wrapper around.
    """
    count = itertools.count(1)  # one step, also for threads

    def before(function):
        def stepped(*args, **kwargs):
            if next(count) == at:
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*args, **kwargs)

        return stepped

    def armed():
        arm(before)
        connection.ensure_connection()
        connection._commit = before(connection._commit)
        connection.execute_wrappers.append(before(lambda execute, *args: execute(*args)))
        work()

    _, status = os.waitpid(in_a_child(armed), 0)
    assert status in {0, signal.SIGKILL}
    with transaction.atomic():
        wait_locks()  # the server may still be at what a killed process had asked of it
    return status != 0


def assert_killed_anywhere_it_loses_doubles_and_skips_nothing(arm, *, many, integrating=integrate):
    """Integrate, killed one step later each time, until it gets through; now and then ``many`` events fill a tile."""
    events, at, alive = [], 0, False

    def work():
        while integrating():
            pass

    while not alive:
        at += 1
        events += happen(1 if at % 3 else many)
        alive = not killed(at, arm, work)
        if at % 5 == 0 or alive:
            integrate_all()
            assert audited() == [str(event) for event in events]
    assert at > 25
    assert list(Leaf.objects.order_by("index").values_list("index", "entry")) == list(enumerate(events))
    assert not Outbox.objects.exists()


def assert_two_at_once_make_one_log(*both):
    happen(1)
    integrate()

    def work(integrating):
        end = time.monotonic() + 4
        while time.monotonic() < end:
            integrating()

    children = [in_a_child(partial(work, each)) for each in both]
    end, rounds = time.monotonic() + 3, 0
    while time.monotonic() < end or rounds < 5:
        happen(5)
        rounds += 1
    assert [os.waitpid(child, 0)[1] for child in children] == [0, 0]
    integrate_all()
    assert audited() == [str(entry) for entry in Leaf.objects.order_by("index").values_list("entry", flat=True)]
    assert Leaf.objects.count() > 20


@contextmanager
def restored_from_before(committed_db, databases):
    """Work on a backup of size 3 of a log that has published 5; the published checkpoint must be the same afterwards."""
    happen(3)
    integrate()
    connections.close_all()
    databases.run.clone("old", template=committed_db.name)
    happen(2)
    integrate()
    note = published().read("checkpoint")
    connections.close_all()
    connections.settings["default"].update(django_database(with_database(committed_db.url, databases.run.name("old"))))
    try:
        yield
        assert published().read("checkpoint") == note
    finally:
        connections.close_all()
        connections.settings["default"].update(django_database(committed_db.url))
        databases.drop(databases.run.name("old"))
