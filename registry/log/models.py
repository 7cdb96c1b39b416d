"""Tables of the log. Entries, leaves and checkpoints are append-only; outbox, disclosures and cursors are not."""

from typing import Final

from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint

from registry.base.actor import Actor, PartyKind
from registry.base.signing import Algorithm
from registry.base.visibility import EVERYBODY, NOBODY, Record

AUTHORITIES: Final = (PartyKind.REGULATOR, PartyKind.REGISTRAR, PartyKind.INSTITUTION)
REGISTER: Final = r"^(log_key|filing|objection|object|right|hold|certificate|organisation|key|permit|rulebook|open_list)\."
"""Events of the public register, by the first part of their name."""
SEALED: Final = ("bid.placed",)
"""Events that not even a registrar or an institution reads of others: it may be a bidder or a seller itself."""


def public_record(actor: Actor) -> Q:
    """What any authenticated actor may read."""
    return EVERYBODY if actor.authenticated else NOBODY


class Internal(models.Model):
    """A table that only the log itself reads."""

    class Meta:
        abstract = True

    def __str__(self) -> str:
        """Type and key."""
        return f"{self._meta.verbose_name} {self.pk}"

    @classmethod
    def visibility(cls, actor: Actor) -> Q:  # noqa: ARG003 the rule is the same for all
        """Internal."""
        return NOBODY


class Outbox(Internal):
    """Which committed events wait for their place in the log, in the order in which they were recorded."""

    seq = models.BigAutoField(primary_key=True)
    event = models.UUIDField()


class Entry(Record):
    """One event: its canonical bytes and what queries need of them. Partitioned by the UUIDv7 key.

    It is registered, and in the log once a leaf has given it a place.
    """

    schema = models.TextField()
    schema_version = models.SmallIntegerField()
    subject_type = models.TextField()
    subject_id = models.UUIDField()
    organisation = models.UUIDField(null=True)
    """Who recorded it, which the leaf itself says only under seal."""
    at = models.DateTimeField()
    body = models.BinaryField()

    class Meta:
        managed = False
        db_table = "registry_log_entry"

    @classmethod
    def visibility(cls, actor: Actor) -> Q:
        """The register is public to any authenticated actor; who deals with whom is for those who recorded it and for authorities."""
        if actor.is_kind(PartyKind.REGULATOR):
            return EVERYBODY
        shown = ~Q(schema__in=SEALED) if actor.is_kind(*AUTHORITIES) else Q(schema__regex=REGISTER)
        return shown | Q(organisation=actor.organisation) if actor.authenticated else NOBODY


class Leaf(Internal):
    """The place of an entry in the tree, and its hash. Unpartitioned: a place is taken once for all time."""

    index = models.BigIntegerField(primary_key=True)
    entry = models.UUIDField(unique=True)
    hash = models.BinaryField(max_length=32)

    class Meta:
        constraints = [CheckConstraint(name="leaf_index_not_negative", condition=Q(index__gte=0))]


class LogState(Internal):
    """The right edge of the tree: one row."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    log_id = models.UUIDField()
    size = models.BigIntegerField(default=0)
    edge = models.BinaryField(default=b"")

    class Meta:
        constraints = [CheckConstraint(name="log_state_one_row", condition=Q(id=1))]


class SignedCheckpoint(Record):
    """A published checkpoint: the log's promise about its first ``size`` entries."""

    size = models.BigIntegerField(unique=True)
    root = models.BinaryField(max_length=32)
    note = models.TextField()
    at = models.DateTimeField()

    @property
    def witnessed_note(self) -> str:
        """The note with the lines of the witnesses that have cosigned it so far."""
        return self.note + "".join(Cosignature.objects.filter(size=self.size).order_by("witness").values_list("line", flat=True))

    @classmethod
    def visibility(cls, actor: Actor) -> Q:
        """Public to any authenticated actor."""
        return public_record(actor)


class LogKey(Record):
    """A key that signs or has signed checkpoints, or their second line; written once, and once more when it is retired."""

    key = models.TextField(unique=True)
    """Its text: the verifier key, or that of the second line."""
    algorithm = models.CharField(max_length=16, choices=[(each.value, each.value) for each in Algorithm])
    """Ed25519 of the log's own keys, SM2 of those of the second line."""
    added_event = models.UUIDField(null=True)
    """The entry that announced it; null for those that the log was born with, one of each algorithm at most."""
    added_at = models.DateTimeField()
    retired_event = models.UUIDField(null=True)
    retired_at = models.DateTimeField(null=True)
    last_size = models.BigIntegerField(null=True)
    """The largest size that it vouches for."""
    compromised = models.BooleanField(null=True)

    class Meta:
        constraints = [
            UniqueConstraint(name="log_key_announced_once", fields=["added_event"]),
            UniqueConstraint(name="log_key_born_with_one", fields=["algorithm"], condition=Q(added_event=None)),
            CheckConstraint(name="log_key_algorithm_known", condition=Q(algorithm__in=[each.value for each in Algorithm])),
            CheckConstraint(
                name="log_key_retired_is_told",
                condition=Q(retired_event=None, retired_at=None, last_size=None, compromised=None)
                | Q(retired_event__isnull=False, retired_at__isnull=False, last_size__gte=0, compromised__isnull=False),
            ),
        ]

    @classmethod
    def visibility(cls, actor: Actor) -> Q:
        """Public to any authenticated actor."""
        return public_record(actor)


class Cosignature(Internal):
    """A witness's line under a checkpoint: that it continues everything which that witness had seen."""

    size = models.BigIntegerField()
    witness = models.TextField()
    """Its verifier key."""
    line = models.TextField()
    at = models.DateTimeField()

    class Meta:
        constraints = [UniqueConstraint(name="cosignature_once", fields=["size", "witness"])]


class Timestamp(Internal):
    """An authority's word on when a checkpoint existed at the latest. 时间戳. Append-only."""

    size = models.BigIntegerField(unique=True)
    token = models.BinaryField()
    """The RFC 3161 answer, byte for byte; it is over the checkpoint's ``note``."""
    authority = models.TextField()
    """The subject of the certificate that signed it (RFC 4514)."""
    at = models.DateTimeField()


class Disclosure(Internal):
    """The salt and value of one sealed member; erasing it leaves the leaf valid and silent."""

    pk = models.CompositePrimaryKey("event", "path")
    event = models.UUIDField()
    path = models.TextField()
    salt = models.BinaryField(max_length=16)
    value = models.JSONField(null=True)


class Cursor(Internal):
    """How far one relay has followed the log."""

    name = models.TextField(primary_key=True)
    position = models.BigIntegerField(default=0)
