"""The executor's fast path: plain values are read and serialised directly, everything else goes the library's own way.

Most of a large answer's time is spent on fields that graphene's default resolver reads from a row. For those the plan of a
selection set holds the attribute and the serialiser. Whatever is unusual (a null where none may be, any exception, an argument, a
resolver, a default value, field middleware) falls back to ``execute_field``, so that answers, errors and paths stay the same;
``tests/marketplace/api/test_execution.py`` compares the two on generated queries.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from graphene.types.resolver import dict_or_attr_resolver
from graphql import ExecutionContext, FieldNode, GraphQLObjectType, Undefined, get_nullable_type, is_leaf_type, is_non_null_type
from graphql.execution.execute import get_field_def
from graphql.pyutils import Path


class _Step(NamedTuple):
    """How one response name of a selection set is computed."""

    name: str
    nodes: list[FieldNode]
    attribute: str
    serialize: Callable[[Any], Any] | None
    non_null: bool


class LeafFastPath(ExecutionContext):
    """An execution context for synchronous schemas."""

    def __init__(self, *given: Any, **named: Any) -> None:
        """Start without plans; each lives as long as the request."""
        super().__init__(*given, **named)
        self._plans: dict[int, tuple[dict[str, list[FieldNode]], list[_Step]]] = {}

    def execute_fields(
        self, parent_type: GraphQLObjectType, source_value: Any, path: Path | None, fields: dict[str, list[FieldNode]]
    ) -> dict[str, Any]:
        """Execute a selection set on one row."""
        if self.middleware_manager:
            stock: Any = super().execute_fields(parent_type, source_value, path, fields)  # nothing awaitable in a synchronous schema
            return stock  # type: ignore[no-any-return]
        answer: dict[str, Any] = {}
        is_dict = isinstance(source_value, dict)
        for name, nodes, attribute, serialize, non_null in self._plan(parent_type, fields):
            if serialize is not None:
                try:
                    value = source_value.get(attribute) if is_dict else getattr(source_value, attribute, None)
                    if value is None and not non_null:
                        answer[name] = None
                        continue
                    shown = serialize(value) if value is not None and value is not Undefined and not isinstance(value, Exception) else None
                except Exception:  # noqa: BLE001 the library's way meets it again and reports it with its path
                    shown = None
                if shown is not None and shown is not Undefined:
                    answer[name] = shown
                    continue
            completed = self.execute_field(parent_type, source_value, nodes, Path(path, name, parent_type.name))
            if completed is not Undefined:
                answer[name] = completed
        return answer

    def _plan(self, parent_type: GraphQLObjectType, fields: dict[str, list[FieldNode]]) -> list[_Step]:
        known = self._plans.get(id(fields))
        if known is None:  # the plan holds its fields, so that the id stays theirs
            known = fields, [self._step(parent_type, name, nodes) for name, nodes in fields.items()]
            self._plans[id(fields)] = known
        return known[1]

    def _step(self, parent_type: GraphQLObjectType, name: str, nodes: list[FieldNode]) -> _Step:
        field = get_field_def(self.schema, parent_type, nodes[0])
        if field is not None and not field.args:
            kind: Any = field.type
            attribute, inner = _plain_attribute(field.resolve), get_nullable_type(kind)
            if attribute is not None and is_leaf_type(inner):
                return _Step(name, nodes, attribute, inner.serialize, is_non_null_type(kind))
        return _Step(name, nodes, "", None, non_null=False)


def _plain_attribute(resolve: Any) -> str | None:
    """The attribute that graphene's default resolver reads without a default value, or None for any other resolver."""
    if isinstance(resolve, partial) and resolve.func is dict_or_attr_resolver and not resolve.keywords:
        attribute, default = resolve.args
        return attribute if default is None else None
    return None
