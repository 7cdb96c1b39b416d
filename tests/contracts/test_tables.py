"""Promises that every table keeps, checked on the models and on the migrated database."""

from django.apps import apps
from django.core.management import call_command
from django.db import connection

from registry.base.visibility import Record

PACKAGES = ("registry.", "pricing.", "listings.", "settlement.", "marketplace")
UNSAID = Record.visibility  # raises; a model that inherits it has not said


def our_models():
    return [model for model in apps.get_models() if model.__module__.startswith(PACKAGES)]


def test_every_model_says_who_may_see_its_rows():
    silent = [model._meta.label for model in our_models() if getattr(model, "visibility", UNSAID).__func__ is UNSAID.__func__]
    assert sorted(silent) == []


def test_no_migration_is_missing(db, capsys):
    try:
        call_command("makemigrations", check_changes=True, dry_run=True, verbosity=1)
    except SystemExit:
        raise AssertionError(capsys.readouterr().out) from None


def test_no_column_takes_its_time_from_the_database(db):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
            " AND column_default ~* '(now|clock_timestamp|statement_timestamp|current_)' AND table_name <> 'django_migrations'"
        )
        assert cursor.fetchall() == []


def test_the_application_role_may_neither_truncate_nor_create(db):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')"
            " AND has_table_privilege('egret_app', c.oid, 'TRUNCATE')"
        )
        assert cursor.fetchall() == []
        cursor.execute("SELECT has_schema_privilege('egret_app', 'public', 'CREATE')")
        assert cursor.fetchone() == (False,)
