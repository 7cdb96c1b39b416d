"""Gathers the facts of a filing, has the rules judge them, and keeps both.

What the register or the filing itself says is read here; what only a person can establish comes from the first examiner's assessment.
"""

from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from typing import Final

from registry.base import clock
from registry.base.actor import Actor
from registry.filings.content import SOURCES_MAX, sources_of
from registry.filings.models import Filing, FilingFacts
from registry.filings.selectors import open_objections
from registry.rights.models import Grant, RegisteredObject
from registry.rights.selectors import holds_on, standing
from registry.rights.states import HoldKind, Right
from registry.rules import book
from registry.rules.book import Stage
from registry.rules.calendar import china_date
from registry.rules.engine import screen
from registry.rules.facts import Facts, FactValue
from registry.rules_store.facts import fact_columns
from registry.rules_store.models import Verdict
from registry.rules_store.selectors import rulebook_current, rules_of
from registry.rules_store.services import verdict_store

VERDICT_DAYS: Final = 30
"""How long an examination counts before the filing must be judged again."""
NOTICE_FACTS: Final = frozenset({"notice_ends_on", "notice_waived", "objections_open"})
"""Facts that come into being after the examination: rules that read them judge the deposit, not the examination."""


@dataclass(frozen=True, slots=True)
class Assessment:
    """What an examiner established. None: not established, which no rule that asks for it lets pass.

    Codes as in ``registry.rules.vocabulary``; a fact that the filing's situation does not raise may stay None.
    """

    harm_flag: str | None = None
    secrecy_mark: bool | None = None
    unlawful_source: str | None = None
    crawl_clean: bool | None = None
    public_code_valid: bool | None = None
    entrusted_grant: bool | None = None
    joint_operate_agreed: bool | None = None
    substitutes_source: bool | None = None
    derived_substantive: bool | None = None
    dispute_open: bool | None = None

    def facts(self) -> dict[str, FactValue | None]:
        """By fact name."""
        return asdict(self)


def judge(*, actor: Actor, filing: Filing, assessment: Assessment, at_deposit: bool) -> Verdict:
    """Judge the filing's content version now, at the examination or at the end of the notice; stores facts, verdict and findings.

    Raises:
        Malformed: the assessment has a code that the vocabulary does not have.
    """
    now = clock.now()
    facts = _facts(filing, assessment)
    row = FilingFacts.objects.create(
        subject_id=filing.pk,
        subject_version=filing.content_version,
        stage=Stage.REGISTRATION.value,
        collected_at=now,
        **fact_columns(facts),
    )
    rules = rules_of(rulebook_current(now))
    return verdict_store(
        actor=actor,
        subject=("Filing", filing.pk),
        subject_version=filing.content_version,
        stage=Stage.REGISTRATION.value,
        screening=screen(rules if at_deposit else _before_notice(rules), Stage.REGISTRATION, row.as_facts()),
        facts_id=row.pk,
        expires_at=now + timedelta(days=VERDICT_DAYS),
        concerning=frozenset({filing.applicant_id}),
    )


def licences_of(filing: Filing) -> list[Grant] | None:
    """The applicant's standing right to make and provide the product, one for each source; None when one is missing today."""
    today = china_date(clock.now())
    licences = [standing(source.grant_id, today) for source in sources_of(filing.made_from)]
    found = [licence for licence in licences if licence is not None and _serves(licence, filing)]
    return found if len(found) == len(licences) else None


def _before_notice(rules: book.Rulebook) -> book.Rulebook:
    return replace(rules, rules=tuple(rule for rule in rules.rules if not rule.reads & NOTICE_FACTS))


def _facts(filing: Filing, assessment: Assessment) -> Facts:
    sources = RegisteredObject.objects.filter(pk__in=[source.object_id for source in sources_of(filing.made_from)])[:SOURCES_MAX]
    held = {hold.kind for source in sources for hold in holds_on(source.pk)}
    disputed = HoldKind.DISPUTE in held
    return {
        **assessment.facts(),
        "judged_on": china_date(clock.now()),
        "application_complete": _complete(filing),
        "name_length": len(filing.name),
        "summary_length": len(filing.summary),
        "situation": filing.situation,
        "rights_claimed": frozenset(filing.rights_claimed),
        "level": filing.level,
        "pi_kind": filing.pi_kind,
        "source_categories": frozenset({filing.source_category, *(source.source_category for source in sources)}),
        "source_kinds": frozenset({filing.source_kind}),
        "source_use_held": licences_of(filing) is not None if filing.made_from else None,
        "dispute_open": True if disputed else assessment.dispute_open,
        "hold_active": bool(held & {HoldKind.COURT, HoldKind.ORDER}),
        "notice_ends_on": china_date(filing.notice_until_at) - timedelta(days=1) if filing.notice_until_at else None,
        "notice_waived": False,
        "objections_open": open_objections(filing),
    }


def _complete(filing: Filing) -> bool:
    """Whether evidence is on file and the applicant's identity is verified; the form's own fields were checked when it was filed."""
    return bool(filing.evidence) and filing.applicant.verified_at is not None


def _serves(licence: Grant, filing: Filing) -> bool:
    allows = licence.allows
    return licence.kind == Right.USE and licence.holder_id == filing.applicant_id and allows.derive and allows.provide_derived
