"""Reads filings and objections."""

from datetime import datetime

from django.db.models import QuerySet

from registry.base.actor import SYSTEM, Actor
from registry.filings.models import AUTHORITIES, Filing, Objection
from registry.filings.states import ObjectionState, State


def filing_page(*, actor: Actor, state: str | None = None) -> QuerySet[Filing]:
    """Filings that the actor may see, in one state if asked."""
    rows = Filing.objects.visible_to(actor)
    return rows if state is None else rows.filter(state=state)


def objection_page(*, actor: Actor, state: str | None = None) -> QuerySet[Objection]:
    """Objections that the actor may see, in one state if asked."""
    rows = Objection.objects.visible_to(actor)
    return rows if state is None else rows.filter(state=state)


def open_objections(filing: Filing) -> int:
    """How many objections to a filing are still to be decided."""
    return Objection.objects.filter(filing=filing, state=ObjectionState.OPEN).count()


def file_open(actor: Actor, filing: Filing) -> bool:
    """Whether an actor may read the evidence, the examination and the reasons: the applicant and those who decide."""
    return actor is SYSTEM or actor.is_kind(*AUTHORITIES) or actor.organisation == filing.applicant_id


def overdue(filing: Filing, at: datetime) -> bool:
    """Whether the registrar should have finished: the time to decide is over and the filing is not on public notice yet."""
    waiting = filing.state in {State.ACCEPTED, State.IN_REVIEW}
    return waiting and filing.finish_due_at is not None and filing.finish_due_at <= at
