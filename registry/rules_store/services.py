"""Stores verdicts with their findings, and lets two regulators change the rules. Nothing here judges."""

import hashlib
from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from django.db import transaction

from registry.base import clock
from registry.base.actor import Actor, require
from registry.base.errors import BadInput, FourEyes
from registry.base.idempotency import once
from registry.base.ids import uuid7
from registry.log.canonical import NotCanonical, canonical
from registry.log.services import record
from registry.rules.book import Outcome, Stage
from registry.rules.calendar import china_date
from registry.rules.catalogue import parse_rulebook
from registry.rules.engine import Finding as Found
from registry.rules.engine import Screening
from registry.rules.facts import fact_json
from registry.rules.reading import Malformed
from registry.rules_store.basis import basis_json
from registry.rules_store.errors import AlreadyApproved, RulebookSuperseded, RuleMalformed
from registry.rules_store.models import Finding, Rulebook, Verdict
from registry.rules_store.selectors import newest_rulebook

RULES_CHANGED_MAX: Final = 20


@dataclass(frozen=True, slots=True)
class RuleChange:
    """What a proposal does to the newest rulebook: rules put in place of those of the same id (or added), and ids taken out."""

    put: tuple[dict[str, Any], ...] = ()
    withdraw: frozenset[str] = frozenset()


def verdict_store(
    *,
    actor: Actor,
    subject: tuple[str, UUID],
    subject_version: int,
    stage: str,
    screening: Screening,
    facts_id: UUID,
    expires_at: datetime,
    concerning: frozenset[UUID] = frozenset(),
    allowed: Collection[str] = (),
) -> Verdict:
    """Store what a screening found of one content version of a subject.

    ``subject`` is the GraphQL type name and key; ``concerning`` are the organisations that may read the verdict; ``allowed`` are
    rules whose referral two people decided to let through. Writes one ``verdict.given`` event in the caller's transaction or its own.

    Raises:
        Rulebook.DoesNotExist: the screening used a rulebook that was never published.
        NotOverridable: an allowed rule is no referral here, or may not be overridden.
    """
    stage = Stage(stage)
    if stage is not screening.stage:
        message = f"screened at {screening.stage}, stored at {stage}"
        raise ValueError(message)
    outcome = screening.verdict_after(allowed) if allowed else screening.verdict
    with transaction.atomic():
        row = Verdict.objects.create(
            id=uuid7(),
            subject_type=subject[0],
            subject_id=subject[1],
            subject_version=subject_version,
            stage=stage.value,
            rulebook=Rulebook.objects.get(number=screening.rulebook),
            facts_id=facts_id,
            outcome=outcome.name,
            conditions=_conditions(screening),
            allowed_rules=sorted(allowed),
            organisations=sorted(concerning),
            decided_at=clock.now(),
            expires_at=expires_at,
        )
        Finding.objects.bulk_create(_finding(row, place, found) for place, found in enumerate(screening.findings))
        _tell_verdict(actor, row, screening)
    return row


def rulebook_propose(*, actor: Actor, effective_from: date, change: RuleChange, idempotency_key: str) -> Rulebook:
    """Propose, as a regulator, a rulebook that differs from the newest approved one. Writes one ``rulebook.proposed`` event.

    Raises:
        Forbidden: no regulator.
        BadInput: nothing or too much changes, or it would take effect before today.
        RuleMalformed: a rule that the form does not allow, or that cites what nobody has read.
    """
    require(actor, "screening:decide")
    if not 1 <= len(change.put) + len(change.withdraw) <= RULES_CHANGED_MAX:
        raise BadInput("put", f"1 to {RULES_CHANGED_MAX} rules put or withdrawn")
    if effective_from < china_date(clock.now()):
        raise BadInput("effectiveFrom", "today or later, China time")
    with once(actor, "rulebook_propose", idempotency_key, effective_from, list(change.put), change.withdraw) as call:
        if call.replayed:
            return call.result(Rulebook)
        _lock_rulebooks()
        base = newest_rulebook()
        number = 1 + Rulebook.objects.latest("number").number
        body = _changed(base, change, number=number, effective_from=effective_from)
        row = Rulebook.objects.create(
            number=number,
            based_on=base,
            body=body,
            sha256=hashlib.sha256(canonical(body)).hexdigest(),
            effective_from=effective_from,
            proposed_by=actor.person,
            proposed_at=clock.now(),
        )
        _tell_rulebook("rulebook.proposed", actor, row)
        return call.done(row)


