"""Why a request is refused before anything is executed, each with the HTTP status that says so."""

from typing import ClassVar

from django.utils.translation import gettext_noop
from graphql import GraphQLError

from registry.base.errors import EgretError


class RequestRefused(EgretError):
    """A request that is no acceptable GraphQL request. Nothing was executed."""

    code = "BAD_REQUEST"
    message = gettext_noop("This is not a GraphQL request: %(reason)s")
    remedy = gettext_noop('Send a JSON object such as {"query": "{ clock { now } }"} by POST.')
    status: ClassVar[int] = 400


class MethodRefused(RequestRefused):
    """Only POST executes, so that no link and no form can."""

    message = gettext_noop("Only POST is accepted here.")
    status = 405


class NotAcceptable(RequestRefused):
    """The client accepts no media type that a GraphQL answer has."""

    message = gettext_noop("The Accept header names no media type that this API answers in.")
    remedy = gettext_noop("Accept application/graphql-response+json or application/json.")
    status = 406


class BodyTooLarge(RequestRefused):
    """The body is longer than the limit."""

    message = gettext_noop("The request body is longer than %(limit)s bytes.")
    remedy = gettext_noop("Send a shorter document, or move long values to an upload.")
    status = 413


class MediaTypeRefused(RequestRefused):
    """A body that is not JSON: forms could be sent by any page in a browser."""

    message = gettext_noop("The body must be application/json in UTF-8.")
    remedy = gettext_noop("Send the header Content-Type: application/json.")
    status = 415


class CostExceeded(RequestRefused):
    """The query could return more than one request may ask for."""

    code = "COST_EXCEEDED"
    message = gettext_noop("This query costs %(requested)s points; one request may cost %(maximum)s.")
    remedy = gettext_noop("Ask for shorter pages or fewer nested lists.")


class LimitExceeded(RequestRefused):
    """The document is longer, deeper or wider than any client needs."""

    code = "BAD_QUERY"
    message = gettext_noop("The document goes over a limit: at most %(limit)s %(what)s.")
    remedy = gettext_noop("Split it into several requests.")


class BadDocument(Exception):
    """A document that cannot be parsed, or breaks a rule of the schema; carries graphql-core's errors."""

    def __init__(self, errors: list[GraphQLError]) -> None:
        """Keep the errors."""
        super().__init__(errors)
        self.errors = errors
