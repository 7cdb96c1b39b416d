"""Reads: references, children and keyset pages, each with the actor's view and one query a relation."""

import base64
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import graphene
from django.db.models import F, QuerySet, Window
from django.db.models.functions import RowNumber
from graphene.utils.str_converters import to_camel_case
from graphql import FieldNode, FragmentSpreadNode, InlineFragmentNode, SelectionSetNode

from registry.base.actor import Actor
from registry.base.errors import BadInput, InvalidId
from registry.base.graphql.globalid import from_global, split_global
from registry.base.graphql.types import NODES, Node, NodeType, actor_of, model_of, stored
from registry.base.limits import PAGE_MAX, PAGE_NESTED_MAX

Lazy = type[NodeType] | Callable[[], type[NodeType]]
COUNT_COST = 10
"""A total counts every visible row, so it costs more than a row."""
CURSOR_VERSION = b"v1:"
CURSOR_BYTES = len(CURSOR_VERSION) + 16


class Ref(graphene.Field):
    """A reference by key, null where the actor may not see the target."""

    cost = 1

    def __init__(self, node: Lazy, attribute: str, **options: Any) -> None:
        """``attribute`` is the column that holds the target's key."""
        self.node, self.attribute = node, attribute
        super().__init__(node, resolver=self._resolve, **options)

    def _resolve(self, root: Any, info: graphene.ResolveInfo) -> Any:
        key = getattr(root, self.attribute)
        node = _target(self.node)
        rows = _cache(info)[node]
        if key is not None and key not in rows:
            _warm_below(self.warm([root], info), node, info)
        return rows.get(key)

    def warm(self, parents: Sequence[Any], info: graphene.ResolveInfo) -> list[Any]:
        """Load the targets of many rows in one query."""
        node = _target(self.node)
        rows = _cache(info)[node]
        keys = {getattr(parent, self.attribute) for parent in parents} - {None}
        missing = keys - rows.keys()
        found = {row.pk: row for row in model_of(node).objects.visible_to(actor_of(info)).filter(pk__in=missing)} if missing else {}  # type: ignore[attr-defined]
        rows.update({key: found.get(key) for key in missing})
        return [row for key in keys if (row := rows[key]) is not None]


class Children(graphene.Field):
    """Rows that point at this one, at most ``PAGE_NESTED_MAX``, as the actor may see them."""

    cost = 1
    size = PAGE_NESTED_MAX

    def __init__(self, node: Lazy, attribute: str, *, key: str = "pk", order: str = "pk", **options: Any) -> None:
        """``attribute`` is the column of the children that holds this row's ``key``."""
        self.node, self.attribute, self.key, self.order = node, attribute, key, order
        kind = graphene.List(graphene.NonNull(node))
        super().__init__(graphene.NonNull(kind), resolver=self._resolve, **options)

    def _resolve(self, root: Any, info: graphene.ResolveInfo) -> list[Any]:
        rows: dict[Any, list[Any]] = _cache(info)[self]
        if getattr(root, self.key) not in rows:
            _warm_below(self.warm([root], info), _target(self.node), info)
        return rows[getattr(root, self.key)]

    def warm(self, parents: Sequence[Any], info: graphene.ResolveInfo) -> list[Any]:
        """Load the children of many rows in one query."""
        model, rows = model_of(_target(self.node)), _cache(info)[self]
        keys = {getattr(parent, self.key) for parent in parents}
        visible = model.objects.visible_to(actor_of(info)).filter(**{f"{self.attribute}__in": keys})  # type: ignore[attr-defined]
        if model.visibility_joins:  # type: ignore[attr-defined]
            # a rank tells apart two copies of one row, so they are made one before they are ranked
            visible = model.objects.filter(pk__in=visible.values("pk"))  # type: ignore[attr-defined]
        # a rank within each parent: one bound on the whole would let a parent with many children starve the others
        place = Window(RowNumber(), partition_by=F(self.attribute), order_by=(self.order, "pk"))
        grouped: dict[Any, list[Any]] = defaultdict(list)
        for row in visible.annotate(place_in_parent=place).filter(place_in_parent__lte=self.size).order_by(self.order, "pk"):
            grouped[getattr(row, self.attribute)].append(row)
        rows.update({key: grouped[key] for key in keys})
        return [row for key in keys for row in rows[key]]


