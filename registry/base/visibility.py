"""Who may see which row: every model answers once, and every read goes through the answer."""

from typing import Any, Self, TypeVar
from uuid import UUID

from django.db import models
from django.db.models import Q

from registry.base.actor import SYSTEM, Actor
from registry.base.errors import NotFound
from registry.base.ids import uuid7

NOBODY = Q(pk__in=())
EVERYBODY = Q()

Row = TypeVar("Row", bound="Record")


class RecordQuerySet(models.QuerySet[Row]):
    """A queryset that can be narrowed to what an actor may see."""

    def visible_to(self, actor: Actor) -> Self:
        """The rows the actor may see; the platform's relays see all. Heavy columns are read when they are asked for."""
        if actor is SYSTEM:
            return self
        seen = self.filter(self.model.visibility(actor)).defer(*self.model.heavy)
        return seen.distinct() if self.model.visibility_joins else seen

    def find(self, actor: Actor, pk: UUID, *, field: str = "id") -> Row:
        """One visible row.

        Raises:
            NotFound: there is none, or the actor may not see it.
        """
        row = self.visible_to(actor).filter(pk=pk).first()
        if row is None:
            raise NotFound(field=(field,), noun=str(self.model._meta.verbose_name))  # noqa: SLF001 Django's documented model API
        return row

    def lock(self, pk: UUID) -> Row:
        """One row, locked until the transaction ends; services lock in primary-key order."""
        return self.select_for_update(of=("self",)).get(pk=pk)


RecordManager = models.Manager.from_queryset(RecordQuerySet)


class Record(models.Model):
    """A table with a UUIDv7 key and one rule of visibility."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    objects = RecordManager()
    visibility_joins = False
    """True where the rule crosses a to-many relation, so that rows could come twice."""
    heavy: tuple[str, ...] = ()
    """Columns that may hold megabytes: a page of rows reads none of them unless somebody asks for one."""

    class Meta:
        abstract = True

    def __str__(self) -> str:
        """Type and key."""
        return f"{self._meta.verbose_name} {self.pk}"

    @classmethod
    def visibility(cls, actor: Actor) -> Q:
        """The condition under which the actor may see a row. Every model states its own."""
        raise NotImplementedError


def text_choices(states: type[models.TextChoices]) -> dict[str, Any]:
    """Column arguments of a state column: the choices and a width that fits them."""
    return {"choices": states.choices, "max_length": 32}
