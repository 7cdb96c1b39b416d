"""An operator's command waits for the integrator, but not for ever: an object store that hangs would hold it up as well."""

from contextlib import closing

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from registry.log import integrator


def test_a_change_of_keys_waits_no_longer_than_stated_and_then_says_so(committed_db, monkeypatch):
    monkeypatch.setattr(integrator, "WAIT_SECONDS", 1)
    with closing(psycopg.connect(committed_db.url, autocommit=True)) as at_work:
        at_work.execute("SELECT pg_advisory_lock(%s)", [integrator._PUBLISHING])
        with pytest.raises(CommandError, match=r"the integrator has been at work for 1 s; .* / 日志正由整合进程占用，已等待 1 秒"):
            call_command("log_keys", "add")
    with pytest.raises(CommandError) as refused:  # for another reason: this log has no entry yet
        call_command("log_keys", "add")
    assert "integrator" not in str(refused.value)
    connection.close()
