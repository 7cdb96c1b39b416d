"""Tables of the foundation: clock, idempotency, work, inbox, jobs, data keys, refused access."""

from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint

from registry.base.actor import SUPERVISORS, Actor
from registry.base.visibility import NOBODY, Record


class ClockOffset(models.Model):
    """How far business time runs ahead of real time: one row, only ever raised."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    seconds = models.FloatField(default=0)

    class Meta:
        constraints = [
            CheckConstraint(name="clock_one_row", condition=Q(id=1)),
            CheckConstraint(name="clock_not_behind", condition=Q(seconds__gte=0)),
        ]

    def __str__(self) -> str:
        """The offset."""
        return f"+{self.seconds} s"

    @classmethod
    def visibility(cls, actor: Actor) -> Q:  # noqa: ARG003 the rule is the same for all
        """Read through the clock only."""
        return NOBODY


class IdempotencyKey(Record):
    """A call that took effect: its input's hash and its result, stored with the effect."""

    person = models.UUIDField(null=True)
    organisation = models.UUIDField(null=True)
    operation = models.CharField(max_length=64)
    key = models.CharField(max_length=255)
    digest = models.BinaryField(max_length=32)
    result_type = models.CharField(max_length=64, default="")
    result_id = models.UUIDField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            UniqueConstraint(name="idempotency_once", fields=["organisation", "person", "operation", "key"], nulls_distinct=False),
        ]

    @classmethod
    def visibility(cls, actor: Actor) -> Q:
        """The caller's own."""
        return Q(organisation=actor.organisation, person=actor.person) if actor.authenticated else NOBODY


class Work(Record):
    """One thing to do after commit: an outbox row or a timer, done at least once by a relay."""

    class State(models.TextChoices):
        """Where the work stands."""

        WAITING = "WAITING"
        DONE = "DONE"
        DEAD = "DEAD"
        CANCELLED = "CANCELLED"

    topic = models.CharField(max_length=64)
    key = models.CharField(max_length=200)
    payload = models.JSONField(default=dict)
    due_at = models.DateTimeField()
    state = models.CharField(max_length=16, choices=State.choices, default=State.WAITING)
    tries = models.PositiveSmallIntegerField(default=0)
    last_error = models.TextField(default="", blank=True)
    created_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            UniqueConstraint(name="work_once", fields=["topic", "key"]),
            CheckConstraint(name="work_state_known", condition=Q(state__in=["WAITING", "DONE", "DEAD", "CANCELLED"])),
        ]
        indexes = [models.Index(name="work_due", fields=["topic", "due_at"], condition=Q(state="WAITING"))]

    @classmethod
    def visibility(cls, actor: Actor) -> Q:  # noqa: ARG003 the rule is the same for all
        """Internal."""
        return NOBODY


class Inbox(Record):
    """A message from outside, recorded before anything acts on it; one row per sender and message id."""

    source = models.CharField(max_length=32)
    external_id = models.CharField(max_length=255)
    payload = models.BinaryField()
    received_at = models.DateTimeField()

    class Meta:
        constraints = [UniqueConstraint(name="inbox_once", fields=["source", "external_id"])]

    @classmethod
    def visibility(cls, actor: Actor) -> Q:  # noqa: ARG003 the rule is the same for all
        """Internal."""
        return NOBODY


class Job(Record):
    """A long computation with progress, cancellation and a result that can be fetched later. 作业"""

    class State(models.TextChoices):
        """Where the job stands."""

        QUEUED = "QUEUED"
        RUNNING = "RUNNING"
        SUCCEEDED = "SUCCEEDED"
        FAILED = "FAILED"
        CANCELLED = "CANCELLED"

    kind = models.CharField(max_length=64)
    person = models.UUIDField(null=True)
    organisation = models.UUIDField(null=True)
    params = models.JSONField(default=dict)
    state = models.CharField(max_length=16, choices=State.choices, default=State.QUEUED)
    tries = models.PositiveSmallIntegerField(default=0)
    done = models.PositiveBigIntegerField(default=0)
    total = models.PositiveBigIntegerField(default=0)
    cancel_requested = models.BooleanField(default=False)
    result = models.JSONField(null=True)
    error_code = models.CharField(max_length=64, default="", blank=True)
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            CheckConstraint(name="job_state_known", condition=Q(state__in=["QUEUED", "RUNNING", "SUCCEEDED", "FAILED", "CANCELLED"])),
        ]

    @classmethod
    def visibility(cls, actor: Actor) -> Q:
        """The organisation that started it."""
        return Q(organisation=actor.organisation) if actor.authenticated else NOBODY


class DataKey(Record):
    """The key of one person's or one asset's sealed values, wrapped by the master key; destroying it erases them."""

    subject_kind = models.CharField(max_length=32)
    subject = models.UUIDField()
    wrapped = models.BinaryField(null=True)
    created_at = models.DateTimeField()
    destroyed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            UniqueConstraint(name="data_key_one_per_subject", fields=["subject_kind", "subject"]),
            CheckConstraint(
                name="data_key_destroyed_is_gone",
                condition=Q(wrapped__isnull=False, destroyed_at__isnull=True) | Q(wrapped__isnull=True, destroyed_at__isnull=False),
            ),
        ]

    @classmethod
    def visibility(cls, actor: Actor) -> Q:  # noqa: ARG003 the rule is the same for all
        """Internal."""
        return NOBODY


class RefusedAccess(Record):
    """An attempt that was refused for lack of authority. Append-only."""

    at = models.DateTimeField()
    person = models.UUIDField(null=True)
    organisation = models.UUIDField(null=True)
    code = models.CharField(max_length=32)
    operation = models.CharField(max_length=128)
    request_id = models.UUIDField()

    @classmethod
    def visibility(cls, actor: Actor) -> Q:
        """Supervisors see all; others what was refused to their own organisation."""
        if actor.is_kind(*SUPERVISORS):
            return Q()
        return Q(organisation=actor.organisation) if actor.authenticated else NOBODY
