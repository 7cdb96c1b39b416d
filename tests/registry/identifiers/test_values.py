"""The public record: what owners push, versioned, only ever growing."""

import pytest
from django.db import DatabaseError, connection, transaction

from registry.base.errors import NotFound
from registry.base.ids import uuid7
from registry.identifiers.errors import InvalidIdentifier, ValueTooLong
from registry.identifiers.models import COMMON, Identifier, IdentifierValue, Series
from registry.identifiers.selectors import resolve
from registry.identifiers.services import mint, retire, values_push
from registry.identifiers.values import ALSO, CERT, DATA_BYTES_MAX, LOG, RIGHTS, STATUS, URL
from tests.support.resolver import UNKNOWN, named, say

pytestmark = pytest.mark.django_db


def stored(handle):
    return {value.kind.name: value.data for value in resolve(handle).values}


def test_a_push_changes_what_it_names_and_counts_one_version():
    handle = mint(subject_type="Thing", subject_id=uuid7())
    assert values_push(handle=handle, values={STATUS: {"b": 1, "a": 2}, ALSO: ["x"]}, event=uuid7()) == 1
    assert stored(handle) == {"STATUS": '{"a":2,"b":1}', "ALSO": '["x"]'}
    assert values_push(handle=handle.lower(), values={ALSO: None, RIGHTS: []}, event=uuid7()) == 2
    assert stored(handle) == {"STATUS": '{"a":2,"b":1}', "RIGHTS": "[]"}
    assert (resolve(handle).version, IdentifierValue.objects.count()) == (2, 4)


def test_a_push_of_what_is_there_changes_nothing(snapshot):
    handle = named({STATUS: {"a": 1}})
    before = snapshot(IdentifierValue)
    assert values_push(handle=handle, values={STATUS: {"a": 1}, CERT: None}, event=uuid7()) == 1
    assert values_push(handle=handle, values={}, event=uuid7()) == 1
    assert snapshot(IdentifierValue) == before


def test_a_tombstone_stays_as_it_is(snapshot):
    handle, other = named(), named()
    retire(handle=handle, event=uuid7(), successor=other)
    before = snapshot(Identifier, IdentifierValue)
    say(handle, {STATUS: {"state": "REGISTERED"}})
    retire(handle=handle, event=uuid7())
    assert snapshot(Identifier, IdentifierValue) == before
    assert set(stored(handle)) == {"STATUS"}


@pytest.mark.parametrize(
    ("push", "refusal"),
    [
        (lambda handle: values_push(handle=handle, values={STATUS: "x" * (DATA_BYTES_MAX - 1)}, event=uuid7()), ValueTooLong),
        (lambda handle: values_push(handle=handle, values={STATUS: 1, URL: "https://evil.example"}, event=uuid7()), ValueError),
        (lambda handle: values_push(handle=handle, values={LOG: {"index": "0"}}, event=uuid7()), ValueError),
        (lambda _: values_push(handle=UNKNOWN, values={STATUS: 1}, event=uuid7()), NotFound),
        (lambda _: values_push(handle="nonsense", values={STATUS: 1}, event=uuid7()), InvalidIdentifier),
        (lambda handle: retire(handle=handle, event=uuid7(), successor=UNKNOWN), NotFound),
        (lambda handle: retire(handle=handle, event=uuid7(), successor="nonsense"), InvalidIdentifier),
        (lambda _: retire(handle=UNKNOWN, event=uuid7()), NotFound),
    ],
    ids=[
        "too long",
        "an address",
        "a place in the log",
        "unknown",
        "nonsense",
        "unknown successor",
        "nonsense successor",
        "unknown retired",
    ],
)
def test_a_refused_push_leaves_no_trace(snapshot, push, refusal):
    handle = named()
    before = snapshot(Identifier, IdentifierValue)
    with pytest.raises(refusal):
        push(handle)
    assert snapshot(Identifier, IdentifierValue) == before


def test_the_longest_value_fits():
    handle = named({STATUS: "x" * (DATA_BYTES_MAX - 2)})
    assert len(stored(handle)["STATUS"]) == DATA_BYTES_MAX


VALUE = "INSERT INTO registry_identifiers_identifiervalue SELECT identifier_id, at, 9"
FROM = "FROM registry_identifiers_identifiervalue LIMIT 1"
NAME = "INSERT INTO registry_identifiers_identifier (number, subject_id, series_id) VALUES (1,"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE registry_identifiers_identifiervalue SET data = 'x'",
        "DELETE FROM registry_identifiers_identifiervalue",
        "UPDATE registry_identifiers_series SET prefix = '1.2.3'",
        f"{VALUE}, 99, event_id, 'x' {FROM}",
        f"{VALUE}, 2, event_id, repeat('x', 4097) {FROM}",
        f"{NAME} '00000000-0000-4000-8000-000000000000', NULL)",
        f"{NAME} '00000000-0000-7000-8000-000000000000', {COMMON})",
    ],
)
def test_the_database_keeps_the_record(snapshot, statement):
    named()
    before = snapshot(Series, Identifier, IdentifierValue)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert snapshot(Series, Identifier, IdentifierValue) == before


def test_a_name_under_an_earlier_prefix_stays_what_it_was(settings):
    first = named()
    settings.EGRET_IDENTIFIER_PREFIX = "88.200.1"
    second = named()
    assert (first.partition("/")[0], second.partition("/")[0]) == ("88.118.100111", "88.200.1")
    assert [resolve(handle).handle for handle in (first, second)] == [first, second]
    assert list(Identifier.objects.order_by("subject_id").values_list("series_id", flat=True)) == [None, COMMON + 1]
    say(second, {STATUS: {"state": "REGISTERED", "holds": [1]}})
    assert resolve(second).version == 2
