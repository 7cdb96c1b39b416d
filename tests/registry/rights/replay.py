"""Rebuilds the register's rights from events and disclosures alone, to compare them with the tables."""

import json
from datetime import date, datetime

from registry.log.models import Disclosure
from registry.rights.models import Grant
from tests.support.events import waiting

Version = dict[str, object]


def replayed() -> list[tuple[object, ...]]:
    """Every version of every right, as the events in the outbox tell it."""
    versions: dict[str, list[Version]] = {}
    for event in waiting():
        data = event["data"]
        if event["schema"] == "right.granted":
            sealed = dict(Disclosure.objects.filter(event=event["id"]).values_list("path", "value"))
            told = {name: data[name] for name in ("grant", "object", "kind", "holder", "parent", "deal", "exclusive")}
            since = datetime.fromisoformat(sealed["terms"]["recorded_at"])
            fresh = {"valid": _term(data["valid_from"], data["valid_to"]), "recorded": (since, None), "event": event["id"]}
            versions[data["grant"]] = [{**told, **sealed["terms"], "share": sealed["income_share_ppm"], **fresh}]
        elif event["schema"] == "right.ended":
            for ended in (data, *data["children"]):
                _shorten(
                    versions[ended["grant"]], date.fromisoformat(data["ends_on"]), datetime.fromisoformat(data["recorded_at"]), event["id"]
                )
    return sorted(_row(version) for known in versions.values() for version in known)


def stored() -> list[tuple[object, ...]]:
    """The same of the tables."""
    return sorted(
        _row(
            {
                "grant": grant.origin_id, "object": grant.object_id, "kind": grant.kind, "holder": grant.holder_id,
                "parent": grant.parent_id, "deal": grant.deal_id, "filing": grant.filing_id, "lane": grant.lane.lower,
                "exclusive": grant.exclusive, "scope": grant.scope, "share": grant.income_share_ppm,
                "valid": (grant.valid.lower, grant.valid.upper),
                "recorded": (grant.recorded.lower, grant.recorded.upper), "event": grant.event_id,
            }
        )
        for grant in Grant.objects.all()
    )  # fmt: skip


def _shorten(known: list[Version], ends_on: date, at: datetime, event: str) -> None:
    last = known[-1]
    starts, since = last["valid"][0], last["recorded"][0]
    known[-1] = {**last, "recorded": (since, at)}
    if starts < ends_on:
        known.append({**last, "valid": (starts, ends_on), "recorded": (at, None), "event": event})


def _term(start: str, end: str) -> tuple[date, date]:
    return date.fromisoformat(start), date.fromisoformat(end)


def _row(version: Version) -> tuple[object, ...]:
    names = (
        "grant",
        "object",
        "kind",
        "holder",
        "parent",
        "deal",
        "filing",
        "lane",
        "exclusive",
        "scope",
        "share",
        "event",
        "valid",
        "recorded",
    )
    return tuple(json.dumps(version[name], sort_keys=True, default=str) for name in names)
