"""Certificates, written once, and the counter that numbers them."""

from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint

from registry.base.actor import Actor
from registry.base.visibility import EVERYBODY, NOBODY, Record
from registry.rights.models import RegisteredObject

SERIAL_MAX = 9999


class Certificate(Record):
    """A signed statement of what one filing registered. 登记证书. Append-only; a rendering, never the right itself."""

    number = models.CharField(max_length=16)
    filing_id = models.UUIDField()
    object = models.ForeignKey(RegisteredObject, on_delete=models.PROTECT, related_name="+")
    deposit_event = models.UUIDField()
    statement = models.BinaryField()
    """RFC 8785 bytes; the signature is over these after ``statements.CONTEXT``."""
    sha256 = models.CharField(max_length=64)
    signature = models.BinaryField(max_length=64)
    public_key = models.BinaryField(max_length=32)
    issued_at = models.DateTimeField()

    class Meta:
        verbose_name = "certificate"
        constraints = [
            UniqueConstraint(name="certificate_number_once", fields=["number"]),
            UniqueConstraint(name="certificate_one_per_filing", fields=["filing_id"]),
            CheckConstraint(name="certificate_number_form", condition=Q(number__regex=r"^EGR-\d{4}(0[1-9]|1[0-2])-(?!0000)\d{4}$")),
            CheckConstraint(name="certificate_hashed", condition=Q(sha256__regex="^[0-9a-f]{64}$")),
        ]

    @classmethod
    def visibility(cls, actor: Actor) -> Q:
        """A certificate is there to be shown: whoever is signed in may read it."""
        return EVERYBODY if actor.authenticated else NOBODY


class Counter(models.Model):
    """The last serial given in a month (China time): one row a month, unpartitioned."""

    month = models.CharField(max_length=6, primary_key=True)
    last = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [CheckConstraint(name="certificate_serial_in_range", condition=Q(last__range=(1, SERIAL_MAX)))]

    def __str__(self) -> str:
        """Month and last serial."""
        return f"{self.month}: {self.last}"

    @classmethod
    def visibility(cls, actor: Actor) -> Q:  # noqa: ARG003 the rule is the same for all
        """Internal."""
        return NOBODY
