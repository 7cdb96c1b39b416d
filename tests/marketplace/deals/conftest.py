"""The market in which the deals of these tests are made: one for a module, in a transaction around those of its tests."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from django.db import transaction

from tests.support import trade
from tests.support.gateway import RecordingGateway

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_django.plugin import DjangoDbBlocker


@pytest.fixture
def gateway(settings: Any) -> Iterator[RecordingGateway]:
    settings.DEMO_CLOCK = False  # until the test moves the time
    with trade.recording(settings) as recorder:
        yield recorder


@pytest.fixture(scope="module")
def outer(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """A transaction around every test of a module that uses the database; never in a module that asks for `committed_db`."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def market(outer: None) -> trade.World:
    """Everybody and what is on sale; each test sees it as it was first."""
    return trade.world(RecordingGateway())


@pytest.fixture
def rolled_back(outer: None, db: None) -> Iterator[None]:
    """The test's own transaction; what the log publishes beside the database goes back with it."""
    with trade.as_published():
        yield


@pytest.fixture
def of(market: trade.World, rolled_back: None, gateway: RecordingGateway) -> trade.World:
    """A market, in a test that is rolled back."""
    return replace(market, gateway=gateway)


def before_tests(market: trade.World, reached: Callable[[trade.World], trade.Trade]) -> trade.Trade:
    """A deal that is made once for a module; each test sees it as it was first."""
    with trade.acting() as recorder:
        return reached(replace(market, gateway=recorder))


@pytest.fixture(scope="module")
def chain_once(market: trade.World) -> trade.Trade:
    return before_tests(market, lambda of: trade.settled(trade.chained(of)))


@pytest.fixture
def done(chain_once: trade.Trade, rolled_back: None, gateway: RecordingGateway) -> trade.Trade:
    """A settled deal of 11,999.99 yuan over a chain of two licences."""
    return trade.here(chain_once, gateway)


@pytest.fixture(scope="module")
def signed_once(market: trade.World) -> trade.Trade:
    return before_tests(market, trade.signed)


@pytest.fixture
def signed(signed_once: trade.Trade, rolled_back: None, gateway: RecordingGateway) -> trade.Trade:
    """A deal that both sides signed."""
    return trade.here(signed_once, gateway)


@pytest.fixture(scope="module")
def asked_once(market: trade.World) -> trade.Trade:
    return before_tests(market, trade.asked)


@pytest.fixture
def asked(asked_once: trade.Trade, rolled_back: None, gateway: RecordingGateway) -> trade.Trade:
    """A deal whose charge the gateway took, but has not announced."""
    return trade.here(asked_once, gateway)


@pytest.fixture(scope="module")
def delivered_once(market: trade.World) -> trade.Trade:
    return before_tests(market, trade.delivered)


@pytest.fixture
def delivered(delivered_once: trade.Trade, rolled_back: None, gateway: RecordingGateway) -> trade.Trade:
    """A deal whose whole file the buyer fetched."""
    return trade.here(delivered_once, gateway)
