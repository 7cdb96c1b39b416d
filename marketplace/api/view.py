"""The GraphQL endpoint: cheap checks first, so that what is refused costs little, and one shape for every answer.

size and media type -> API key -> document (cached) -> cost -> execution -> masking -> audit of refusals. No cookie is read
or set: the bearer key alone speaks for the caller, so no page in a browser can make a request in somebody's name.
"""

import json
import logging
import time
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID, uuid4

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from graphene_django.views import GraphQLView
from graphql import ExecutionResult, execute_sync, get_operation_ast

from marketplace.api.body import Asked, read
from marketplace.api.documents import Document, Documents
from marketplace.api.errors import BadDocument, CostExceeded, MethodRefused, NotAcceptable, RequestRefused
from marketplace.api.execution import LeafFastPath
from marketplace.api.masking import Masked, graphql_error, internal_error, request_error
from registry.base import clock
from registry.base.actor import ANONYMOUS, Actor
from registry.base.errors import Unauthenticated
from registry.base.limits import COST_MAX, COST_MAX_ANONYMOUS
from registry.base.models import RefusedAccess
from registry.parties.selectors import actor_for_token

logger = logging.getLogger(__name__)

JSON: Final = "application/json"
GRAPHQL_JSON: Final = "application/graphql-response+json"
OK, BAD_REQUEST, UNAUTHORIZED, FAILED = 200, 400, 401, 500


@dataclass(slots=True)
class Exchange:
    """One request on its way to its answer."""

    request: HttpRequest
    id: UUID = field(default_factory=uuid4)
    media_type: str = JSON
    actor: Actor = ANONYMOUS
    digest: str = ""
    cost: dict[str, int] | None = None
    codes: list[str] = field(default_factory=list)

    def answer(self, status: int, errors: list[Masked], **members: Any) -> HttpResponse:
        """The HTTP response of these members."""
        self.codes = [error.code for error in errors]
        body: dict[str, Any] = {"errors": [error.body for error in errors]} if errors else {}
        extensions: dict[str, Any] = {"requestId": str(self.id)}
        if self.cost:
            extensions["cost"] = self.cost
        content = json.dumps({**body, **members, "extensions": extensions}, ensure_ascii=False, separators=(",", ":"))
        headers = {"X-Request-Id": str(self.id), "Cache-Control": "no-store"}
        return HttpResponse(content.encode(), status=status, content_type=f"{self.media_type}; charset=utf-8", headers=headers)


