"""Long computations as jobs: progress seen while they run, a cancel that is obeyed, a result that stays."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.db.models import F

from registry.base import clock
from registry.base.actor import Actor
from registry.base.errors import EgretError
from registry.base.models import Job

logger = logging.getLogger(__name__)

TRIES_MAX: Final = 3
UNENDED: Final = frozenset({Job.State.QUEUED, Job.State.RUNNING})


class JobCancelled(Exception):
    """Raised inside a job at its next progress report after a cancel."""


@dataclass(frozen=True, slots=True)
class Handle:
    """What a running job holds: its parameters and the place to report progress."""

    id: UUID
    params: dict[str, Any]

    def progress(self, done: int, total: int) -> None:
        """Report progress, visible at once.

        Raises:
            JobCancelled: somebody asked to stop.
        """
        Job.objects.filter(pk=self.id).update(done=done, total=total)
        if Job.objects.filter(pk=self.id, cancel_requested=True).exists():
            raise JobCancelled


Handler = Callable[[Handle], dict[str, Any]]


def job_start(*, actor: Actor, kind: str, params: dict[str, Any]) -> Job:
    """Queue a job in the caller's transaction; a relay runs it after commit."""
    return Job.objects.create(kind=kind, person=actor.person, organisation=actor.organisation, params=params, created_at=clock.now())


def jobs_waiting(*, actor: Actor, kind: str) -> int:
    """How many jobs of a kind the actor's organisation has that did not end."""
    return Job.objects.filter(organisation=actor.organisation, kind=kind, state__in=UNENDED).count()


def job_cancel(*, actor: Actor, job_id: UUID) -> Job:
    """Ask a job to stop; a queued one never starts, a running one stops at its next progress report."""
    job = Job.objects.find(actor, job_id, field="jobId")
    Job.objects.filter(pk=job.pk).update(cancel_requested=True)
    job.refresh_from_db()
    return job


def run_once(handlers: Mapping[str, Handler]) -> int:
    """Run one waiting job of these kinds, outside any transaction; returns how many ran.

    A session lock on the job's id keeps a second relay away and dies with a killed process, after which the job is
    tried again, at most ``TRIES_MAX`` times.
    """
    waiting = Job.objects.filter(kind__in=list(handlers), state__in=UNENDED).order_by("id")
    for job in waiting[:20]:
        if not _lock(job.pk):
            continue
        try:
            _run(job.pk, handlers)
        finally:
            _unlock(job.pk)
        return 1
    return 0


def _run(job_id: UUID, handlers: Mapping[str, Handler]) -> None:
    job = Job.objects.get(pk=job_id)
    if job.state not in UNENDED:
        return
    if job.cancel_requested:
        _end(job, Job.State.CANCELLED)
        return
    if job.tries >= TRIES_MAX:
        _end(job, Job.State.FAILED, error_code="TRIED_TOO_OFTEN")
        return
    Job.objects.filter(pk=job.pk).update(state=Job.State.RUNNING, tries=job.tries + 1)
    try:
        result = handlers[job.kind](Handle(job.pk, job.params))
    except JobCancelled:
        _end(job, Job.State.CANCELLED)
    except EgretError as error:
        _end(job, Job.State.FAILED, error_code=error.code)
    except Exception:
        logger.exception("job %s %s failed", job.kind, job.pk)
        _end(job, Job.State.FAILED, error_code="INTERNAL")
    else:
        _end(job, Job.State.SUCCEEDED, result=result, done=F("total"))


def _end(job: Job, state: Job.State, **changes: Any) -> None:
    Job.objects.filter(pk=job.pk).update(state=state, ended_at=clock.now(), **changes)


def _lock(job_id: UUID) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_lock_number(job_id)])
        return bool(cursor.fetchone()[0])


def _unlock(job_id: UUID) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_unlock(%s)", [_lock_number(job_id)])


def _lock_number(job_id: UUID) -> int:
    return int.from_bytes(job_id.bytes[8:], signed=True)
