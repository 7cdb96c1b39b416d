"""The open list: what public bodies open, from when to when, and since when the list said so."""

from typing import Any

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import PROTECT, CheckConstraint, F, ForeignKey, Func, Q, Value

from listings.catalogue.states import OpenType
from registry.base.actor import Actor
from registry.base.limits import NAME_MAX
from registry.base.visibility import EVERYBODY, NOBODY, Record, text_choices
from registry.parties.models import Organisation
from registry.rights.models import RegisteredObject


def _one_point(edge: Any, function: str) -> Func:
    return Func(edge, edge, Value("[]"), function=function)


class OpenListEntry(Record):
    """One entry of the open list. Only ``recorded`` ever changes, once, by being closed. 公共数据开放清单条目"""

    publisher = ForeignKey(Organisation, on_delete=PROTECT, related_name="+")
    object = ForeignKey(RegisteredObject, on_delete=PROTECT, null=True, related_name="open_list_entries")
    """What is opened, where it is registered; the title says it otherwise."""
    title = models.CharField(max_length=NAME_MAX)
    open_type = models.CharField(**text_choices(OpenType))
    conditions = models.TextField(blank=True)
    valid = DateRangeField()
    recorded = DateTimeRangeField()

    class Meta:
        verbose_name = "open-list entry"
        constraints = [
            ExclusionConstraint(
                name="open_list_title_once",
                expressions=[
                    (_one_point(F("publisher"), "uuidrange"), RangeOperators.OVERLAPS),
                    (_one_point(F("title"), "textrange"), RangeOperators.OVERLAPS),
                    ("valid", RangeOperators.OVERLAPS),
                    ("recorded", RangeOperators.OVERLAPS),
                ],
            ),
            ExclusionConstraint(
                name="open_list_object_once",
                expressions=[
                    (_one_point(F("object"), "uuidrange"), RangeOperators.OVERLAPS),
                    ("valid", RangeOperators.OVERLAPS),
                    ("recorded", RangeOperators.OVERLAPS),
                ],
                condition=Q(object__isnull=False),
            ),
            CheckConstraint(name="open_list_type_known", condition=Q(open_type__in=OpenType.values)),
            CheckConstraint(name="open_list_titled", condition=~Q(title="")),
            CheckConstraint(
                name="open_list_conditions_stated",
                condition=Q(open_type=OpenType.CONDITIONAL) & ~Q(conditions="") | ~Q(open_type=OpenType.CONDITIONAL),
            ),
            CheckConstraint(name="open_list_valid_from", condition=Q(valid__isempty=False, valid__lower_inf=False)),
            CheckConstraint(name="open_list_recorded_from", condition=Q(recorded__isempty=False, recorded__lower_inf=False)),
        ]

    @classmethod
    def visibility(cls, actor: Actor) -> Q:
        """A public list: every signed-in actor's."""
        return EVERYBODY if actor.authenticated else NOBODY
