"""The work queue: a transaction enqueues, a relay does it afterwards, at least once, and PostgreSQL remembers."""

import logging
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from registry.base import clock
from registry.base.limits import WORK_BACKOFF_SECONDS_MAX, WORK_BATCH_MAX, WORK_TRIES_MAX
from registry.base.models import Inbox, Work

logger = logging.getLogger(__name__)

Handler = Callable[[Work], None]


def enqueue(*, topic: str, key: str, payload: dict[str, Any] | None = None, due_at: datetime | None = None) -> Work:
    """Add work inside the caller's transaction; the same topic and key are added once.

    ``due_at`` makes it a timer on the business clock.
    """
    now = clock.now()
    work, _ = Work.objects.get_or_create(
        topic=topic, key=key, defaults={"payload": payload or {}, "due_at": due_at or now, "created_at": now}
    )
    return work


def cancel(*, topic: str, key: str) -> None:
    """Withdraw a timer that is no longer needed; one already done stays done."""
    Work.objects.filter(topic=topic, key=key, state=Work.State.WAITING).update(state=Work.State.CANCELLED, done_at=clock.now())


def receive(*, source: str, external_id: str, payload: bytes) -> bool:
    """Record a message from outside and the work of acting on it; False if it was recorded before."""
    with transaction.atomic():
        row, created = Inbox.objects.get_or_create(
            source=source, external_id=external_id, defaults={"payload": payload, "received_at": clock.now()}
        )
        if created:
            enqueue(topic=f"inbox.{source}", key=external_id, payload={"inbox": str(row.pk)})
    return created


def run_once(handlers: Mapping[str, Handler], *, giving_up: Mapping[str, Handler] = MappingProxyType({})) -> int:
    """Do the due work of these topics, at most one batch; returns how many items were taken.

    Each item is one transaction that holds its row's lock, so two relays never do one item at once and a killed
    relay frees it. A failing handler is rolled back to a savepoint and tried again later, at most ``WORK_TRIES_MAX`` times.
    With the last failure, and in its transaction, ``giving_up`` ends what would otherwise wait for the item for ever.
    """
    if not _due(handlers).exists():
        return 0
    taken = 0
    while taken < WORK_BATCH_MAX and _take_one(handlers, giving_up):
        taken += 1
    return taken


def overdue(topics: Iterable[str]) -> int:
    """How many items of the topics are due and not done: the figure to alert on."""
    return _due(topics).count()


def _due(topics: Iterable[str]) -> QuerySet[Work]:
    return Work.objects.filter(topic__in=list(topics), state=Work.State.WAITING, due_at__lte=clock.now())


def _take_one(handlers: Mapping[str, Handler], giving_up: Mapping[str, Handler]) -> bool:
    with transaction.atomic():
        work = _due(handlers).select_for_update(skip_locked=True).order_by("due_at", "id").first()
        if work is None:
            return False
        try:
            with transaction.atomic():
                handlers[work.topic](work)
        except Exception as error:
            logger.exception("work %s %s failed", work.topic, work.key)
            if _put_back(work, error) and work.topic in giving_up:
                _give_up(work, giving_up[work.topic])
        else:
            Work.objects.filter(pk=work.pk, state=Work.State.WAITING).update(
                state=Work.State.DONE, done_at=clock.now(), tries=work.tries + 1
            )
    return True


def _give_up(work: Work, handler: Handler) -> None:
    try:
        with transaction.atomic():
            handler(work)
    except Exception:  # the item stays dead, for people to see
        logger.exception("work %s %s could not be given up", work.topic, work.key)


def _put_back(work: Work, error: Exception) -> bool:
    """Count the failure; True if it was the last one allowed."""
    tries = work.tries + 1
    pause = min(2**tries, WORK_BACKOFF_SECONDS_MAX)
    Work.objects.filter(pk=work.pk).update(
        tries=tries,
        last_error=f"{type(error).__name__}: {error}"[:1000],
        due_at=clock.now() + timedelta(seconds=pause),
        state=Work.State.DEAD if tries >= WORK_TRIES_MAX else Work.State.WAITING,
    )
    return tries >= WORK_TRIES_MAX
