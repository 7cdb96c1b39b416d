"""Two certificates that are issued at the same moment: with real commits, since locks show only there."""

import threading

from django.db import connection, transaction

from registry.base import clock
from registry.certificates import services


def test_two_that_are_issued_at_once_wait_for_each_other(committed_db, settings):
    settings.DEMO_CLOCK = True
    with transaction.atomic():
        services._status_place(clock.now())
    waited = []
    holding, drawn = threading.Event(), threading.Event()

    def second():
        holding.wait(60)
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '60s'")
            services._status_place(clock.now())
            waited.append(drawn.is_set())
        connection.close()

    thread = threading.Thread(target=second)
    thread.start()
    with transaction.atomic():
        services._status_place(clock.now())
        holding.set()
        thread.join(0.5)
        drawn.set()
    thread.join(120)
    assert waited == [True]
