"""The table of facts and the rules' vocabulary cannot drift apart, and what was judged is never changed."""

from uuid import uuid4

import pytest
from django.db import DatabaseError, connection, transaction

from marketplace.screening.models import Facts
from registry.base import clock
from registry.rules.facts import FACTS, FactKind
from registry.rules_store.facts import fact_columns

pytestmark = pytest.mark.django_db

TYPES = {
    FactKind.BOOL: ("boolean", None),
    FactKind.INT: ("bigint", None),
    FactKind.DATE: ("date", None),
    FactKind.CODE: ("character varying", None),
    FactKind.CODES: ("ARRAY", "_varchar"),
}
OWN = {"id", "subject_type", "subject_id", "subject_version", "stage", "collected_at"}


def stored(**facts):
    return Facts.objects.create(
        subject_type="Deal", subject_id=uuid4(), subject_version=1, stage="contract", collected_at=clock.now(), **fact_columns(facts)
    )


def test_the_table_has_one_nullable_column_of_the_right_type_for_each_fact():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT column_name, data_type, udt_name, is_nullable FROM information_schema.columns"
            " WHERE table_name = 'marketplace_screening_facts'"
        )
        columns = {name: (kind, udt, nullable) for name, kind, udt, nullable in cursor.fetchall()}
    assert columns.keys() - OWN == FACTS.keys()
    for name, fact in FACTS.items():
        kind, element = TYPES[fact.kind]
        assert columns[name][0] == kind, name
        assert element in {None, columns[name][1]}, name
        assert columns[name][2] == "YES", name


def test_every_kind_of_fact_comes_back_as_it_was_stored():
    facts = {"level": "GENERAL", "seller_rights": frozenset({"HOLD", "USE"}), "price_minor": 2**40, "secrecy_mark": False}
    row = stored(**facts)
    assert {name: value for name, value in Facts.objects.get(pk=row.pk).as_facts().items() if value is not None} == facts


@pytest.mark.parametrize(("column", "value"), [("level", "SECRET"), ("seller_rights", ["OWN"])])
def test_the_database_refuses_a_code_that_the_vocabulary_does_not_have(column, value):
    with pytest.raises(DatabaseError, match=f"facts_{column}_known"), transaction.atomic():
        Facts.objects.create(
            subject_type="Deal", subject_id=uuid4(), subject_version=1, stage="contract", collected_at=clock.now(), **{column: value}
        )


@pytest.mark.parametrize("sql", ["UPDATE {} SET level = 'CORE'", "DELETE FROM {}"])
def test_what_was_judged_is_never_changed(sql):
    row = stored(level="GENERAL")
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql.format(Facts._meta.db_table))
    assert Facts.objects.get(pk=row.pk).level == "GENERAL"
