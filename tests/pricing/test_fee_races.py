"""Operators who publish fees at the same moment, with real commits: every schedule is kept, under a number of its own."""

import threading
from concurrent.futures import ThreadPoolExecutor

from django.db import connection

from pricing.fees.models import PublishedSchedule
from registry.base.actor import PartyKind
from tests.support.graphql import Client
from tests.support.parties import admit

WRITERS = 4


def test_schedules_published_at_once_are_numbered_one_after_the_other(committed_db):
    token, ready = admit(PartyKind.OPERATOR).token, threading.Barrier(WRITERS, timeout=30)
    fees = {"platformPpm": 20_000, "institutionPpm": 10_000, "gatewayPpm": 0, "gatewayFixedMinor": "0"}

    def publish(number):
        ready.wait()
        try:
            return Client(token=token).mutate("feeSchedulePublish", **fees, idempotencyKey=f"k{number}").codes
        finally:
            connection.close()

    with ThreadPoolExecutor(WRITERS) as pool:
        assert list(pool.map(publish, range(WRITERS))) == [[]] * WRITERS
    assert sorted(PublishedSchedule.objects.values_list("number", flat=True)) == [1, 2, 3, 4]