class Looked(graphene.Field):
    """A value that is looked up by a column of the row, for many rows in one query."""

    cost = 1

    def __init__(self, kind: Any, attribute: str, lookup: Callable[[set[Any]], Mapping[Any, Any]], **options: Any) -> None:
        """``lookup`` returns the values by key; a key that it leaves out has none."""
        self.attribute, self.lookup = attribute, lookup
        super().__init__(kind, resolver=self._resolve, **options)

    def _resolve(self, root: Any, info: graphene.ResolveInfo) -> Any:
        key, found = getattr(root, self.attribute), _cache(info)[self]
        if key not in found:
            self.warm([root], info)
        return found[key]

    def warm(self, parents: Sequence[Any], info: graphene.ResolveInfo) -> None:
        """Look up the values of many rows at once."""
        found = _cache(info)[self]
        missing = {getattr(parent, self.attribute) for parent in parents} - found.keys()
        found.update(dict.fromkeys(missing))
        found.update(self.lookup(missing - {None}))


class Items(graphene.Field):
    """A list that a row carries itself, such as a quote's lines; ``size`` is the most it can hold and what the query is charged for."""

    cost = 0

    def __init__(self, kind: Any, *, size: int, required: bool = True, **options: Any) -> None:
        """``kind`` is the type of one item."""
        self.size = size
        listed = graphene.List(graphene.NonNull(kind))
        super().__init__(graphene.NonNull(listed) if required else listed, **options)


class PageInfo(graphene.ObjectType):
    """Where a page ends. 分页信息"""

    has_next_page = graphene.Boolean(required=True)
    end_cursor = graphene.String()


_CONNECTIONS: dict[type[NodeType], Any] = {}


def keyed(selector: Callable[..., QuerySet[Any]], **ids: str) -> Callable[..., QuerySet[Any]]:
    """The selector with its id arguments given as global ids: ``object="RegisteredObject"`` becomes ``object_id=<uuid>``."""

    def select(*, actor: Actor, **given: Any) -> QuerySet[Any]:
        for name, node in ids.items():
            if (value := given.pop(name, None)) is not None:
                given[f"{name}_id"] = from_global(value, expected=node, field=(name,))
        return selector(actor=actor, **given)

    return select


def connection(
    node: type[NodeType], selector: Callable[..., QuerySet[Any]], *, newest_first: bool = True, **arguments: Any
) -> graphene.Field:
    """A root list: keyset pages in the order of the UUIDv7 key; ``first`` is required, at most ``PAGE_MAX``.

    ``selector(actor=…, **arguments)`` returns the queryset that the actor may see.
    """

    def resolve(_root: Any, info: graphene.ResolveInfo, first: int, after: str | None = None, **given: Any) -> dict[str, Any]:
        if not 1 <= first <= PAGE_MAX:
            raise BadInput("first", f"1 to {PAGE_MAX}")
        rows = selector(actor=actor_of(info), **{name: stored(value) for name, value in given.items()})
        page = rows.order_by("-pk" if newest_first else "pk")
        if after is not None:
            page = page.filter(**{"pk__lt" if newest_first else "pk__gt": _key_of(after)})
        found = list(page[: first + 1])
        shown = found[:first]
        warm(shown, node, info, ("nodes",), ("edges", "node"))
        return {
            "nodes": shown,
            "edges": [{"cursor": _cursor(row.pk), "node": row} for row in shown],
            "page_info": {"has_next_page": len(found) > first, "end_cursor": _cursor(shown[-1].pk) if shown else None},
            "total_count": rows.count,
        }

    field = graphene.Field(
        graphene.NonNull(_connection_type(node)), first=graphene.Int(required=True), after=graphene.String(), resolver=resolve, **arguments
    )
    field.cost = 1
    field.page = True
    return field


def node_field() -> graphene.Field:
    """The root field ``node(id:)``: any visible row by its global id, null otherwise."""

    def resolve(_root: Any, info: graphene.ResolveInfo, id: str) -> Any:  # noqa: A002 the schema's argument name
        type_name, key = split_global(id)
        node = NODES.get(type_name)
        if node is None or key is None:
            raise InvalidId(field=("id",), field_name="id", expected="Node")
        return model_of(node).objects.visible_to(actor_of(info)).filter(pk=key).first()  # type: ignore[attr-defined]

    field = graphene.Field(Node, id=graphene.ID(required=True), resolver=resolve, description="Any object by its id. 按标识读取")
    field.cost = 1
    return field


