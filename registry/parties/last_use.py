"""Notes the last day on which an API key was used: the one write that a read of this room makes, at most once a day."""

from registry.base import clock
from registry.parties.models import ApiKey
from registry.rules.calendar import china_date


def note_use(key: ApiKey) -> None:
    """Write today's date (China time) unless it stands there already."""
    today = china_date(clock.now())
    if key.last_used_on != today:
        ApiKey.objects.filter(pk=key.pk).update(last_used_on=today)
