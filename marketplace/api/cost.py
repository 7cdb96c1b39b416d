"""What a query could return, in points, from the cost that each field declares: known before anything is executed.

A row costs one point and what its own fields cost; a list costs its size times its row; a page's size is its ``first``,
whether written in the document or given as a variable. Plain values are free unless their field declares a cost.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from graphene.utils.str_converters import to_camel_case
from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_composite_type,
    is_list_type,
)

from registry.base.limits import PAGE_NESTED_MAX

INTROSPECTION: Final[Mapping[str, int]] = {"__schema": 5_000, "__type": 500, "__typename": 0}
"""Prices of what every schema has; a whole introspection takes as long as a page of a thousand rows."""

ROWS_MAX: Final = 2**31 - 1
"""What a larger number counts as: enough to be refused, and never too long to print."""

Size = int | str
"""A number of rows, or the name of the variable that holds it."""


@dataclass(frozen=True, slots=True)
class Price:
    """What one selected field costs."""

    own: int
    rows: Size
    row: int
    below: tuple["Price", ...]

    def points(self, variables: Mapping[str, Any]) -> int:
        """The cost under a request's variables."""
        return self.own + _number(self.rows, variables) * (self.row + sum(price.points(variables) for price in self.below))


@dataclass(frozen=True, slots=True)
class OperationPrice:
    """What one operation costs, and the defaults of its variables."""

    fields: tuple[Price, ...]
    defaults: Mapping[str, int]

    def points(self, variables: Mapping[str, Any]) -> int:
        """The cost under a request's variables."""
        return sum(price.points({**self.defaults, **variables}) for price in self.fields)


def prices(schema: GraphQLSchema, document: DocumentNode) -> dict[str | None, OperationPrice]:
    """Price every operation of a valid document, by its name. The guard has bounded the document's depth before."""
    pricing = _Pricing(schema, {one.name.value: one for one in document.definitions if isinstance(one, FragmentDefinitionNode)})
    return {
        operation.name.value if operation.name else None: pricing.operation(operation)
        for operation in document.definitions
        if isinstance(operation, OperationDefinitionNode)
    }


def declared(schema: GraphQLSchema, type_name: str, field_name: str) -> Any:
    """The graphene field behind a field of the schema, where cost and size are declared; None for a field of graphql's own."""
    graphene_type = getattr(schema.type_map[type_name], "graphene_type", None)
    if graphene_type is None:
        return None
    fields = graphene_type._meta.fields  # noqa: SLF001 graphene's documented option object
    return next((field for name, field in fields.items() if (field.name or to_camel_case(name)) == field_name), None)


@dataclass(frozen=True, slots=True)
class _Pricing:
    schema: GraphQLSchema
    fragments: Mapping[str, FragmentDefinitionNode]

    def operation(self, operation: OperationDefinitionNode) -> OperationPrice:
        root = self.schema.get_root_type(operation.operation)
        defaults = {
            one.variable.name.value: _literal(one.default_value)
            for one in operation.variable_definitions
            if isinstance(one.default_value, IntValueNode)
        }
        return OperationPrice(tuple(self._set(operation.selection_set, root, 1)) if root else (), defaults)

    def _set(self, selections: SelectionSetNode | None, parent: Any, page: Size) -> Iterator[Price]:
        for selection in selections.selections if selections else ():
            yield from self._one(selection, parent, page)

    def _one(self, selection: SelectionNode, parent: Any, page: Size) -> Iterator[Price]:
        if isinstance(selection, FieldNode):
            yield self._field(selection, parent, page)
        elif isinstance(selection, InlineFragmentNode):
            condition = selection.type_condition
            yield from self._set(selection.selection_set, self.schema.type_map[condition.name.value] if condition else parent, page)
        elif isinstance(selection, FragmentSpreadNode):
            fragment = self.fragments[selection.name.value]
            yield from self._set(fragment.selection_set, self.schema.type_map[fragment.type_condition.name.value], page)

    def _field(self, node: FieldNode, parent: Any, page: Size) -> Price:
        name = node.name.value
        if name in INTROSPECTION:
            return Price(INTROSPECTION[name], 0, 0, ())
        field: GraphQLField = parent.fields[name]
        tariff = declared(self.schema, parent.name, name)
        kind = get_named_type(field.type)
        rows, row = _rows(field, tariff, page)
        own = getattr(tariff, "cost", None)
        below = self._set(node.selection_set, kind, _first(node) if getattr(tariff, "page", False) else 1)
        return Price(own if own is not None else int(is_composite_type(kind) and not row), rows, row, tuple(below))


def _rows(field: GraphQLField, tariff: Any, page: Size) -> tuple[Size, int]:
    """How many rows the field may return, and what one costs before its own fields."""
    kind: Any = field.type
    if not is_list_type(get_nullable_type(kind)) or not is_composite_type(get_named_type(kind)):
        return 1, 0
    if getattr(tariff, "paged", False):
        return page, 1
    return getattr(tariff, "size", PAGE_NESTED_MAX), 1


def _first(node: FieldNode) -> Size:
    value = next((argument.value for argument in node.arguments if argument.name.value == "first"), None)
    if isinstance(value, VariableNode):
        return value.name.value
    return _literal(value) if isinstance(value, IntValueNode) else 1


def _literal(node: IntValueNode) -> int:
    return int(node.value) if len(node.value) <= len(str(ROWS_MAX)) else ROWS_MAX


def _number(size: Size, variables: Mapping[str, Any]) -> int:
    value = variables.get(size) if isinstance(size, str) else size
    # GraphQL takes 5.0 for 5; what is no number never gets as far as a resolver
    return max(int(min(value, ROWS_MAX)), 0) if isinstance(value, int | float) else 1
