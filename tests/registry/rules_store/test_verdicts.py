"""Verdicts as rows: the newest one counts, for its own content version and stage, until it expires; nothing is ever changed."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils.translation import override

from registry.base import clock
from registry.base.actor import SYSTEM, Actor, PartyKind
from registry.log.models import Outbox
from registry.rules.book import Stage
from registry.rules.catalogue import builtin_rulebook
from registry.rules.engine import NotOverridable, screen
from registry.rules_store.models import Finding, Outcome, Rulebook, Verdict
from registry.rules_store.selectors import finding_errors, verdict_page, verdict_passes
from registry.rules_store.services import verdict_store
from tests.support.events import opened, waiting

pytestmark = pytest.mark.django_db

CLEAN = {
    "harm_flag": "NONE",
    "secrecy_mark": False,
    "level": "GENERAL",
    "application_complete": True,
    "name_length": 4,
    "summary_length": 9,
}
SOUND = CLEAN | {
    "source_categories": {"ENTERPRISE"},
    "source_kinds": {"COLLECTED"},
    "situation": "OWN_ACTIVITY",
    "rights_claimed": {"USE"},
    "public_form": "NONE",
}


def judged(facts, *, subject=None, version=1, expires=timedelta(days=30), concerning=(), allowed=()):
    screening = screen(builtin_rulebook(), Stage.DRAFT, facts)
    return verdict_store(
        actor=SYSTEM,
        subject=("Filing", subject or uuid4()),
        subject_version=version,
        stage="draft",
        screening=screening,
        facts_id=uuid4(),
        expires_at=clock.now() + expires,
        concerning=frozenset(concerning),
        allowed=allowed,
    )


def passes(verdict, **changed):
    asked = {"subject_id": verdict.subject_id, "subject_version": verdict.subject_version, "stage": verdict.stage, "at": clock.now()}
    return verdict_passes(**(asked | changed))


def test_a_passing_verdict_lets_its_own_version_through_at_its_own_stage_until_it_expires():
    verdict = judged(SOUND)
    assert (verdict.outcome, verdict.passes) == ("PASS", True)
    assert passes(verdict)
    assert not passes(verdict, subject_version=2)
    assert not passes(verdict, stage="registration")
    assert not passes(verdict, subject_id=uuid4())
    assert passes(verdict, at=verdict.expires_at - timedelta(microseconds=1))
    assert not passes(verdict, at=verdict.expires_at)


def test_what_is_owed_later_passes_and_is_listed():
    verdict = judged(SOUND | {"name_length": 41})
    assert (verdict.outcome, verdict.passes, passes(verdict)) == ("ALLOW_IF", True, True)
    assert [(owed["rule"], owed["code"], owed["due"]) for owed in verdict.conditions] == [("RG-01", "NAME_TOO_LONG", "registration")]
    assert set(verdict.conditions[0]["reason"]) == {"en", "zh"}


def test_the_newest_verdict_counts():
    first = judged(SOUND)
    judged(SOUND | {"level": "CORE"}, subject=first.subject_id)
    assert not passes(first)
    judged(SOUND, subject=first.subject_id)
    assert passes(first)


def test_a_block_is_explained_by_rule_clause_and_remedy_in_the_language_asked():
    verdict = judged(SOUND | {"level": "CORE", "harm_flag": None})
    with override("en"):
        rows = finding_errors(verdict)
    assert [(row["code"], row["rule"], row["clause"], row["field"]) for row in rows] == [
        ("SCREENING_BLOCKED", "PT-03", "Data Security Law, art. 21 (binding)", None),
        ("SCREENING_REFERRED", "PT-01", "Fujian Data Circulation and Trading Measures, prohibited-trade item 1 (reported) (binding)", None),
    ]
    assert rows[1]["message"].endswith("Not known yet: Harm to national security, public interest or social stability.")
    assert all(row["remedy"] for row in rows)
    with override("zh-hans"):
        assert finding_errors(verdict)[0]["clause"] == "《数据安全法》第21条（依据）"


def test_findings_keep_the_facts_they_rest_on():
    found = judged(SOUND | {"level": "CORE"}).findings.get(rule_id="PT-03")
    assert (found.outcome, found.codes, found.facts, found.overridable) == ("BLOCK", ["CORE"], {"level": "CORE"}, False)
    assert {"instrument": "DSL", "article": "art. 21", "relation": "binding"}.items() <= found.basis[0].items()


def test_one_event_tells_rules_and_outcomes_and_no_facts():
    verdict = judged(SOUND | {"level": "CORE"})
    (event,) = waiting()
    assert (event["schema"], event["subject"]) == ("verdict.given", {"type": "Filing", "id": str(verdict.subject_id)})
    assert {name: opened(event)[name] for name in ("stage", "rulebook", "outcome", "subject_version")} == {
        "stage": "draft",
        "rulebook": 1,
        "outcome": "BLOCK",
        "subject_version": 1,
    }
    assert {"rule": "PT-03", "version": 1, "outcome": "BLOCK"} in opened(event)["findings"]
    assert "facts" not in opened(event)


def test_a_referral_that_people_allowed_passes_and_its_finding_stays():
    suspected = SOUND | {"harm_flag": "SUSPECTED"}
    referred = judged(suspected)
    assert (referred.outcome, passes(referred)) == ("REFER", False)
    allowed = judged(suspected, subject=referred.subject_id, allowed=["PT-01"])
    assert (allowed.outcome, allowed.allowed_rules, passes(allowed)) == ("PASS", ["PT-01"], True)
    assert allowed.findings.get(rule_id="PT-01").outcome == "REFER"
    assert finding_errors(allowed) == []


def test_nobody_allows_what_no_person_may_decide(snapshot):
    before = snapshot(Verdict, Finding, Outbox)
    with pytest.raises(NotOverridable, match="PT-03"):
        judged(SOUND | {"level": "CORE"}, allowed=["PT-03"])
    assert snapshot(Verdict, Finding, Outbox) == before


@pytest.mark.parametrize("statement", ["UPDATE {} SET outcome = 'PASS'", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
@pytest.mark.parametrize("table", ["registry_rules_store_verdict", "registry_rules_store_finding"])
def test_nobody_changes_what_was_found(table, statement, snapshot):
    judged(SOUND | {"level": "CORE"})
    before = snapshot(Verdict, Finding)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement.format(table))
    assert snapshot(Verdict, Finding) == before


def test_a_verdict_is_read_by_whom_it_concerns_and_by_authorities():
    mine, other = uuid4(), uuid4()
    verdict = judged(SOUND, concerning=[mine])
    merchant = frozenset({PartyKind.MERCHANT})
    seen = {
        name: verdict_page(actor=actor).filter(pk=verdict.pk).exists()
        and Finding.objects.visible_to(actor).filter(verdict=verdict).exists()
        for name, actor in {
            "concerned": Actor(person=uuid4(), organisation=mine, kinds=merchant),
            "stranger": Actor(person=uuid4(), organisation=other, kinds=merchant),
            "regulator": Actor(person=uuid4(), organisation=uuid4(), kinds=frozenset({PartyKind.REGULATOR})),
            "registrar": Actor(person=uuid4(), organisation=uuid4(), kinds=frozenset({PartyKind.REGISTRAR})),
            "nobody": Actor(person=None, organisation=None),
        }.items()
    }
    assert seen == {"concerned": True, "stranger": False, "regulator": True, "registrar": True, "nobody": False}


def test_every_outcome_and_stage_of_the_engine_has_its_code():
    assert Rulebook.objects.get().number == 1
    assert [outcome.value for outcome in Outcome] == ["PASS", "ALLOW_IF", "REFER", "BLOCK"]
    assert Verdict._meta.get_field("stage").choices[0][0] == "draft"
    assert [stage.value for stage in Stage] == [code for code, _ in Verdict._meta.get_field("stage").choices]
