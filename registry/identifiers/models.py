"""The tables of identifiers and of their public records. A 60-bit number is the key; the text is made on the way out.

A row of ``Identifier`` holds 24 bytes, number and subject, and no more: hundreds of millions of them must be found from memory. What all
identifiers of a kind share stands in ``Series``, and when one was minted is written in its subject's key.
"""

from typing import Final

from django.db import models
from django.db.models import PROTECT, CheckConstraint, F, Func, Q, TextField, UniqueConstraint, Value
from django.db.models.functions import Cast, Substr
from django.db.models.lookups import Exact, LessThanOrEqual

from registry.base.actor import Actor
from registry.base.visibility import EVERYBODY, Record
from registry.identifiers.handles import NUMBER_BITS
from registry.identifiers.values import DATA_BYTES_MAX, STORED

COMMON: Final = 1
"""The series that a row without one belongs to: the first that this installation minted in."""

VERSION_AT: Final = 15
"""Where the version of a UUID stands in its text, counted from 1."""


class Series(models.Model):
    """What many identifiers share: the prefix of node and enterprise, and the kind of thing that they name."""

    id = models.SmallIntegerField(primary_key=True)
    prefix = models.CharField(max_length=40)
    subject_type = models.CharField(max_length=64)

    class Meta:
        constraints = [
            UniqueConstraint(name="series_once", fields=["prefix", "subject_type"]),
            CheckConstraint(name="series_numbered_from_one", condition=Q(id__gte=COMMON)),
            CheckConstraint(name="series_prefix_form", condition=Q(prefix__regex=r"^[0-9]+\.[0-9]+\.[0-9]+$")),
        ]

    def __str__(self) -> str:
        """Prefix and kind."""
        return f"{self.prefix} {self.subject_type}"

    @classmethod
    def visibility(cls, actor: Actor) -> Q:  # noqa: ARG003 the rule is the same for all
        """Everyone: an identifier shows both."""
        return EVERYBODY


class Identifier(Record):
    """A name that was given to one thing for all time. Never deleted, never given again; a retired one remains as a tombstone."""

    id = None  # type: ignore[assignment]  # the number is the key: half the index, and unique across all prefixes
    number = models.BigIntegerField(primary_key=True)
    subject_id = models.UUIDField(unique=True)
    """A UUIDv7, made together with the identifier: its instant is the one of minting."""
    series = models.ForeignKey(Series, on_delete=PROTECT, null=True, related_name="+", db_index=False)
    """Null for the series ``COMMON``: two bytes would cost eight in a row of 24."""
    retired_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            CheckConstraint(name="identifier_number_of_60_bits", condition=Q(number__gte=0, number__lt=2**NUMBER_BITS)),
            CheckConstraint(name="identifier_series_written_once", condition=Q(series=None) | Q(series__gt=COMMON)),
            CheckConstraint(
                name="identifier_subject_tells_the_time",
                condition=Exact(Substr(Cast(F("subject_id"), TextField()), VERSION_AT, 1), Value("7")),
            ),
        ]

    @classmethod
    def visibility(cls, actor: Actor) -> Q:  # noqa: ARG003 the rule is the same for all
        """Everyone, signed in or not: a name says only that something bears it, and what it names has its own rule."""
        return EVERYBODY


class IdentifierValue(Record):
    """One version of one value of an identifier's public record. 标识解析值. Append-only; the latest version of each index is what holds.

    Versions are counted through the record, not the value: everything up to version 3 is the record as version 3 left it.
    """

    id = None  # type: ignore[assignment]
    pk = models.CompositePrimaryKey("identifier_id", "index", "version")
    identifier = models.ForeignKey(Identifier, on_delete=PROTECT, related_name="values", db_index=False)
    at = models.DateTimeField()
    version = models.PositiveIntegerField()
    index = models.PositiveSmallIntegerField(choices=[(kind.index, kind.name) for kind in STORED])
    event_id = models.UUIDField()
    """The event by which it became so: its place in the log is the place of this version."""
    data = models.TextField(null=True)
    """Null where the value was withdrawn."""

    class Meta:
        constraints = [
            CheckConstraint(name="value_index_known", condition=Q(index__in=[kind.index for kind in STORED])),
            CheckConstraint(name="value_version_from_one", condition=Q(version__gte=1)),
            CheckConstraint(
                name="value_bounded",
                condition=LessThanOrEqual(Func(F("data"), function="octet_length", output_field=models.IntegerField()), DATA_BYTES_MAX),
            ),
        ]

    @classmethod
    def visibility(cls, actor: Actor) -> Q:  # noqa: ARG003 the rule is the same for all
        """Everyone: owners push here only what anybody may know."""
        return EVERYBODY
