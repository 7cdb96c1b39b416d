"""What a subject is made of: the objects it grants rights in, everything they were made from, and the licences relied on."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from registry.base.errors import NotFound
from registry.rights.models import Grant, MadeFrom, RegisteredObject
from registry.rights.selectors import known, sources_of


@dataclass(frozen=True, slots=True)
class Lineage:
    """The objects asked about, and all their sources, however indirect; ``on`` is the day judged."""

    objects: tuple[RegisteredObject, ...]
    sources: tuple[RegisteredObject, ...]
    on: date

    @property
    def all(self) -> tuple[RegisteredObject, ...]:
        """The objects and their sources."""
        return (*self.objects, *self.sources)


def lineage_of(object_ids: Collection[UUID], on: date) -> Lineage:
    """The lineage of objects.

    Raises:
        NotFound: one of them is not registered.
    """
    wanted = set(object_ids)
    objects = tuple(RegisteredObject.objects.filter(pk__in=wanted).order_by("id"))
    if len(objects) != len(wanted):
        raise NotFound(noun="registered object")
    return Lineage(objects, sources_of(wanted), on)


def licences_relied_on(object_id: UUID) -> tuple[Grant, ...]:
    """The licence that an object relies on in each of its direct sources, as the register says now."""
    relied = MadeFrom.objects.filter(object=object_id).values("grant")
    return tuple(known(None).filter(origin__in=relied).order_by("id"))
