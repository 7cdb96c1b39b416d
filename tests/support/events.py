"""Recorded events with their seals opened."""

from __future__ import annotations

import json
from typing import Any

from registry.log.models import Disclosure, Entry, Outbox
from registry.log.services import ACTOR


def opened(body: dict[str, Any]) -> dict[str, Any]:
    """An event's data with every sealed member opened."""
    sealed = dict(Disclosure.objects.filter(event=body["id"]).exclude(path=ACTOR).values_list("path", "value"))
    return {**body["data"], **sealed}


def acted(body: dict[str, Any]) -> dict[str, Any]:
    """Who acted, as the event of this body sealed it."""
    disclosed: dict[str, Any] = Disclosure.objects.get(event=body["id"], path=ACTOR).value
    return disclosed


def waiting() -> list[dict[str, Any]]:
    """The bodies of the events that wait for their place in the log, oldest first."""
    return [json.loads(body) for body in waiting_bytes()]


def waiting_bytes() -> list[bytes]:
    """The same, byte for byte."""
    events = list(Outbox.objects.order_by("seq").values_list("event", flat=True))
    bodies = dict(Entry.objects.filter(pk__in=events).values_list("pk", "body"))
    return [bytes(bodies[event]) for event in events]
