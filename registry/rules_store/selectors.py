"""Reads rulebooks and verdicts, and turns a refusing verdict into what a person can act on."""

from datetime import datetime
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet
from django.utils.translation import get_language, gettext

from registry.base.actor import Actor
from registry.base.graphql.globalid import split_global
from registry.rules import book
from registry.rules.calendar import china_date
from registry.rules.catalogue import parse_rulebook
from registry.rules.facts import FACTS
from registry.rules.instruments import RELATION_TEXTS, Relation
from registry.rules_store.errors import ScreeningBlocked, ScreeningReferred
from registry.rules_store.models import Finding, Outcome, Rulebook, Verdict

_APPROVED: Final = Q(number=1) | Q(approved_at__isnull=False)
_REFUSALS: Final = {Outcome.BLOCK: ScreeningBlocked.code, Outcome.REFER: ScreeningReferred.code}


def newest_rulebook() -> Rulebook:
    """The rulebook approved last, whether or not it has taken effect."""
    return Rulebook.objects.filter(_APPROVED).latest("number")


def rulebook_current(at: datetime) -> Rulebook:
    """The rulebook in force at an instant: of those approved by then and in effect on that day, the newest.

    Raises:
        Rulebook.DoesNotExist: none was in force then.
    """
    approved = Q(number=1) | Q(approved_at__lte=at)
    return Rulebook.objects.filter(approved, effective_from__lte=china_date(at)).latest("number")


def rules_of(rulebook: Rulebook) -> book.Rulebook:
    """The rules of a stored rulebook, ready to judge; parsed once for each content."""
    return _parsed(rulebook.pk)


@lru_cache(maxsize=16)
def _parsed(rulebook_id: UUID) -> book.Rulebook:
    return parse_rulebook(Rulebook.objects.values_list("body", flat=True).get(pk=rulebook_id))


def verdict_latest(*, subject_id: UUID, subject_version: int, stage: str) -> Verdict | None:
    """The verdict that counts for a content version at a stage."""
    rows = Verdict.objects.filter(subject_id=subject_id, subject_version=subject_version, stage=stage)
    return rows.order_by("-decided_at", "-id").first()


def verdict_passes(*, subject_id: UUID, subject_version: int, stage: str, at: datetime) -> bool:
    """Whether the verdict that counts lets the subject through and has not expired: the database's own answer."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT egret_verdict_passes(%s, %s, %s, %s)", [subject_id, subject_version, stage, at])
        return bool(cursor.fetchone()[0])


def verdict_page(*, actor: Actor, subject_id: str | None = None, stage: str | None = None) -> QuerySet[Verdict]:
    """Verdicts that the actor may see, of one subject (by its global id) or stage if asked."""
    rows = Verdict.objects.visible_to(actor)
    if subject_id is not None:
        subject_type, key = split_global(subject_id)
        rows = rows.filter(subject_type=subject_type, subject_id=key) if key else rows.none()
    return rows if stage is None else rows.filter(stage=stage)


def rulebook_page(*, actor: Actor) -> QuerySet[Rulebook]:
    """Rulebooks that the actor may see."""
    return Rulebook.objects.visible_to(actor)


def finding_errors(verdict: Verdict) -> list[dict[str, Any]]:
    """One row of ``userErrors`` for each finding that keeps the subject back, the worst first, in the active language.

    A referral that people allowed keeps nothing back.
    """
    refusing = [found for found in verdict.findings.order_by("position") if _keeps_back(verdict, found)]
    refusing.sort(key=lambda found: found.outcome != Outcome.BLOCK)
    return [_error(found) for found in refusing]


def clause_text(found: Finding) -> str:
    """The strongest provision that a finding rests on and in what sense, in the active language: ``PIPL, art. 23 (binding)``."""
    first = found.basis[0]
    relation = RELATION_TEXTS[Relation(first["relation"])].in_language(_language())
    return f"{first['zh']}（{relation}）" if _chinese() else f"{first['en']} ({relation})"


def _keeps_back(verdict: Verdict, found: Finding) -> bool:
    return found.outcome in _REFUSALS and found.rule_id not in verdict.allowed_rules


def _error(found: Finding) -> dict[str, Any]:
    reason = found.reason_zh if _chinese() else found.reason_en
    if found.missing:
        labels = [FACTS[name].label.in_language(_language()) for name in found.missing]
        reason = gettext("%(reason)s Not known yet: %(facts)s.") % {"reason": reason, "facts": "; ".join(labels)}
    return {
        "code": _REFUSALS[Outcome(found.outcome)],
        "message": reason,
        "field": None,
        "clause": clause_text(found),
        "rule": found.rule_id,
        "remedy": found.remedy_zh if _chinese() else found.remedy_en,
    }


def _language() -> str:
    return get_language() or "en"


def _chinese() -> bool:
    return _language().startswith("zh")
