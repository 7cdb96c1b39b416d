"""The events that are nothing to the rules which the monitor checks, by name: one that is neither here nor checked is a finding."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_STEPS: Final[Mapping[str, str]] = {
    "advice": "given",
    "affiliation": "declared",
    "api_key": "issued revoked",
    "asset": "attached registered",
    "bid": "placed",
    "certificate": "key_introduced revocation_proposed revoked",
    "complaint": "answered filed",
    "consent": "recorded withdrawn",
    "delivery": "completed",
    "entitlement": "ended opened resumed suspended",
    "fee_schedule": "published",
    "filing": "accepted examined lapsed publicised refused returned sent_back submitted supplemented",
    "flag": "lifted raised",
    "impact": "filed",
    "key": "registered revoked",
    "listing": "delisted drafted listed referred resumed suspended",
    "objection": "decided filed",
    "offer": "added withdrawn",
    "open_list": "published withdrawn",
    "order": "issued lifted",
    "organisation": "admitted verified",
    "payment": "declined received",
    "permit": "checked filed",
    "person": "added",
    "plan": "created",
    "price_ceiling": "closed set",
    "product": "created versioned",
    "profile": "measured",
    "quote": "made",
    "referral": "decided opened proposed",
    "report": "filed",
    "revocation": "proposed",
    "round": "cleared closed opened voided",
    "rulebook": "approved proposed",
    "sample": "taken",
    "source": "stated",
    "split": "agreed consented failed in_force proposed withdrawn",
    "verdict": "given",
}
PASSED_OVER: Final = frozenset(f"{noun}.{step}" for noun, steps in _STEPS.items() for step in steps.split())
"""Steps of deals, rights, holds, objects and the log's keys are all checked, so none of them stands here."""
