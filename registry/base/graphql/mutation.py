"""The base of every mutation: one ``input``, one payload with ``userErrors``, typed errors turned into rows."""

import inspect
from datetime import UTC, datetime
from typing import Any, ClassVar
from uuid import UUID

import graphene
from graphene.types.field import Field
from graphene.types.unmountedtype import UnmountedType
from graphene.utils.str_converters import to_camel_case

from registry.base.errors import BadInput, UserError
from registry.base.graphql.globalid import IdOf, from_global
from registry.base.graphql.types import UserErrorType, actor_of, stored
from registry.base.limits import TEXT_MAX

MUTATIONS: dict[str, type["Mutation"]] = {}
"""Every mutation by its GraphQL name."""


class Mutation:
    """A write. Subclasses state ``Input``, payload fields, and ``perform(actor, **given)``, which calls one service.

    ``perform`` gets decoded values: UUIDs for ``IdOf`` fields, snake_case names, optional fields absent when not sent.
    """

    Input: ClassVar[type]
    payload_type: ClassVar[Any]
    input_type: ClassVar[Any]

    def __init__(self, **values: Any) -> None:
        """Keep the payload's values; ``user_errors`` is empty unless given."""
        self.user_errors: list[dict[str, Any]] = []
        self.__dict__.update(values)

    def __init_subclass__(cls) -> None:
        """Build the input and payload types and register the mutation under its noun-verb name."""
        fields = {name: value for name, value in vars(cls).items() if isinstance(value, Field | UnmountedType)}
        errors = graphene.NonNull(graphene.List(graphene.NonNull(UserErrorType)))
        cls.payload_type = type(f"{cls.__name__}Payload", (graphene.ObjectType,), {**fields, "user_errors": errors})
        inputs = {name: value for name, value in vars(cls.Input).items() if not name.startswith("__")}
        cls.input_type = type(f"{cls.__name__}Input", (graphene.InputObjectType,), inputs)
        name = to_camel_case(cls.__name__[0].lower() + cls.__name__[1:])
        if name in MUTATIONS:
            message = f"two mutations are called {name}"
            raise ValueError(message)
        MUTATIONS[name] = cls
        for name in fields:
            setattr(cls, name, None)

    @classmethod
    def field(cls) -> graphene.Field:
        """The root field."""
        return Field(
            graphene.NonNull(cls.payload_type),
            input=graphene.Argument(cls.input_type, required=True),
            resolver=cls._resolve,
            description=inspect.cleandoc(cls.__doc__ or ""),
        )

    @classmethod
    def perform(cls, *_args: Any, **_given: Any) -> "Mutation":
        """Call the service and return the payload."""
        raise NotImplementedError

    @classmethod
    def _resolve(cls, _root: Any, info: graphene.ResolveInfo, input: dict[str, Any]) -> "Mutation":  # noqa: A002 the schema's argument name
        try:
            return cls.perform(actor_of(info), **_decode(cls.input_type, input, ()))
        except UserError as error:
            return cls(user_errors=[error_row(error)])


def error_row(error: UserError) -> dict[str, Any]:
    """A typed error as a row of ``userErrors`` in the active language."""
    return {
        "code": error.code,
        "message": error.text(),
        "field": list(error.field) or None,
        "clause": error.params.get("clause"),
        "rule": error.params.get("rule_id"),
        "remedy": error.advice(),
    }


def _decode(kind: Any, given: dict[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    fields = kind._meta.fields  # noqa: SLF001 graphene's documented option object
    return {name: _decode_value(fields[name], value, (*path, to_camel_case(name))) for name, value in given.items()}


def _decode_value(field: Any, value: Any, path: tuple[str, ...]) -> Any:
    if value is None:
        return None
    if isinstance(field, IdOf):
        return [_uuid(item, field.node, path) for item in value] if field.many else _uuid(value, field.node, path)
    inner = _named(field.type)
    if isinstance(value, list):
        return [_decode_one(inner, item, path) for item in value]
    return _decode_one(inner, value, path)


def _decode_one(kind: Any, value: Any, path: tuple[str, ...]) -> Any:
    if isinstance(kind, type) and issubclass(kind, graphene.InputObjectType) and isinstance(value, dict):
        return _decode(kind, value, path)
    if isinstance(value, str) and (len(value) > TEXT_MAX or "\x00" in value):
        raise BadInput(".".join(path), f"at most {TEXT_MAX} characters, none of them NUL")
    return _instant(value, path) if isinstance(value, datetime) else stored(value)


def _instant(value: datetime, path: tuple[str, ...]) -> datetime:
    try:
        if value.tzinfo is not None:
            return value.astimezone(UTC)
    except OverflowError:
        pass  # the first or last hours of the calendar, in a zone where UTC is beyond it
    raise BadInput(".".join(path), "an instant with its offset from UTC, such as 2026-01-31T08:00:00+08:00")


def _uuid(value: str, node: str, path: tuple[str, ...]) -> UUID:
    return from_global(value, expected=node, field=path)


def _named(kind: Any) -> Any:
    while hasattr(kind, "of_type"):
        kind = kind.of_type
    return kind
