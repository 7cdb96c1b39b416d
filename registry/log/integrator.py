"""Gives committed events their place: one integrator at a time, dense indexes; then publishes them."""

from concurrent.futures import ThreadPoolExecutor
from typing import Final

from django.db import OperationalError, connection, connections, transaction
from psycopg.errors import LockNotAvailable

from registry.base.ids import uuid7
from registry.log.merkle import Edge, split_hashes
from registry.log.models import LogState
from registry.log.publication import edge_of, publish

BATCH_MAX: Final = 4_096
"""Events that are given their place at once. Only their hashes come to Python, 32 bytes each."""
BATCHES_MAX: Final = 16
"""Full batches of a backlog that are taken in one run."""
WAIT_SECONDS: Final = 60
"""How long an operator's command waits for the integrator, which is at work for seconds at a time."""
_SEQUENCING: Final = 0x45_47_52_45_54
_PUBLISHING: Final = _SEQUENCING + 1
"""Advisory locks: one integrator per database does either, and a second one leaves and tries again. Nobody waits for one holding the other,
but for ``wait_locks``, which takes them in this order."""

_PLACE: Final = """
WITH waiting AS (
  DELETE FROM registry_log_outbox
  WHERE seq <= (SELECT max(seq) FROM (SELECT seq FROM registry_log_outbox ORDER BY seq LIMIT %(most)s) AS first)
  RETURNING *
), leaves AS (
  INSERT INTO registry_log_leaf (index, entry, hash)
  SELECT %(size)s + row_number() OVER (ORDER BY seq) - 1, event,
    sha256('\\x00'::bytea || (SELECT body FROM registry_log_entry WHERE id = event))
  FROM waiting
  RETURNING index, hash
)
SELECT string_agg(hash, ''::bytea ORDER BY index) FROM leaves
"""
"""The server itself numbers the waiting events and hashes their bytes, so that none of them travels to Python for it. Each body is looked
up by its key, not by a join: a planner without statistics of a young log would read the whole table."""


class IntegratorBusy(TimeoutError):
    """The integrator is at work and did not let go of the log; nothing has changed."""

    def __init__(self) -> None:
        """Say in both languages what to do."""
        super().__init__(
            f"the integrator has been at work for {WAIT_SECONDS} s; look at its own messages, and try again"
            f" / 日志正由整合进程占用，已等待 {WAIT_SECONDS} 秒；请查看其日志后重试"
        )


def integrate() -> int:
    """Sequence one batch of the outbox and publish the checkpoint that covers it; returns how many entries were added.

    Safe to run anywhere, any number of times: whoever holds the lock works, the others return 0.

    Raises:
        StaleBackup: the published checkpoint contradicts the database.
        AlteredFile: a published file is missing or altered.
    """
    added = _sequenced()
    if added is None:
        return 0
    _published()
    return added


def integrate_backlog() -> int:
    """Sequence and publish what waits, at most ``BATCHES_MAX`` full batches; returns how many entries were added.

    While one batch is published the next is sequenced, so that the database and the disk work at the same time.

    Raises:
        StaleBackup, AlteredFile: as ``integrate``.
    """
    batch = _sequenced()
    if batch is None:
        return 0
    added = batch
    with ThreadPoolExecutor(1) as beside:
        try:
            while batch == BATCH_MAX and added < BATCHES_MAX * BATCH_MAX:
                publishing = beside.submit(_published)
                batch = _sequenced() or 0
                added += batch
                publishing.result()
        finally:
            if added >= BATCH_MAX:
                beside.submit(connections.close_all)  # closes those of that thread
    _published()
    return added


def _sequenced() -> int | None:
    """Sequence one batch in a transaction of its own; None if somebody else is at it."""
    with transaction.atomic():
        return _sequence() if _try_lock(_SEQUENCING) else None


def _published() -> None:
    """Publish what is sequenced, in a transaction of its own, unless somebody else is at it."""
    with transaction.atomic():
        if try_lock():
            publish()


def try_lock() -> bool:
    """Take the lock of whoever publishes for this transaction, if nobody has it."""
    return _try_lock(_PUBLISHING)


def wait_locks() -> None:
    """Take both locks for this transaction once they are free: nothing is sequenced or signed meanwhile.

    Raises:
        IntegratorBusy: they were not, for ``WAIT_SECONDS``.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL lock_timeout = '{WAIT_SECONDS}s'")
        try:
            for lock in (_SEQUENCING, _PUBLISHING):
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [lock])
        except OperationalError as error:
            if isinstance(error.__cause__, LockNotAvailable):
                raise IntegratorBusy from error
            raise
        cursor.execute("SET LOCAL lock_timeout TO DEFAULT")


def _try_lock(lock: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [lock])
        return bool(cursor.fetchone()[0])


def _sequence() -> int:
    state = LogState.objects.filter(id=1).first()
    edge = edge_of(state) if state else Edge()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL work_mem = '64MB'")  # a full batch is sorted and numbered without a temporary file
        cursor.execute(_PLACE, {"most": BATCH_MAX, "size": edge.size})
        hashes = split_hashes(bytes(cursor.fetchone()[0] or b""))
    if not hashes:
        return 0
    if state is None:
        LogState.objects.create(id=1, log_id=uuid7())
    edge = edge.extended(hashes)
    LogState.objects.filter(id=1).update(size=edge.size, edge=b"".join(edge.hashes))
    return len(hashes)
