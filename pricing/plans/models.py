"""Plans, immutable from the start: a change is a new version in the same series."""

from django.db import models
from django.db.models import Q

from registry.base.actor import Actor
from registry.base.visibility import EVERYBODY, NOBODY, Record


class Plan(Record):
    """A pricing model with the parameters that a participant set. Append-only."""

    owner = models.ForeignKey("registry_parties.Organisation", on_delete=models.PROTECT, related_name="+")
    name_zh = models.CharField(max_length=80)
    name_en = models.CharField(max_length=80)
    model_key = models.CharField(max_length=32)
    model_version = models.PositiveSmallIntegerField()
    params = models.JSONField()
    adjustments = models.JSONField(default=dict)
    """What the owner put on top: free allowance, discount, least and most."""
    currency = models.CharField(max_length=3)
    created_at = models.DateTimeField()
    series = models.UUIDField()
    """The id of its first version; all versions of a plan share it."""
    number = models.PositiveIntegerField(default=1)
    """Which version of the series it is."""
    heavy = ("params",)

    class Meta:
        verbose_name = "plan"
        constraints = [
            models.UniqueConstraint(name="plan_number_once", fields=["series", "number"]),
            models.CheckConstraint(name="plan_series_begins_with_itself", condition=Q(number=1, series=models.F("id")) | Q(number__gt=1)),
        ]

    @classmethod
    def visibility(cls, actor: Actor) -> Q:
        """Plans are price lists: every signed-in participant may read them (Price Law 13, clear marking)."""
        return EVERYBODY if actor.authenticated else NOBODY
