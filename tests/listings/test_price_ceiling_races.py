"""Public bodies at once, with real commits: a day gets one ceiling, and every other body is told why."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from django.db import connection

from listings.catalogue.models import PriceCeiling
from registry.base.actor import PartyKind
from tests.listings.shop import door
from tests.listings.test_price_ceilings import put
from tests.marketplace.screening import market as m
from tests.support.parties import admit

BODIES = 8


@pytest.fixture
def operated(committed_db):
    return m.register(admit(PartyKind.MERCHANT, name="Operator"), **m.AUTHORISED)


def at_once(works):
    """The codes with which works end that are started together, each in a thread with a connection of its own."""
    ready = threading.Barrier(len(works), timeout=30)

    def run(work):
        ready.wait()
        try:
            return "".join(work().codes) or "won"
        finally:
            connection.close()

    with ThreadPoolExecutor(len(works)) as pool:
        return Counter(outcome.result(timeout=120) for outcome in [pool.submit(run, work) for work in works])


def test_of_many_ceilings_set_for_the_same_days_one_is(operated):
    clerks = [door(admit(PartyKind.PUBLIC_BODY, name=f"Bureau {number}")) for number in range(BODIES)]
    for unit in ("DEAL", "COPY", "CALL", "ROW", "MONTH"):
        assert at_once([partial(put, clerk, operated, unit=unit) for clerk in clerks]) == {"won": 1, "CEILING_OVERLAPS": BODIES - 1}, unit
    assert PriceCeiling.objects.count() == 5


def test_a_ceiling_is_replaced_once(operated):
    clerk = door(admit(PartyKind.PUBLIC_BODY, name="Bureau"))
    old = put(clerk, operated)["priceCeiling"]["id"]
    replacing = [partial(put, clerk, operated, str(number), replacesId=old) for number in range(BODIES)]
    assert at_once(replacing) == {"won": 1, "ALREADY_CLOSED": BODIES - 1}
    assert PriceCeiling.objects.filter(recorded__upper_inf=True).count() == 1
