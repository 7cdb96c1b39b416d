"""Puts collected facts before the rules in force and keeps the answer: facts, verdict, findings, and the referral if there is one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from django.db import transaction

from marketplace.screening.models import Facts as FactsRow
from marketplace.screening.models import Referral
from marketplace.screening.states import REFERRAL_TRANSITIONS, UNDECIDED, ReferralState
from marketplace.screening.subjects import LISTING
from registry.base import clock
from registry.base.actor import Actor
from registry.base.transitions import move
from registry.log.services import record
from registry.rules.book import Outcome, Stage
from registry.rules.engine import Finding, Screening, screen
from registry.rules.facts import Facts, fact_json
from registry.rules_store.facts import fact_columns
from registry.rules_store.models import Verdict
from registry.rules_store.selectors import rulebook_current, rules_of
from registry.rules_store.services import verdict_store

DEAL_HOURS: Final = 24
LISTING_DAYS: Final = 30
_LASTS: Final[Mapping[bool, timedelta]] = {True: timedelta(days=LISTING_DAYS), False: timedelta(hours=DEAL_HOURS)}
_DAY: Final = "judged_on"


@dataclass(frozen=True, slots=True)
class Judged:
    """One content version of a subject at a stage, and the organisations that it concerns."""

    subject_type: str
    subject_id: UUID
    version: int
    stage: str
    concerning: frozenset[UUID]


def judge(*, actor: Actor, judged: Judged, facts: Facts) -> Verdict:
    """Store the facts, screen them by the rulebook in force, and store the verdict, in the caller's transaction or its own.

    A referral that two people allowed on the same facts stays allowed. Where the verdict is REFER, a referral opens
    (``referral.opened``); one still undecided from an earlier screening is closed.
    """
    with transaction.atomic():
        screening = screen(rules_of(rulebook_current(clock.now())), Stage(judged.stage), facts)
        row = FactsRow.objects.create(
            subject_type=judged.subject_type,
            subject_id=judged.subject_id,
            subject_version=judged.version,
            stage=judged.stage,
            collected_at=clock.now(),
            **fact_columns(facts),
        )
        verdict = keep(actor=actor, judged=judged, screening=screening, facts_id=row.pk, allowed=_already_allowed(judged, screening))
        _close_undecided(judged)
        if verdict.outcome == Outcome.REFER.name:
            _refer(actor, judged, screening, verdict)
    return verdict


def keep(*, actor: Actor, judged: Judged, screening: Screening, facts_id: UUID, allowed: frozenset[str]) -> Verdict:
    """Store a verdict that lasts as long as one on this kind of subject does: 30 days for a listing, 24 hours for a deal."""
    return verdict_store(
        actor=actor,
        subject=(judged.subject_type, judged.subject_id),
        subject_version=judged.version,
        stage=judged.stage,
        screening=screening,
        facts_id=facts_id,
        expires_at=clock.now() + _LASTS[judged.subject_type == LISTING],
        concerning=judged.concerning,
        allowed=allowed,
    )


def open_to_people(screening: Screening) -> frozenset[str]:
    """The rules whose referral people may decide."""
    return frozenset(finding.rule for finding in screening.findings if finding.outcome is Outcome.REFER and finding.overridable)


def _already_allowed(judged: Judged, screening: Screening) -> frozenset[str]:
    """Rules that two people allowed for this content version, where the facts that the rule reads are still those they decided on."""
    decided = Referral.objects.filter(subject_id=judged.subject_id, subject_version=judged.version, state=ReferralState.ALLOWED)
    allowed = {
        (found.rule_id, found.rule_version, _signature(found.facts))
        for referral in decided.select_related("verdict")
        for found in referral.verdict.findings.filter(rule_id__in=referral.rules)
    }
    candidates = open_to_people(screening)
    return frozenset(
        found.rule
        for found in screening.findings
        if found.rule in candidates and (found.rule, found.version, _signature(_facts_of(found))) in allowed
    )


def _facts_of(found: Finding) -> dict[str, object]:
    return {name: fact_json(value) for name, value in found.facts}


def _signature(facts: Mapping[str, object]) -> str:
    """The facts of a finding but for the day, which passes without changing what was decided."""
    return repr(sorted((name, value) for name, value in facts.items() if name != _DAY))


def _close_undecided(judged: Judged) -> None:
    undecided = Referral.objects.filter(
        subject_id=judged.subject_id, subject_version=judged.version, stage=judged.stage, state__in=UNDECIDED
    )
    for referral in undecided.select_for_update(of=("self",)):
        move(referral, to=ReferralState.CLOSED, expected_version=referral.version, transitions=REFERRAL_TRANSITIONS)


def _refer(actor: Actor, judged: Judged, screening: Screening, verdict: Verdict) -> None:
    waiting = [found.rule for found in screening.findings if found.outcome is Outcome.REFER and found.rule not in verdict.allowed_rules]
    referral = Referral.objects.create(
        verdict=verdict,
        subject_type=judged.subject_type,
        subject_id=judged.subject_id,
        subject_version=judged.version,
        stage=judged.stage,
        rules=waiting,
        organisations=sorted(judged.concerning),
        opened_at=clock.now(),
    )
    record(
        "referral.opened",
        subject=(judged.subject_type, judged.subject_id),
        actor=actor,
        public={
            "referral": referral.pk,
            "verdict": verdict.pk,
            "subject_type": judged.subject_type,
            "subject": judged.subject_id,
            "stage": judged.stage,
        },
        sealed={"rules": waiting},
    )
