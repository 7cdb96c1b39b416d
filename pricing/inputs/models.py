"""Files of inputs: announced, then filled once."""

from django.db import models
from django.db.models import CheckConstraint, Q

from pricing.inputs.errors import BYTES_MAX
from registry.base.actor import Actor
from registry.base.visibility import NOBODY, Record


class InputFile(Record):
    """JSON for a pricing model, sealed under a key of its own. Its bytes are written once."""

    owner = models.ForeignKey("registry_parties.Organisation", on_delete=models.PROTECT, related_name="+")
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64, null=True)
    sealed = models.BinaryField(null=True)
    staged_at = models.DateTimeField()
    stored_at = models.DateTimeField(null=True)
    heavy = ("sealed",)

    class Meta:
        verbose_name = "file of inputs"
        constraints = [
            CheckConstraint(name="input_size_bounded", condition=Q(size__range=(2, BYTES_MAX))),
            CheckConstraint(
                name="input_stored_whole",
                condition=Q(sha256=None, sealed=None, stored_at=None)
                | Q(sha256__isnull=False, sealed__isnull=False, stored_at__isnull=False),
            ),
        ]

    @classmethod
    def visibility(cls, actor: Actor) -> Q:
        """Its owner's alone."""
        return Q(owner=actor.organisation) if actor.authenticated else NOBODY
