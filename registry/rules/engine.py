"""Judges a subject: every applicable rule gives a finding, all findings are kept, and the worst one is the verdict."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import TypeAlias

from registry.rules.book import Basis, Case, Outcome, Rule, Rulebook, Stage
from registry.rules.clauses import All, evaluate, missing
from registry.rules.facts import Facts, FactValue, fact_json, read_facts
from registry.rules.logic import Truth
from registry.rules.texts import Text

JSON: TypeAlias = "bool | int | str | list[JSON] | dict[str, JSON] | None"


class NotOverridable(ValueError):
    """Somebody tried to decide a finding that is no referral, or that nobody may override; names the rules."""

    def __init__(self, rules: Collection[str]) -> None:
        """Name the rules."""
        super().__init__(f"not overridable: {', '.join(sorted(rules))}")
        self.rules = frozenset(rules)


@dataclass(frozen=True, slots=True)
class Cause:
    """One case that fired, or that could not be decided because the ``missing`` facts are unknown."""

    code: str
    outcome: Outcome
    missing: tuple[str, ...]
    due: Stage | None
    reason: Text
    remedy: Text


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule's result on one subject, with everything needed to explain it later."""

    rule: str
    version: int
    title: Text
    basis: tuple[Basis, ...]
    facts: tuple[tuple[str, FactValue | None], ...]
    outcome: Outcome
    causes: tuple[Cause, ...]
    overridable: bool

    @property
    def clause(self) -> Text:
        """The first and strongest provision the rule rests on, as it is cited to people."""
        return self.basis[0].text

    @property
    def missing(self) -> tuple[str, ...]:
        """The unknown facts that kept the rule from being decided, by name."""
        return tuple(sorted({name for cause in self.causes for name in cause.missing}))

    def as_json(self) -> dict[str, JSON]:
        """Codes and values for a row or an event; texts are looked up by rule and version."""
        return {
            "rule": self.rule,
            "version": self.version,
            "outcome": self.outcome.name,
            "overridable": self.overridable,
            "facts": {name: _json(value) for name, value in self.facts},
            "causes": [_cause_json(cause) for cause in self.causes],
        }


@dataclass(frozen=True, slots=True)
class Screening:
    """Every finding on one subject at one stage, in the rulebook's order."""

    rulebook: int
    stage: Stage
    findings: tuple[Finding, ...]

    @property
    def verdict(self) -> Outcome:
        """The worst finding."""
        return max((finding.outcome for finding in self.findings), default=Outcome.PASS)

    @property
    def missing(self) -> tuple[str, ...]:
        """The facts still to be supplied; at the draft stage these make the subject incomplete rather than referred."""
        return tuple(sorted({name for finding in self.findings for name in finding.missing}))

    @property
    def owed(self) -> tuple[Cause, ...]:
        """What must be done, and by which stage, for an ALLOW_IF to hold."""
        return tuple(cause for finding in self.findings for cause in finding.causes if cause.outcome is Outcome.ALLOW_IF)

    def verdict_after(self, decided: Collection[str]) -> Outcome:
        """The verdict once a person has allowed the referrals of these rules; what they still owe stays owed.

        Raises:
            NotOverridable: one of them is no referral here, or may not be overridden.
        """
        open_to_people = {finding.rule for finding in self.findings if finding.outcome is Outcome.REFER and finding.overridable}
        if refused := set(decided) - open_to_people:
            raise NotOverridable(refused)
        left = (
            cause
            for finding in self.findings
            for cause in finding.causes
            if not (finding.rule in decided and cause.outcome is Outcome.REFER)
        )
        return max((cause.outcome for cause in left), default=Outcome.PASS)


def screen(rulebook: Rulebook, stage: Stage, facts: Facts) -> Screening:
    """Judge a subject at a stage.

    A rule that certainly does not apply gives no finding; any other gives one. A fact that is unknown and matters never passes.

    Raises:
        Malformed: a fact that the vocabulary does not have, or of the wrong type.
    """
    checked = read_facts(facts)
    judged = (_finding(rule, stage, checked) for rule in rulebook.rules if stage in rule.stages)
    return Screening(rulebook.version, stage, tuple(finding for finding in judged if finding is not None))


def _finding(rule: Rule, stage: Stage, facts: Facts) -> Finding | None:
    if evaluate(rule.applies_when, facts) is False:
        return None
    causes = tuple(cause for case in rule.cases if (cause := _cause(rule, case, stage, facts)) is not None)
    return Finding(
        rule=rule.id,
        version=rule.version,
        title=rule.title,
        basis=rule.basis,
        facts=tuple((name, facts.get(name)) for name in sorted(rule.reads)),
        outcome=max((cause.outcome for cause in causes), default=Outcome.PASS),
        causes=causes,
        overridable=rule.overridable,
    )


def _cause(rule: Rule, case: Case, stage: Stage, facts: Facts) -> Cause | None:
    condition = All((rule.applies_when, case.when))
    truth = evaluate(condition, facts)
    if truth is False:
        return None
    applies = evaluate(rule.applies_when, facts)
    return Cause(
        code=case.code,
        outcome=_outcome(case, stage, applies=applies, truth=truth),
        missing=tuple(sorted(missing(condition, facts))),
        due=case.due,
        reason=case.reason,
        remedy=case.remedy,
    )


def _outcome(case: Case, stage: Stage, *, applies: Truth, truth: Truth) -> Outcome:
    if truth is True:
        return case.fired_at(stage)
    # "Blocked until met" is said of a duty that exists; whether it exists is for a person to find out.
    return Outcome.REFER if applies is None else case.unknown_at(stage)


def _cause_json(cause: Cause) -> dict[str, JSON]:
    return {"code": cause.code, "outcome": cause.outcome.name, "missing": list(cause.missing), "due": cause.due and cause.due.value}


def _json(value: FactValue | None) -> JSON:
    plain = fact_json(value)
    return list(plain) if isinstance(plain, list) else plain
