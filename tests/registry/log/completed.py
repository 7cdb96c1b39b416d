"""What the rooms above would have told around the register's own events, for tests that use the register alone."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING

from tests.registry.log.story import Story, after

if TYPE_CHECKING:
    from collections.abc import Iterable


def completed(bodies: Iterable[bytes]) -> Story:
    """The same leaves in the same order, each licence behind its signed deal, each first right before its deposit."""
    story, holders = Story(), {}
    for body in bodies:
        event = json.loads(body)
        data = event["data"]
        story.now = datetime.fromisoformat(event["at"])
        if event["schema"] != "right.granted":
            story.leaves.append(bytes(body))
            continue
        holders[data["grant"]] = data["holder"]
        if data["deal"]:
            story.tell("deal.requested", deal=data["deal"])
            story.tell("deal.signed", deal=data["deal"], seller=holders.get(data["parent"], data["holder"]), buyer=data["holder"])
        story.leaves.append(bytes(body))
        if not data["parent"]:
            told = {"rights": [{"grant": data["grant"], "kind": data["kind"]}], "object": data["object"], "applicant": data["holder"]}
            term = {"valid_from": data["valid_from"], "valid_until": after(data["valid_to"], -1)}
            story.tell("filing.deposited", filing=data["grant"], **told, **term)
    return story
