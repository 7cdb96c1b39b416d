"""Reads of delivery."""

from collections.abc import Collection
from typing import Final
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet, Sum
from django.db.models.functions import TruncMonth

from marketplace.delivery.models import Entitlement, MeterEvent
from marketplace.delivery.states import State
from registry.base.actor import Actor
from registry.rules.calendar import CHINA

MONTHS_MAX: Final = 36
_RESTING_ON: Final = """
WITH RECURSIVE walk(id) AS (
  SELECT %s::uuid
  UNION
  SELECT made.object_id FROM walk JOIN registry_rights_madefrom made ON made.source_id = walk.id
)
SELECT id FROM marketplace_delivery_entitlement WHERE state <> 'ENDED' AND object_id IN (SELECT id FROM walk) ORDER BY id
"""


def entitlement_page(*, actor: Actor, state: str | None = None, deal_id: UUID | None = None) -> QuerySet[Entitlement]:
    """Entitlements that the actor may see, in one state or of one deal if asked."""
    rows = Entitlement.objects.visible_to(actor)
    rows = rows if state is None else rows.filter(state=state)
    return rows if deal_id is None else rows.filter(deal_id=deal_id)


def meter_event_page(*, actor: Actor, deal_id: UUID | None = None) -> QuerySet[MeterEvent]:
    """Meter events that the actor may see, of one deal if asked."""
    rows = MeterEvent.objects.visible_to(actor)
    return rows if deal_id is None else rows.filter(deal_id=deal_id)


def usage_by_month(*, actor: Actor, entitlement_id: UUID) -> list[int]:
    """What was metered under an entitlement, in units a calendar month of China's time, oldest first; months without use are left out.

    At most ``MONTHS_MAX`` months, the newest.

    Raises:
        NotFound: not an entitlement that the actor may see.
    """
    entitlement = Entitlement.objects.find(actor, entitlement_id, field="entitlementId")
    months = MeterEvent.objects.filter(entitlement=entitlement).annotate(month=TruncMonth("at", tzinfo=CHINA))
    summed = months.values("month").annotate(units=Sum("units")).order_by("-month")[:MONTHS_MAX]
    return [int(row["units"]) for row in reversed(summed)]


def live_on_object(object_id: UUID) -> tuple[UUID, ...]:
    """The entitlements not yet ended in an object and in everything made from it."""
    with connection.cursor() as cursor:
        cursor.execute(_RESTING_ON, [object_id])
        return tuple(row[0] for row in cursor.fetchall())


def live_under_rights(origin_ids: Collection[UUID]) -> tuple[UUID, ...]:
    """The entitlements not yet ended that rest on these rights, by the rights' first versions."""
    rows = Entitlement.objects.filter(grant__origin__in=origin_ids).exclude(state=State.ENDED)
    return tuple(rows.order_by("id").values_list("pk", flat=True))
