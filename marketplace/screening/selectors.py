"""Reads facts, flags and referrals; every read is the actor's view."""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet

from marketplace.screening.models import Facts, Flag, Referral
from registry.base.actor import Actor, require
from registry.rules.facts import FACTS, fact_json
from registry.rules_store.models import Outcome, Verdict


@dataclass(frozen=True, slots=True)
class FactShown:
    """One fact as a person reads it; ``value`` None is unknown."""

    name: str
    group: str
    label_en: str
    label_zh: str
    value: str | None


def facts_shown(*, actor: Actor, verdict_id: UUID) -> list[FactShown]:
    """Every word of the vocabulary with what was known when the verdict was given, for a regulator.

    Raises:
        Forbidden: no regulator.
        NotFound: no such verdict on a listing or a deal.
    """
    require(actor, "screening:decide")
    verdict = Verdict.objects.find(actor, verdict_id, field="verdictId")
    known = Facts.objects.find(actor, verdict.facts_id, field="verdictId").as_facts()
    return [FactShown(name, fact.group.value, fact.label.en, fact.label.zh, _text(known.get(name))) for name, fact in FACTS.items()]


def referral_page(*, actor: Actor, state: str | None = None) -> QuerySet[Referral]:
    """Referrals that the actor may see, in one state if asked."""
    rows = Referral.objects.visible_to(actor)
    return rows if state is None else rows.filter(state=state)


def flag_page(*, actor: Actor, state: str | None = None) -> QuerySet[Flag]:
    """Flags that the actor may see, in one state if asked."""
    rows = Flag.objects.visible_to(actor)
    return rows if state is None else rows.filter(state=state)


def blocked_page(*, actor: Actor, rule: str | None = None) -> QuerySet[Verdict]:
    """Trades that the rules forbade, as verdicts that the actor may see; by one rule if asked."""
    rows = Verdict.objects.visible_to(actor).filter(outcome=Outcome.BLOCK)
    return rows if rule is None else rows.filter(findings__rule_id=rule, findings__outcome=Outcome.BLOCK)


def _text(value: object) -> str | None:
    plain = fact_json(value)  # type: ignore[arg-type]  # what read_facts returned
    return (
        None
        if plain is None
        else ", ".join(plain)
        if isinstance(plain, list)
        else str(plain).lower()
        if isinstance(plain, bool)
        else str(plain)
    )
