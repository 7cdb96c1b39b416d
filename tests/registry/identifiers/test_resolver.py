"""Minting and resolving: one name a thing, kept for all time."""

import pytest
from django.conf import settings
from django.db import DatabaseError, connection, transaction

from registry.base.errors import NotFound
from registry.base.ids import uuid7, uuid7_instant
from registry.identifiers.errors import InvalidIdentifier
from registry.identifiers.handles import Handle, parse
from registry.identifiers.models import Identifier
from registry.identifiers.selectors import resolve
from registry.identifiers.services import mint, retire

pytestmark = pytest.mark.django_db


def test_a_minted_identifier_resolves_for_anyone_in_either_case():
    subject = uuid7()
    handle = mint(subject_type="RegisteredObject", subject_id=subject)
    assert handle.startswith(f"{settings.EGRET_IDENTIFIER_PREFIX}/")
    record = resolve(handle.lower())
    assert (record.handle, record.subject_type, record.subject_id, record.retired_at) == (handle, "RegisteredObject", subject, None)
    assert (record.minted_at, record.version, record.index) == (uuid7_instant(subject), 0, None)


def test_a_thing_that_has_a_name_keeps_it():
    subject = uuid7()
    assert mint(subject_type="RegisteredObject", subject_id=subject) == mint(subject_type="RegisteredObject", subject_id=subject)
    assert Identifier.objects.count() == 1


def test_a_number_that_is_taken_is_drawn_again(monkeypatch):
    first, second = [parse(mint(subject_type="Thing", subject_id=uuid7())) for _ in range(2)]
    drawn = iter([first, second, Handle(first.prefix, first.number ^ 1)])
    monkeypatch.setattr("registry.identifiers.services.draw", lambda _prefix: next(drawn))
    assert mint(subject_type="Thing", subject_id=uuid7()) == str(Handle(first.prefix, first.number ^ 1))
    assert Identifier.objects.count() == 3


def test_a_retired_identifier_resolves_as_a_tombstone_and_is_never_given_again():
    subject = uuid7()
    handle = mint(subject_type="Thing", subject_id=subject)
    retire(handle=handle, event=uuid7())
    gone = resolve(handle).retired_at
    assert gone is not None
    retire(handle=handle, event=uuid7())
    assert resolve(handle).retired_at == gone
    assert mint(subject_type="Thing", subject_id=subject) == handle


def test_unknown_and_mistyped_are_told_apart():
    handle = mint(subject_type="Thing", subject_id=uuid7())
    wrong = handle[:-1] + ("0" if handle[-1] != "0" else "1")
    with pytest.raises(InvalidIdentifier):
        resolve(wrong)
    unknown = next(str(Handle("88.118.100111", number)) for number in range(100) if parse(str(Handle("88.118.100111", number))))
    with pytest.raises(NotFound):
        resolve(unknown)


def test_the_number_of_another_prefix_is_unknown():
    handle = parse(mint(subject_type="Thing", subject_id=uuid7()))
    others = (Handle(f"88.118.{node}", handle.number) for node in range(100))
    other = next(str(each) for each in others if parse(str(each)))
    with pytest.raises(NotFound):
        resolve(other)


def test_a_moved_dot_which_the_check_character_does_not_see_names_nothing():
    handle = mint(subject_type="Thing", subject_id=uuid7())
    moved = handle.replace("88.118.", "8.8118.")
    assert parse(moved) is not None
    with pytest.raises(NotFound):
        resolve(moved)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE registry_identifiers_identifier SET subject_id = gen_random_uuid()",
        "UPDATE registry_identifiers_identifier SET retired_at = NULL",
        "DELETE FROM registry_identifiers_identifier",
    ],
)
def test_the_database_keeps_names_as_they_are(statement, snapshot):
    handle = mint(subject_type="Thing", subject_id=uuid7())
    retire(handle=handle, event=uuid7())
    before = snapshot(Identifier)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert snapshot(Identifier) == before