def warm(rows: Sequence[Any], node: type[NodeType], info: graphene.ResolveInfo, *paths: tuple[str, ...]) -> None:
    """Load what the query will ask of these rows, one query a relation, before it is asked row by row."""
    for path in paths:
        for selections in _descend(_root_selections(info), path, info):
            _warm_level(rows, node, selections, info)


def _warm_below(rows: Sequence[Any], node: type[NodeType], info: graphene.ResolveInfo) -> None:
    for selections in _root_selections(info):
        _warm_level(rows, node, selections, info)


def _warm_level(rows: Sequence[Any], node: type[NodeType], selections: SelectionSetNode, info: graphene.ResolveInfo) -> None:
    if not rows:
        return
    fields = {field.name or to_camel_case(name): field for name, field in node._meta.fields.items()}  # noqa: SLF001 graphene's documented option object
    for selected in _fields(selections, info):
        field = fields.get(selected.name.value)
        if isinstance(field, Looked):
            field.warm(rows, info)
        elif isinstance(field, Ref | Children):
            found = field.warm(rows, info)
            if selected.selection_set:
                _warm_level(found, _target(field.node), selected.selection_set, info)


def _root_selections(info: graphene.ResolveInfo) -> list[SelectionSetNode]:
    return [node.selection_set for node in info.field_nodes if node.selection_set]


def _descend(sets: list[SelectionSetNode], path: tuple[str, ...], info: graphene.ResolveInfo) -> list[SelectionSetNode]:
    for name in path:
        sets = [field.selection_set for one in sets for field in _fields(one, info) if field.name.value == name and field.selection_set]
    return sets


def _fields(selections: SelectionSetNode, info: graphene.ResolveInfo) -> Iterable[FieldNode]:
    for selection in selections.selections:
        if isinstance(selection, FieldNode):
            yield selection
        elif isinstance(selection, InlineFragmentNode):
            yield from _fields(selection.selection_set, info)
        elif isinstance(selection, FragmentSpreadNode):
            yield from _fields(info.fragments[selection.name.value].selection_set, info)


def _connection_type(node: type[NodeType]) -> Any:
    if node not in _CONNECTIONS:
        name = node._meta.name  # noqa: SLF001 graphene's documented option object
        total = graphene.Field(graphene.NonNull(graphene.Int), description="Counted only when asked. 总数")
        total.cost = COUNT_COST
        row = graphene.Field(graphene.NonNull(node))
        row.cost = 0  # the edge was charged for it
        edge = type(f"{name}Edge", (graphene.ObjectType,), {"cursor": graphene.String(required=True), "node": row})
        _CONNECTIONS[node] = type(
            f"{name}Connection",
            (graphene.ObjectType,),
            {
                "nodes": _paged(node),
                "edges": _paged(edge),
                "page_info": graphene.NonNull(PageInfo),
                "total_count": total,
                "resolve_total_count": staticmethod(lambda root, _info: root["total_count"]()),
            },
        )
    return _CONNECTIONS[node]


def _paged(kind: Any) -> graphene.Field:
    field = graphene.Field(graphene.NonNull(graphene.List(graphene.NonNull(kind))))
    field.cost, field.paged = 0, True  # as many rows as the connection's ``first``
    return field


def _cursor(key: UUID) -> str:
    return base64.urlsafe_b64encode(CURSOR_VERSION + key.bytes).decode().rstrip("=")


def _key_of(cursor: str) -> UUID:
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    except ValueError:
        raw = b""
    if len(raw) != CURSOR_BYTES or not raw.startswith(CURSOR_VERSION):
        raise BadInput("after", "a cursor that this list returned")
    return UUID(bytes=raw.removeprefix(CURSOR_VERSION))


def _target(node: Lazy) -> type[NodeType]:
    return node if isinstance(node, type) else node()


def _cache(info: graphene.ResolveInfo) -> defaultdict[Any, dict[Any, Any]]:
    if not hasattr(info.context, "row_cache"):
        info.context.row_cache = defaultdict(dict)
    cache: defaultdict[Any, dict[Any, Any]] = info.context.row_cache
    return cache
