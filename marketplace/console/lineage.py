"""What an object was made from and what was made from it, a few steps to either side, as the register says."""

from dataclasses import dataclass
from typing import Final, Literal
from uuid import UUID

from django.urls import reverse

from marketplace.console.derivation import Node, Picture, picture
from marketplace.console.reader import PUBLIC_READER
from registry.rights.models import MadeFrom, RegisteredObject

STEPS_MAX: Final = 3
"""Steps of derivation that are shown to either side."""
SIDE_MAX: Final = 12
"""Objects that are shown on either side."""
Side = Literal["source", "object"]


@dataclass(frozen=True, slots=True)
class Lineage:
    """The neighbours of an object.

    Attributes:
        picture: what it was made from and what was made from it; None for an object that stands alone.
        more: there is more than is shown.
    """

    picture: Picture | None
    more: bool


@dataclass(slots=True)
class _Walk:
    """What was found to one side: each object with its steps away (the longest way counts), and pairs of source and product."""

    steps: dict[UUID, int]
    objects: dict[UUID, RegisteredObject]
    edges: dict[tuple[str, str], None]
    more: bool = False


def lineage_of(row: RegisteredObject) -> Lineage:
    """The neighbours of an object, in at most eight queries."""
    up, down = _walk(row.pk, near="object", far="source"), _walk(row.pk, near="source", far="object")
    nodes = [_node(row, 0)]
    nodes += [_node(found, -up.steps[key]) for key, found in up.objects.items()]
    nodes += [_node(found, down.steps[key]) for key, found in down.objects.items()]
    drawn = picture(nodes, [*up.edges, *down.edges]) if len(nodes) > 1 else None
    return Lineage(drawn, up.more or down.more)


def object_path(identifier: str) -> str:
    """The path of an object's page; empty where it has no identifier."""
    prefix, _, suffix = identifier.partition("/")
    return reverse("object", args=[prefix, suffix]) if suffix else ""


def _walk(start: UUID, *, near: Side, far: Side) -> _Walk:
    walk, level = _Walk({}, {}, {}), {start}
    for step in range(1, STEPS_MAX + 2):
        links = MadeFrom.objects.visible_to(PUBLIC_READER).filter(**{f"{near}__in": level}).select_related(f"{far}__owner").order_by("id")
        level = set()
        for link in links[: SIDE_MAX * SIDE_MAX]:
            found: RegisteredObject = getattr(link, far)
            if step > STEPS_MAX or (found.pk not in walk.objects and len(walk.objects) == SIDE_MAX):
                walk.more = True
                continue
            walk.objects[found.pk], walk.steps[found.pk] = found, step
            walk.edges[str(link.source_id), str(link.object_id)] = None
            level.add(found.pk)
        if not level:
            break
    return walk


def _node(row: RegisteredObject, distance: int) -> Node:
    owner = row.owner
    names = owner.name_zh or owner.name_en, owner.name_en or owner.name_zh
    return Node(str(row.pk), object_path(row.identifier), row.name, names, distance)
