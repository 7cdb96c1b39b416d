"""Reads fee schedules."""

from django.db.models import QuerySet
from django.utils.translation import gettext_noop

from pricing.fees.models import PublishedSchedule
from registry.base import clock
from registry.base.actor import Actor
from registry.base.errors import UserError


class NoSchedule(UserError):
    """No fee schedule is in force."""

    code = "NO_FEE_SCHEDULE"
    message = gettext_noop("No fee schedule is in force yet.")
    remedy = gettext_noop("The market operator publishes one with feeSchedulePublish.")


def schedule_current() -> PublishedSchedule:
    """The fee schedule in force now.

    Raises:
        NoSchedule: none was published yet.
    """
    schedule = PublishedSchedule.objects.filter(effective_from__lte=clock.now()).order_by("-effective_from", "-number").first()
    if schedule is None:
        raise NoSchedule
    return schedule


def schedule_page(*, actor: Actor) -> QuerySet[PublishedSchedule]:
    """Every published schedule."""
    return PublishedSchedule.objects.visible_to(actor)
