"""Setting a market up: once, and the key is shown once."""

import json

import pytest
from django.core.management import CommandError, call_command

from registry.base.actor import PartyKind, scopes_for
from registry.base.models import IdempotencyKey
from registry.log.models import Outbox
from registry.parties.models import ApiKey, Membership, Organisation, Person
from registry.parties.selectors import actor_for_token, operator

pytestmark = pytest.mark.django_db
TABLES = (Organisation, Person, Membership, ApiKey, Outbox, IdempotencyKey)


def run(capsys, *options):
    call_command("bootstrap", *options)
    return json.loads(capsys.readouterr().out.splitlines()[-1])


def test_the_first_run_makes_the_operator_and_shows_its_key(capsys):
    actor = actor_for_token(run(capsys)["operator_key"])
    assert actor.kinds == {PartyKind.OPERATOR}
    assert actor.scopes == scopes_for(frozenset({PartyKind.OPERATOR}))
    assert actor.organisation == operator().pk
    assert [model.objects.count() for model in (Organisation, Person, Membership, ApiKey)] == [1, 1, 1, 1]


def test_a_second_run_changes_nothing_and_shows_no_key(capsys, snapshot):
    run(capsys)
    before = snapshot(*TABLES)
    assert run(capsys) == {"operator_key": None}
    assert run(capsys, "--name-en", "Another") == {"operator_key": None}
    assert snapshot(*TABLES) == before


def test_a_further_key_is_issued_when_asked_for(capsys):
    first = actor_for_token(run(capsys)["operator_key"])
    second = actor_for_token(run(capsys, "--new-key")["operator_key"])
    assert (second.person, second.organisation, second.scopes) == (first.person, first.organisation, first.scopes)
    assert second.key != first.key


def test_a_wrong_credit_code_stops_it(capsys, snapshot):
    before = snapshot(*TABLES)
    with pytest.raises(CommandError, match="unified social credit code"):
        run(capsys, "--uscc", "91350200000000000M")
    assert snapshot(*TABLES) == before
