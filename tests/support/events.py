"""Recorded events with their seals opened."""

from __future__ import annotations

from typing import Any

from registry.log.models import Disclosure
from registry.log.services import ACTOR


def opened(body: dict[str, Any]) -> dict[str, Any]:
    """An event's data with every sealed member opened."""
    sealed = dict(Disclosure.objects.filter(event=body["id"]).exclude(path=ACTOR).values_list("path", "value"))
    return {**body["data"], **sealed}


def acted(body: dict[str, Any]) -> dict[str, Any]:
    """Who acted, as the event of this body sealed it."""
    disclosed: dict[str, Any] = Disclosure.objects.get(event=body["id"], path=ACTOR).value
    return disclosed
