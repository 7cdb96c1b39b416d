"""Charges: one attempt each to take a deal's money from its buyer."""

from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint

from registry.base.actor import Actor
from registry.base.visibility import NOBODY, Record
from settlement.escrow.models import Escrow


class Charge(Record):
    """One attempt to charge a buyer, stored before the gateway is called so that a crash repeats the call under the same key."""

    class State(models.TextChoices):
        """Where the attempt stands. 支付状态"""

        REQUESTED = "REQUESTED"
        SENT = "SENT"
        SUCCEEDED = "SUCCEEDED"
        DECLINED = "DECLINED"
        FAILED = "FAILED"

    escrow = models.ForeignKey(Escrow, on_delete=models.PROTECT, related_name="charges")
    deal_id = models.UUIDField()
    payment_method = models.CharField(max_length=64)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    state = models.CharField(max_length=16, choices=State.choices, default=State.REQUESTED)
    gateway_payment_id = models.CharField(max_length=64, default="", blank=True)
    code = models.CharField(max_length=64, default="", blank=True)
    requested_at = models.DateTimeField()

    class Meta:
        constraints = [
            CheckConstraint(name="charge_state_known", condition=Q(state__in=["REQUESTED", "SENT", "SUCCEEDED", "DECLINED", "FAILED"])),
            CheckConstraint(name="charge_amount_positive", condition=Q(amount_minor__gt=0)),
            UniqueConstraint(
                name="charge_one_open_per_deal", fields=["deal_id"], condition=Q(state__in=["REQUESTED", "SENT", "SUCCEEDED"])
            ),
            UniqueConstraint(name="charge_gateway_payment_once", fields=["gateway_payment_id"], condition=~Q(gateway_payment_id="")),
        ]

    @classmethod
    def visibility(cls, actor: Actor) -> Q:
        """With the escrow."""
        return Q(escrow__in=Escrow.objects.visible_to(actor).values("pk")) if actor.authenticated else NOBODY
