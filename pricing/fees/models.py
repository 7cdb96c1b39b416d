"""Published fee schedules: versions that are never changed."""

from django.db import models
from django.db.models import CheckConstraint, Q

from registry.base.actor import Actor
from registry.base.visibility import EVERYBODY, Record


class PublishedSchedule(Record):
    """One version of what the market takes. Append-only; the version of the contract's day applies to the deal (Price Law 13)."""

    number = models.PositiveIntegerField(unique=True)
    effective_from = models.DateTimeField()
    platform_ppm = models.PositiveIntegerField()
    institution_ppm = models.PositiveIntegerField()
    gateway_ppm = models.PositiveIntegerField()
    gateway_fixed_minor = models.PositiveBigIntegerField()
    tax_ppm = models.JSONField(default=dict)

    class Meta:
        constraints = [
            CheckConstraint(
                name="fees_within_the_amount",
                condition=Q(platform_ppm__lte=1_000_000, institution_ppm__lte=1_000_000, gateway_ppm__lte=1_000_000)
                & Q(platform_ppm__lte=1_000_000 - models.F("institution_ppm")),
            )
        ]

    @classmethod
    def visibility(cls, actor: Actor) -> Q:  # noqa: ARG003 the rule is the same for all
        """Public: fees are shown before anybody signs in."""
        return EVERYBODY
