"""Registers of public bodies: what they open and what it may cost, from when to when, and since when the register said so."""

from typing import Any

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import PROTECT, CheckConstraint, F, ForeignKey, Func, Q, Value

from listings.catalogue.states import OpenType
from listings.resources.models import SHA256
from pricing.quotes.measuring import UnitOfSale
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


class PriceCeiling(Record):
    """The most that one unit of public data under authorised operation may cost. Only ``recorded`` ever changes, once, by being closed.

    The price of a unit is the operator's to set, at or below it (Public-data price notice, 2025). 最高收费标准
    """

    set_by = ForeignKey(Organisation, on_delete=PROTECT, related_name="+")
    object = ForeignKey(RegisteredObject, on_delete=PROTECT, related_name="price_ceilings")
    unit = models.CharField(**text_choices(UnitOfSale))
    ceiling_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    trial = models.BooleanField()
    """Set before the first full year of operation."""
    document = models.CharField(max_length=NAME_MAX)
    """By what name or number the document that sets it is cited."""
    document_sha256 = models.CharField(max_length=64)
    replaces = ForeignKey("self", on_delete=PROTECT, null=True, related_name="+")
    """The record that this one took the place of, for the days of this one."""
    valid = DateRangeField()
    recorded = DateTimeRangeField()

    class Meta:
        verbose_name = "price ceiling"
        constraints = [
            ExclusionConstraint(
                name="price_ceiling_once",
                expressions=[
                    (_one_point(F("object"), "uuidrange"), RangeOperators.OVERLAPS),
                    (_one_point(F("unit"), "textrange"), RangeOperators.OVERLAPS),
                    (_one_point(F("currency"), "textrange"), RangeOperators.OVERLAPS),
                    ("valid", RangeOperators.OVERLAPS),
                    ("recorded", RangeOperators.OVERLAPS),
                ],
            ),
            CheckConstraint(name="price_ceiling_unit_known", condition=Q(unit__in=UnitOfSale.values)),
            CheckConstraint(name="price_ceiling_not_negative", condition=Q(ceiling_minor__gte=0)),
            CheckConstraint(name="price_ceiling_documented", condition=~Q(document="") & Q(document_sha256__regex=SHA256)),
            CheckConstraint(name="price_ceiling_valid_from", condition=Q(valid__isempty=False, valid__lower_inf=False)),
            CheckConstraint(name="price_ceiling_recorded_from", condition=Q(recorded__isempty=False, recorded__lower_inf=False)),
        ]

    @classmethod
    def visibility(cls, actor: Actor) -> Q:
        """A public register: every signed-in actor's."""
        return EVERYBODY if actor.authenticated else NOBODY
