"""What a client is told of an error: our own typed errors and the standard's request errors; of anything else, a request id."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db import DataError
from django.utils.translation import gettext, gettext_noop
from graphql import FieldNode, GraphQLError

from registry.base.errors import EgretError, Forbidden, Unauthenticated

logger = logging.getLogger(__name__)

REQUEST_CODE: Final = "BAD_QUERY"
ARGUMENT: Final = "Argument '"
"""How graphql-core begins the one field error of its own that a client causes: a variable that turned out null or missing."""


class OutOfRange(EgretError):
    """The database cannot hold a value of the request."""

    code = "BAD_INPUT"
    message = gettext_noop("A value of the request is out of range.")
    remedy = gettext_noop("Correct the value and send the request again.")


@dataclass(frozen=True, slots=True)
class Masked:
    """An error as the client sees it, and what the audit needs to know."""

    body: dict[str, Any]
    code: str
    field: str
    """The schema's name of the field that failed, empty for an error of the request."""

    @property
    def refused(self) -> bool:
        """Whether somebody asked for what they may not have."""
        return self.code in {Unauthenticated.code, Forbidden.code}


def request_error(error: EgretError, request_id: UUID) -> Masked:
    """A typed error met before execution."""
    return Masked({"message": error.text(), "extensions": _extensions(error, request_id)}, error.code, "")


def internal_error(request_id: UUID) -> Masked:
    """Any other error met before execution; the caller has logged it."""
    return request_error(EgretError(), request_id)


def graphql_error(error: GraphQLError, request_id: UUID) -> Masked:
    """An error that graphql-core collected: of the document, of a variable, or of a field's resolver."""
    shown = error.formatted
    body: dict[str, Any] = {name: shown[name] for name in ("locations", "path") if name in shown}
    if error.path is None:
        extensions = {"code": REQUEST_CODE, "requestId": str(request_id)}
        return Masked({"message": _without_foreign_text(error), **body, "extensions": extensions}, REQUEST_CODE, "")
    node = error.nodes[0] if error.nodes else None
    field = node.name.value if isinstance(node, FieldNode) else ""
    typed = _typed(error)
    if isinstance(error.original_error, GraphQLError | None) and error.message.startswith(ARGUMENT):
        extensions = {"code": REQUEST_CODE, "requestId": str(request_id)}
        return Masked({"message": error.message, **body, "extensions": extensions}, REQUEST_CODE, field)
    if typed is None:
        cause = error.original_error or error
        logger.error("request %s: field %s failed", request_id, field, exc_info=(type(cause), cause, cause.__traceback__))
        typed = EgretError()
    return Masked({"message": typed.text(), **body, "extensions": _extensions(typed, request_id)}, typed.code, field)


def _typed(error: GraphQLError) -> EgretError | None:
    cause = error.original_error
    if isinstance(cause, EgretError):
        return cause
    return OutOfRange() if isinstance(cause, DataError) else None


def _extensions(error: EgretError, request_id: UUID) -> Mapping[str, Any]:
    extensions = {"code": error.code, "requestId": str(request_id), "remedy": error.advice()}
    return {**extensions, "field": list(error.field)} if error.field else extensions


def _without_foreign_text(error: GraphQLError) -> str:
    """graphql-core appends the text of whatever a scalar's parser raised; only its own and ours are for clients."""
    cause = error.original_error
    if cause is None or isinstance(cause, GraphQLError):
        return error.message
    kept, _, _ = error.message.partition(str(cause) or "\x00")
    return kept.rstrip(" ;.") + "." if kept else gettext("A value has the wrong form.")