class MarketView(GraphQLView):
    """graphene-django's view with its own dispatch: POST of JSON only, limits, cached documents, masked errors."""

    documents: Documents | None = None

    def __init__(self, *, documents: Documents, **options: Any) -> None:
        """``documents`` holds the schema's prepared documents for the life of the process."""
        super().__init__(**options)
        self.documents = documents

    def dispatch(self, request: HttpRequest, *_args: Any, **_options: Any) -> HttpResponse:
        """Answer one request; whatever happens, in the shape of the GraphQL-over-HTTP specification."""
        started = time.monotonic()
        exchange = Exchange(request)
        try:
            response = self._respond(exchange)
        except Unauthenticated as error:
            response = exchange.answer(UNAUTHORIZED, [masked := request_error(error, exchange.id)])
            response["WWW-Authenticate"] = "Bearer"
            _audit(exchange, masked, "authenticate")
        except RequestRefused as error:
            response = exchange.answer(error.status, [request_error(error, exchange.id)])
            if isinstance(error, MethodRefused):
                response["Allow"] = "POST"
        except Exception:
            logger.exception("request %s failed", exchange.id)
            response = exchange.answer(FAILED, [internal_error(exchange.id)])
        _log(exchange, response, time.monotonic() - started)
        return response

    def _respond(self, exchange: Exchange) -> HttpResponse:
        request = exchange.request
        chosen = _media_type(request)
        exchange.media_type = chosen or JSON
        if request.method != "POST":
            raise MethodRefused
        if chosen is None:
            raise NotAcceptable
        asked = read(request)
        exchange.actor = _actor(request)
        assert self.documents is not None  # noqa: S101 stated for the type checker; __init__ requires it
        try:
            document = self.documents.get(asked.text)
        except BadDocument as error:
            return self._unexecuted(exchange, ExecutionResult(errors=error.errors))
        exchange.digest = document.digest
        if document.introspection and not exchange.actor.authenticated:
            return self._unexecuted(exchange, ExecutionResult(errors=list(document.introspection)))
        _charge(exchange, document, asked)
        return self._execute(exchange, document, asked)

    def _execute(self, exchange: Exchange, document: Document, asked: Asked) -> HttpResponse:
        context: Any = self.get_context(exchange.request)
        context.actor = exchange.actor
        result = execute_sync(
            self.schema.graphql_schema,
            document.ast,
            root_value=self.get_root_value(exchange.request),
            context_value=context,
            variable_values=asked.variables,
            operation_name=asked.operation,
            middleware=self.get_middleware(exchange.request),
            execution_context_class=LeafFastPath if settings.LEAF_FAST_PATH else None,
            hide_suggestions=True,
        )
        # execution has begun as soon as an error has a path, or there is none
        if result.errors and result.data is None and all(error.path is None for error in result.errors):
            return self._unexecuted(exchange, result)
        errors = [graphql_error(error, exchange.id) for error in result.errors or ()]
        for error in errors:
            if error.refused:
                _audit(exchange, error, error.field)
        return exchange.answer(OK, errors, data=result.data)

    def _unexecuted(self, exchange: Exchange, result: ExecutionResult) -> HttpResponse:
        """A well-formed request whose document or variables are wrong: 400, or 200 for clients of the older media type."""
        errors = [graphql_error(error, exchange.id) for error in result.errors or ()]
        return exchange.answer(OK if exchange.media_type == JSON else BAD_REQUEST, errors)


def _media_type(request: HttpRequest) -> str | None:
    """The media type of the answer that the client likes best; a client without a preference gets plain JSON."""
    for accepted in request.accepted_types:
        name = f"{accepted.main_type}/{accepted.sub_type}"
        if name in {JSON, GRAPHQL_JSON}:
            return name
        if name in {"*/*", "application/*"}:
            return JSON
    return None


def _actor(request: HttpRequest) -> Actor:
    header = request.headers.get("Authorization")
    if header is None:
        return ANONYMOUS
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer":
        raise Unauthenticated
    return actor_for_token(token.strip())


def _charge(exchange: Exchange, document: Document, asked: Asked) -> None:
    operation = get_operation_ast(document.ast, asked.operation)
    if operation is None:
        return  # none of that name, or a choice of several: the executor says which
    maximum = COST_MAX if exchange.actor.authenticated else COST_MAX_ANONYMOUS
    requested = document.prices[operation.name.value if operation.name else None].points(asked.variables)
    exchange.cost = {"requested": requested, "maximum": maximum}
    if requested > maximum:
        raise CostExceeded(requested=requested, maximum=maximum)


def _audit(exchange: Exchange, error: Masked, operation: str) -> None:
    """Write down a refused access, by itself: the refused operation's own transaction is gone."""
    actor = exchange.actor
    RefusedAccess.objects.create(
        at=clock.now(),
        person=actor.person,
        organisation=actor.organisation,
        code=error.code,
        operation=operation[:128],
        request_id=exchange.id,
    )


def _log(exchange: Exchange, response: HttpResponse, seconds: float) -> None:
    facts = {
        "request": str(exchange.id),
        "organisation": str(exchange.actor.organisation or ""),
        "document": exchange.digest[:16],
        "cost": (exchange.cost or {}).get("requested"),
        "status": response.status_code,
        "codes": exchange.codes,
        "ms": round(seconds * 1000, 1),
    }
    logger.info("%s", json.dumps(facts))
