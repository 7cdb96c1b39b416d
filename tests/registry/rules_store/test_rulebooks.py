"""Rules change by two regulators: one proposes, another approves, and from its day on the change counts."""

import copy
import hashlib
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from registry.base import clock
from registry.base.actor import Actor, PartyKind, scopes_for
from registry.base.errors import BadInput, Forbidden, FourEyes
from registry.log.canonical import canonical
from registry.log.models import Outbox
from registry.rules.calendar import china_date
from registry.rules.catalogue import builtin_rulebook, builtin_rulebook_json
from registry.rules_store.errors import AlreadyApproved, RulebookSuperseded, RuleMalformed
from registry.rules_store.models import Rulebook
from registry.rules_store.selectors import rulebook_current, rules_of
from registry.rules_store.services import RuleChange, rulebook_approve, rulebook_propose
from tests.support.events import waiting

pytestmark = pytest.mark.django_db


def person_of(kind, organisation):
    kinds = frozenset({kind})
    return Actor(person=uuid4(), organisation=organisation, kinds=kinds, scopes=scopes_for(kinds))


@pytest.fixture
def regulators():
    organisation = uuid4()
    return [person_of(PartyKind.REGULATOR, organisation) for _ in range(3)]


@pytest.fixture
def today():
    return china_date(clock.now())


def longer_names(version=2):
    rule = copy.deepcopy(next(rule for rule in builtin_rulebook_json()["rules"] if rule["id"] == "RG-03"))
    rule["version"] = version
    rule["title"]["en"] = "Government data stays out"
    return rule


def proposed(regulator, today, *, key="k", **change):
    return rulebook_propose(
        actor=regulator, effective_from=today, change=RuleChange(**(change or {"put": (longer_names(),)})), idempotency_key=key
    )


def test_the_rulebook_that_comes_with_the_software_is_number_1():
    book = rulebook_current(clock.now())
    assert (book.number, book.approved_by) == (1, None)
    assert book.sha256 == hashlib.sha256(canonical(builtin_rulebook_json())).hexdigest()
    assert rules_of(book) == builtin_rulebook()


def test_a_proposal_counts_once_another_person_approved_it(regulators, today):
    book = proposed(regulators[0], today)
    assert (book.number, book.based_on.number, rulebook_current(clock.now()).number) == (2, 1, 1)
    rulebook_approve(actor=regulators[1], rulebook_id=book.pk, idempotency_key="a")
    current = rulebook_current(clock.now())
    assert (current.number, rules_of(current).version, rules_of(current).rule("RG-03").version) == (2, 2, 2)
    assert len(rules_of(current).rules) == len(builtin_rulebook().rules)
    assert [event["schema"] for event in waiting()] == ["rulebook.proposed", "rulebook.approved"]


def test_a_rule_is_taken_out_from_the_day_on_and_not_before(regulators, today):
    book = rulebook_propose(
        actor=regulators[0],
        effective_from=today + timedelta(days=2),
        change=RuleChange(withdraw=frozenset({"RG-03"})),
        idempotency_key="k",
    )
    rulebook_approve(actor=regulators[1], rulebook_id=book.pk, idempotency_key="a")
    assert rulebook_current(clock.now()).number == 1
    later = rulebook_current(clock.now() + timedelta(days=2))
    assert later.number == 2
    assert "RG-03" not in {rule.id for rule in rules_of(later).rules}


def test_who_proposed_may_not_approve(regulators, today, snapshot):
    book = proposed(regulators[0], today)
    before = snapshot(Rulebook, Outbox)
    with pytest.raises(FourEyes):
        rulebook_approve(actor=regulators[0], rulebook_id=book.pk, idempotency_key="a")
    assert snapshot(Rulebook, Outbox) == before
    with pytest.raises(IntegrityError, match="rulebook_four_eyes"), transaction.atomic():
        Rulebook.objects.filter(pk=book.pk).update(approved_by=regulators[0].person, approved_at=clock.now())


def test_of_two_proposals_on_one_rulebook_only_one_is_approved(regulators, today, snapshot):
    first, second = proposed(regulators[0], today), proposed(regulators[1], today, withdraw=frozenset({"RG-04"}))
    rulebook_approve(actor=regulators[2], rulebook_id=first.pk, idempotency_key="a")
    before = snapshot(Rulebook, Outbox)
    with pytest.raises(RulebookSuperseded):
        rulebook_approve(actor=regulators[2], rulebook_id=second.pk, idempotency_key="b")
    with pytest.raises(AlreadyApproved):
        rulebook_approve(actor=regulators[1], rulebook_id=first.pk, idempotency_key="c")
    assert snapshot(Rulebook, Outbox) == before


def test_a_rule_that_cites_what_nobody_has_read_is_refused(regulators, today, snapshot):
    before = snapshot(Rulebook, Outbox)
    rule = longer_names() | {"basis": [{"instrument": "XIAMEN", "article": 41, "relation": "binding"}]}
    with pytest.raises(RuleMalformed) as refused:
        proposed(regulators[0], today, put=(rule,))
    assert refused.value.params["reason"] == "UNREAD_PROVISION"
    assert snapshot(Rulebook, Outbox) == before


@pytest.mark.parametrize("change", [{"put": ()}, {"withdraw": frozenset(str(number) for number in range(21))}])
def test_nothing_and_too_much_are_refused(regulators, today, change):
    with pytest.raises(BadInput):
        proposed(regulators[0], today, **change)


def test_yesterday_is_refused(regulators, today):
    with pytest.raises(BadInput):
        proposed(regulators[0], today - timedelta(days=1))


@pytest.mark.parametrize("kind", [kind for kind in PartyKind if kind is not PartyKind.REGULATOR])
def test_only_regulators_change_rules(kind, today, snapshot):
    before = snapshot(Rulebook, Outbox)
    with pytest.raises(Forbidden):
        proposed(person_of(kind, uuid4()), today)
    assert snapshot(Rulebook, Outbox) == before


@pytest.mark.parametrize("statement", ["UPDATE {} SET body = '{{}}'", "UPDATE {} SET effective_from = '2020-01-01'", "DELETE FROM {}"])
def test_a_published_rulebook_never_changes(statement, snapshot):
    before = snapshot(Rulebook)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement.format("registry_rules_store_rulebook"))
    assert snapshot(Rulebook) == before
