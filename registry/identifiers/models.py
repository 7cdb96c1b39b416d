"""The table of identifiers: a 60-bit number is the key, the text is made on the way out."""

from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint

from registry.base.actor import Actor
from registry.base.visibility import EVERYBODY, Record
from registry.identifiers.handles import NUMBER_BITS, Handle


class Identifier(Record):
    """A name that was given to one thing for all time. Never deleted, never given again; a retired one remains as a tombstone."""

    id = None  # type: ignore[assignment]  # the number is the key: half the index, and unique across all prefixes
    number = models.BigIntegerField(primary_key=True)
    prefix = models.CharField(max_length=40)
    subject_type = models.CharField(max_length=64)
    subject_id = models.UUIDField()
    minted_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            CheckConstraint(name="identifier_number_of_60_bits", condition=Q(number__gte=0, number__lt=2**NUMBER_BITS)),
            CheckConstraint(name="identifier_prefix_form", condition=Q(prefix__regex=r"^[0-9]+\.[0-9]+\.[0-9]+$")),
            CheckConstraint(
                name="identifier_retired_after_minted", condition=Q(retired_at__isnull=True) | Q(retired_at__gte=models.F("minted_at"))
            ),
            UniqueConstraint(name="identifier_one_per_subject", fields=["subject_type", "subject_id"]),
        ]

    @property
    def handle(self) -> str:
        """The identifier as people write it."""
        return str(Handle(self.prefix, self.number))

    @classmethod
    def visibility(cls, actor: Actor) -> Q:  # noqa: ARG003 the rule is the same for all
        """Everyone, signed in or not: a name says only that something bears it, and what it names has its own rule."""
        return EVERYBODY
