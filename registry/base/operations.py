"""Migration operations for what Django's model options cannot say: append-only tables and partitions."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

from django.db.migrations.operations import RunSQL

from registry.base.ids import uuid7_floor

REFUSE_CHANGE: Final = """
CREATE FUNCTION egret_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'table % is append-only', TG_TABLE_NAME
    USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_TABLE_NAME || '_append_only';
END $$;
"""


def append_only(table: str) -> RunSQL:
    """Refuse UPDATE, DELETE and TRUNCATE on a table, to the application by privilege and to everyone by trigger."""
    return RunSQL(
        f"""
        CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION egret_refuse_change();
        CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION egret_refuse_change();
        REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM egret_app;
        """,
        f"""
        DROP TRIGGER {table}_append_only ON {table};
        DROP TRIGGER {table}_no_truncate ON {table};
        GRANT UPDATE, DELETE ON {table} TO egret_app;
        """,
    )


def never_deleted(table: str) -> RunSQL:
    """Refuse DELETE and TRUNCATE on a table whose rows only change state."""
    return RunSQL(
        f"""
        CREATE TRIGGER {table}_never_deleted BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION egret_refuse_change();
        CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION egret_refuse_change();
        REVOKE DELETE, TRUNCATE ON {table} FROM egret_app;
        """,
        f"""
        DROP TRIGGER {table}_never_deleted ON {table};
        DROP TRIGGER {table}_no_truncate ON {table};
        GRANT DELETE ON {table} TO egret_app;
        """,
    )


def partitions_by_year(table: str, years: Iterable[int]) -> RunSQL:
    """Partitions of a table ranged by its UUIDv7 key, one a calendar year (UTC), and a default one for all other keys."""
    statements = [
        f"CREATE TABLE {table}_{year} PARTITION OF {table} FOR VALUES FROM ('{_first(year)}') TO ('{_first(year + 1)}');" for year in years
    ]
    return RunSQL([*statements, f"CREATE TABLE {table}_other PARTITION OF {table} DEFAULT;"], RunSQL.noop)


def _first(year: int) -> str:
    return str(uuid7_floor(datetime(year, 1, 1, tzinfo=UTC)))


def fixed_except(table: str, *, once: Iterable[str] = (), free: Iterable[str] = ()) -> RunSQL:
    """Keep rows as they were written: columns ``once`` may be filled while they are null, columns ``free`` may change, no other may.

    The application loses the privilege, everyone is stopped by trigger. Deletion is another matter: see ``never_deleted``.
    """
    filled, changing = tuple(once), (*once, *free)
    kept = ", ".join(f"'{column}'" for column in changing)
    triggers = {
        f"{table}_fixed": f"(to_jsonb(OLD) - ARRAY[{kept}]) IS DISTINCT FROM (to_jsonb(NEW) - ARRAY[{kept}])",
        **{f"{table}_{column}_once": f"OLD.{column} IS NOT NULL AND NEW.{column} IS DISTINCT FROM OLD.{column}" for column in filled},
    }
    return RunSQL(
        [
            *(
                f"CREATE TRIGGER {name} BEFORE UPDATE ON {table} FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION egret_refuse_change();"
                for name, when in triggers.items()
            ),
            f"REVOKE UPDATE ON {table} FROM egret_app;",
            f"GRANT UPDATE ({', '.join(changing)}) ON {table} TO egret_app;",
        ],
        [*(f"DROP TRIGGER {name} ON {table};" for name in triggers), f"GRANT UPDATE ON {table} TO egret_app;"],
    )
