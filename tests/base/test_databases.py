"""The test session's own promises: roles, clones, and what a refused statement leaves behind."""

from django.db import connection


def test_tests_run_as_the_application_role(db):
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, current_database()")
        role, name = cursor.fetchone()
    assert role == "egret_app"
    assert name.startswith("egret_run_")


def test_a_committed_database_is_a_database_of_its_own(committed_db):
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, current_database()")
        assert cursor.fetchone() == ("egret_app", committed_db.name)