def rulebook_approve(*, actor: Actor, rulebook_id: UUID, idempotency_key: str) -> Rulebook:
    """Approve, as another regulator, a proposed rulebook; it is in force from its day on. Writes one ``rulebook.approved`` event.

    Raises:
        Forbidden: no regulator.
        NotFound: no such rulebook.
        FourEyes: the same person proposed it.
        AlreadyApproved: somebody did.
        RulebookSuperseded: a newer one was approved meanwhile, or its day has passed.
    """
    require(actor, "screening:decide")
    with once(actor, "rulebook_approve", idempotency_key, rulebook_id) as call:
        if call.replayed:
            return call.result(Rulebook)
        row = Rulebook.objects.find(actor, rulebook_id, field="rulebookId")
        _lock_rulebooks()
        row.refresh_from_db()
        if row.number == 1 or row.approved_at is not None:
            raise AlreadyApproved(field=("rulebookId",), number=row.number)
        if row.proposed_by == actor.person:
            raise FourEyes(field=("rulebookId",))
        if row.based_on != newest_rulebook() or row.effective_from < china_date(clock.now()):
            raise RulebookSuperseded(field=("rulebookId",), number=row.number)
        row.approved_by, row.approved_at = actor.person, clock.now()
        row.save(update_fields=["approved_by", "approved_at"])
        _tell_rulebook("rulebook.approved", actor, row)
        return call.done(row)


def _lock_rulebooks() -> None:
    """One change of the rules at a time: everybody locks number 1 first."""
    Rulebook.objects.select_for_update(of=("self",)).get(number=1)


def _changed(base: Rulebook, change: RuleChange, *, number: int, effective_from: date) -> dict[str, Any]:
    put = {rule.get("id"): rule for rule in change.put}
    kept = [put.pop(rule["id"], rule) for rule in base.body["rules"] if rule["id"] not in change.withdraw]
    body = {**base.body, "version": number, "effective_from": effective_from.isoformat(), "rules": [*kept, *put.values()]}
    try:
        parse_rulebook(body)
        canonical(body)
    except (Malformed, NotCanonical) as error:
        reason = error.code if isinstance(error, Malformed) else error.reason
        raise RuleMalformed(field=("put",), reason=reason, path=error.path) from error
    return body


def _conditions(screening: Screening) -> list[dict[str, Any]]:
    return [
        {
            "rule": found.rule,
            "code": cause.code,
            "due": cause.due and cause.due.value,
            "reason": asdict(cause.reason),
            "remedy": asdict(cause.remedy),
        }
        for found in screening.findings
        for cause in found.causes
        if cause.outcome is Outcome.ALLOW_IF
    ]


def _finding(verdict: Verdict, position: int, found: Found) -> Finding:
    decisive = [cause for cause in found.causes if cause.outcome is found.outcome]
    return Finding(
        verdict=verdict,
        position=position,
        rule_id=found.rule,
        rule_version=found.version,
        outcome=found.outcome.name,
        title_en=found.title.en,
        title_zh=found.title.zh,
        basis=[basis_json(basis) for basis in found.basis],
        clause=found.clause.en,
        facts={name: fact_json(value) for name, value in found.facts},
        missing=list(found.missing),
        codes=[cause.code for cause in decisive],
        overridable=found.overridable,
        reason_en=" ".join(cause.reason.en for cause in decisive),
        reason_zh="".join(cause.reason.zh for cause in decisive),
        remedy_en=" ".join(cause.remedy.en for cause in decisive),
        remedy_zh="".join(cause.remedy.zh for cause in decisive),
    )


def _tell_verdict(actor: Actor, verdict: Verdict, screening: Screening) -> None:
    record(
        "verdict.given",
        subject=(verdict.subject_type, verdict.subject_id),
        actor=actor,
        public={
            "verdict": verdict.pk,
            "subject_type": verdict.subject_type,
            "subject": verdict.subject_id,
            "subject_version": verdict.subject_version,
            "stage": verdict.stage,
            "rulebook": screening.rulebook,
            "expires_at": verdict.expires_at,
        },
        sealed={
            "outcome": verdict.outcome,
            "findings": [{"rule": found.rule, "version": found.version, "outcome": found.outcome.name} for found in screening.findings],
        },
    )


def _tell_rulebook(schema: str, actor: Actor, row: Rulebook) -> None:
    opened = {"rulebook": row.pk, "number": row.number, "sha256": row.sha256, "effective_from": row.effective_from}
    record(schema, subject=("Rulebook", row.pk), actor=actor, public=opened)
