"""Filings for tests, taken through their steps by the real services and relays, on a clock that jumps."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from django.db import connection

from registry.base import clock
from registry.base.actor import PartyKind
from registry.filings.content import Evidence, FilingContent, Limits
from registry.filings.judging import Assessment
from registry.filings.services import filing_accept, filing_examine, filing_publish, filing_submit
from registry.filings.tasks import run_once
from registry.log.integrator import integrate
from registry.parties.services import api_key_issue
from tests.support.graphql import Client
from tests.support.moving import advance
from tests.support.parties import Party, admit, colleague, verify

if TYPE_CHECKING:
    from datetime import datetime

    from registry.base.actor import Actor
    from registry.filings.models import Filing

CONTENT: Final = FilingContent(
    object_kind="RESOURCE",
    name="2013 New York departures",
    summary="Every departure of 2013 from three airports.",
    industry="G56",
    source_category="ENTERPRISE",
    source_kind="COLLECTED",
    situation="OWN_ACTIVITY",
    level="GENERAL",
    pi_kind="NONE",
    region="New York",
    update_frequency="YEARLY",
    data_format="TABLE",
    rights_claimed=("HOLD", "OPERATE", "USE"),
    limits=Limits(resale=True),
    evidence=(Evidence("Collection record", hashlib.sha256(b"collection").hexdigest()),),
    volume_rows=336_776,
)
CLEAN: Final = Assessment(harm_flag="NONE", secrecy_mark=False, unlawful_source="NONE", dispute_open=False)


@dataclass(frozen=True)
class Office:
    """A registrar with two people, and a verified merchant."""

    registrar: Party
    first: Actor
    second: Actor
    merchant: Party


def door(party: Party, actor: Actor | None = None) -> Client:
    """The API as a party's first person uses it, or as a colleague does with a key of their own."""
    if actor is None:
        return Client(token=party.token)
    assert actor.person is not None
    issued = api_key_issue(
        actor=party.actor,
        person_id=actor.person,
        scopes=party.actor.scopes,
        expires_at=clock.now() + timedelta(days=30),
        idempotency_key=key(),
    )
    assert issued.secret is not None
    return Client(token=issued.secret)


def office() -> Office:
    """Admit a registrar with two people, and a merchant whom an institution verified."""
    registrar, merchant = admit(PartyKind.REGISTRAR, name="Registrar"), admit(PartyKind.MERCHANT, name="Airports")
    verify(merchant, by=admit(PartyKind.INSTITUTION, name="Institution"))
    return Office(registrar, registrar.actor, colleague(registrar), merchant)


def key() -> str:
    """A fresh idempotency key."""
    return secrets.token_hex(8)


def jump(to: datetime) -> None:
    """Raise the business clock to an instant."""
    advance(to=to)


def submitted(of: Office, **changes: Any) -> Filing:
    """A fresh filing of the merchant."""
    return filing_submit(actor=of.merchant.actor, content=replace(CONTENT, **changes), idempotency_key=key())


def accepted(of: Office, **changes: Any) -> Filing:
    """A filing accepted by the first examiner."""
    filing = submitted(of, **changes)
    return filing_accept(actor=of.first, filing_id=filing.pk, expected_version=filing.version, idempotency_key=key())


def examined(of: Office, assessment: Assessment = CLEAN, **changes: Any) -> Filing:
    """A filing that passed the first examination."""
    filing = accepted(of, **changes)
    done = filing_examine(
        actor=of.first, filing_id=filing.pk, assessment=assessment, expected_version=filing.version, idempotency_key=key()
    )
    assert done.verdict.passes, [(found.rule_id, found.outcome, found.missing) for found in done.verdict.findings.exclude(outcome="PASS")]
    return done.filing


def publicised(of: Office, assessment: Assessment = CLEAN, **changes: Any) -> Filing:
    """A filing on public notice."""
    filing = examined(of, assessment, **changes)
    return filing_publish(actor=of.second, filing_id=filing.pk, expected_version=filing.version, idempotency_key=key())


def deposited(of: Office, assessment: Assessment = CLEAN, **changes: Any) -> Filing:
    """A filing whose notice ended and whose rights are registered."""
    filing = publicised(of, assessment, **changes)
    jump(filing.notice_until_at)
    run_once()
    filing.refresh_from_db()
    return filing


def certified(of: Office, assessment: Assessment = CLEAN, **changes: Any) -> Filing:
    """A filing with its certificate."""
    filing = deposited(of, assessment, **changes)
    integrate()
    run_once()
    filing.refresh_from_db()
    return filing


def sql(statement: str, *values: Any) -> None:
    """Run a statement past every service."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
