"""Moves the business time in a test. Until then time is real, as on every server but a demo's, and costs no statement."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import UserSettingsHolder, settings

from registry.base import clock

if TYPE_CHECKING:
    from datetime import datetime


def advance(*, to: datetime) -> None:
    """Raise the business time to an instant, on the demo clock from here on, in settings that are the test's own and end with it."""
    assert isinstance(settings._wrapped, UserSettingsHolder), "the demo clock would stay for the tests after this one"
    settings.DEMO_CLOCK = True
    clock.advance(to=to)
