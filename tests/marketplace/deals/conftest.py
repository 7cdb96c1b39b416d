"""The market in which the deals of these tests are made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support import trade

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.gateway import RecordingGateway


@pytest.fixture
def gateway(settings: Any) -> Iterator[RecordingGateway]:
    settings.DEMO_CLOCK = True
    with trade.recording(settings) as recorder:
        yield recorder


@pytest.fixture
def of(db: None, gateway: RecordingGateway) -> trade.World:
    """A market, in a test that is rolled back."""
    return trade.world(gateway)
