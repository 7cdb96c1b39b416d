"""Entitlements, and the one meter: a key that is taken once for all time, and the event that it stands for."""

from typing import Final

from django.contrib.postgres.fields import DateRangeField
from django.db import models
from django.db.models import PROTECT, CheckConstraint, ForeignKey, Q, UniqueConstraint

from listings.resources.models import Asset
from marketplace.delivery.states import Cause, MeterKind, Mode, State
from registry.base.actor import Actor, PartyKind
from registry.base.limits import IDEMPOTENCY_KEY_MAX
from registry.base.visibility import EVERYBODY, NOBODY, Record, text_choices
from registry.parties.models import Organisation
from registry.rights.models import Grant, RegisteredObject

AUTHORITIES: Final = (PartyKind.INSTITUTION, PartyKind.REGULATOR)


class Entitlement(Record):
    """What one buyer may do now with one object, by one right, from one deal. 使用权益. Only its state ever changes."""

    deal_id = models.UUIDField()
    holder = ForeignKey(Organisation, on_delete=PROTECT, related_name="+")
    object = ForeignKey(RegisteredObject, on_delete=PROTECT, related_name="+")
    grant = ForeignKey(Grant, on_delete=PROTECT, related_name="+")
    asset = ForeignKey(Asset, on_delete=PROTECT, null=True, related_name="+")
    """The file that is delivered; null where a right alone is."""
    mode = models.CharField(**text_choices(Mode))
    valid = DateRangeField()
    """The days, China time, on which it may be used; the upper bound is the first day after them."""
    state = models.CharField(**text_choices(State), default=State.OPEN)
    suspended_for = models.CharField(**text_choices(Cause), blank=True, default="")
    version = models.PositiveIntegerField(default=1)
    opened_at = models.DateTimeField()

    class Meta:
        verbose_name = "entitlement"
        indexes = [models.Index(name="entitlement_live_object", fields=["object"], condition=~Q(state=State.ENDED))]
        constraints = [
            UniqueConstraint(name="entitlement_once_per_right", fields=["deal_id", "grant"]),
            CheckConstraint(name="entitlement_mode_known", condition=Q(mode__in=Mode.values)),
            CheckConstraint(name="entitlement_state_known", condition=Q(state__in=State.values)),
            CheckConstraint(
                name="entitlement_suspended_for_a_cause",
                condition=Q(state=State.SUSPENDED, suspended_for__in=Cause.values) | (~Q(state=State.SUSPENDED) & Q(suspended_for="")),
            ),
            CheckConstraint(
                name="entitlement_term_bounded", condition=Q(valid__isempty=False, valid__lower_inf=False, valid__upper_inf=False)
            ),
            CheckConstraint(name="entitlement_file_has_asset", condition=Q(mode=Mode.GRANT) | Q(asset__isnull=False)),
        ]

    @classmethod
    def visibility(cls, actor: Actor) -> Q:
        """The holder, the object's owner, institutions and the regulator."""
        if actor.is_kind(*AUTHORITIES):
            return EVERYBODY
        return Q(holder=actor.organisation) | Q(object__owner=actor.organisation) if actor.authenticated else NOBODY


class MeterKey(models.Model):
    """One buyer action, told apart for all time, and its one meter event. Unpartitioned. Append-only."""

    entitlement = ForeignKey(Entitlement, on_delete=PROTECT, related_name="+", db_index=False)
    action_key = models.CharField(max_length=IDEMPOTENCY_KEY_MAX)
    event_id = models.UUIDField(unique=True)

    class Meta:
        constraints = [UniqueConstraint(name="meter_key_once", fields=["entitlement", "action_key"])]

    def __str__(self) -> str:
        """The entitlement and the action."""
        return f"{self.entitlement_id} {self.action_key}"

    @classmethod
    def visibility(cls, actor: Actor) -> Q:  # noqa: ARG003 the rule is the same for all
        """Internal."""
        return NOBODY


class MeterEvent(Record):
    """One use: what a bill counts. 计量事件. Partitioned by the UUIDv7 key. Append-only."""

    entitlement = ForeignKey(Entitlement, on_delete=PROTECT, related_name="+")
    deal_id = models.UUIDField()
    action_key = models.CharField(max_length=IDEMPOTENCY_KEY_MAX)
    kind = models.CharField(**text_choices(MeterKind))
    units = models.BigIntegerField()
    bytes = models.BigIntegerField()
    at = models.DateTimeField()

    class Meta:
        managed = False
        db_table = "marketplace_delivery_meterevent"
        verbose_name = "meter event"

    @classmethod
    def visibility(cls, actor: Actor) -> Q:
        """With the entitlement."""
        return Q(entitlement__in=Entitlement.objects.visible_to(actor).values("pk")) if actor.authenticated else NOBODY
