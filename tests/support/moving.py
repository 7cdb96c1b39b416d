"""Moves the business time in a test. Until then time is real, as on every server but a demo's, and costs no statement."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings

from registry.base import clock

if TYPE_CHECKING:
    from datetime import datetime


def advance(*, to: datetime) -> None:
    """Raise the business time to an instant, on the demo clock from here on; the test's own settings end with the test."""
    settings.DEMO_CLOCK = True
    clock.advance(to=to)
