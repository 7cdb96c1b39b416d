"""Refuses a document that is too large before validation, whose own work grows faster than the document.

Fragments are walked at each spread, so that what is counted is what would be executed: a limit counted before expansion is
none. The walk needs no recursion and ends after ``DOCUMENT_NODES_MAX`` selections, whatever the fragments do, cycles included.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    OperationDefinitionNode,
    OperationType,
    SelectionNode,
    SelectionSetNode,
)

from marketplace.api.errors import LimitExceeded
from registry.base.limits import (
    DOCUMENT_ALIASES_MAX,
    DOCUMENT_DEPTH_MAX,
    DOCUMENT_DIRECTIVES_MAX,
    DOCUMENT_MUTATIONS_MAX,
    DOCUMENT_NESTING_MAX,
    DOCUMENT_NODES_MAX,
    DOCUMENT_ROOT_FIELDS_MAX,
)

INTROSPECTION: Final = frozenset({"__schema", "__type"})


@dataclass(frozen=True, slots=True)
class _Place:
    """A selection set still to be walked, and where it stands."""

    selections: SelectionSetNode
    depth: int
    """Fields above it; what introspection nests is not counted, for graphql-core's own rule bounds that."""
    nesting: int
    """Selection sets above it, fragments included: what bounds the recursion of everything that comes later."""
    introspecting: bool = False


@dataclass(slots=True)
class _Tally:
    """What one operation would execute."""

    root: OperationDefinitionNode
    nodes: int = 0
    aliases: int = 0
    directives: int = 0
    root_fields: int = 0
    left: list[_Place] = field(default_factory=list)

    def check(self) -> None:
        """Compare with the limits as soon as one is passed."""
        mutations = self.root_fields if self.root.operation is OperationType.MUTATION else 0
        for count, limit, what in (
            (self.nodes, DOCUMENT_NODES_MAX, "selections, fragments expanded"),
            (self.aliases, DOCUMENT_ALIASES_MAX, "aliases"),
            (self.directives, DOCUMENT_DIRECTIVES_MAX, "directives"),
            (self.root_fields, DOCUMENT_ROOT_FIELDS_MAX, "root fields"),
            (mutations, DOCUMENT_MUTATIONS_MAX, "mutation in one request"),
        ):
            if count > limit:
                raise LimitExceeded(limit=limit, what=what)


def check(document: DocumentNode) -> None:
    """Refuse a document over any limit.

    Raises:
        LimitExceeded: names the limit.
    """
    fragments = {one.name.value: one for one in document.definitions if isinstance(one, FragmentDefinitionNode)}
    for operation in document.definitions:
        if isinstance(operation, OperationDefinitionNode):
            _walk(operation, fragments)


def _walk(operation: OperationDefinitionNode, fragments: dict[str, FragmentDefinitionNode]) -> None:
    tally = _Tally(operation)
    tally.directives = len(operation.directives) + sum(len(one.directives) for one in operation.variable_definitions)
    tally.left.append(_Place(operation.selection_set, depth=0, nesting=1))
    while tally.left:
        place = tally.left.pop()
        for selection in place.selections.selections:
            _count(selection, place, tally)
            tally.left.extend(_below(selection, place, fragments))
        tally.check()


def _count(selection: SelectionNode, place: _Place, tally: _Tally) -> None:
    tally.nodes += 1
    tally.directives += len(selection.directives)
    if isinstance(selection, FieldNode):
        tally.aliases += selection.alias is not None
        tally.root_fields += place.depth == 0 and not place.introspecting


def _below(selection: SelectionNode, place: _Place, fragments: dict[str, FragmentDefinitionNode]) -> Iterator[_Place]:
    if isinstance(selection, FragmentSpreadNode):
        fragment = fragments.get(selection.name.value)
        nested = fragment.selection_set if fragment else None  # an unknown name is for validation to report
    else:
        nested = getattr(selection, "selection_set", None)
    if nested is None:
        return
    introspecting, depth = place.introspecting, place.depth
    if isinstance(selection, FieldNode):
        introspecting = introspecting or selection.name.value in INTROSPECTION
        depth += not introspecting
    if depth >= DOCUMENT_DEPTH_MAX:
        raise LimitExceeded(limit=DOCUMENT_DEPTH_MAX, what="levels of fields")
    if place.nesting >= DOCUMENT_NESTING_MAX:
        raise LimitExceeded(limit=DOCUMENT_NESTING_MAX, what="levels of fields and fragments")
    yield _Place(nested, depth, place.nesting + 1, introspecting)
