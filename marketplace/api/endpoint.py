"""The market's own endpoint, made when it is first asked: migrations and other commands need no schema."""

from collections.abc import Callable
from functools import cache

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from marketplace.api.documents import Documents
from marketplace.api.schema import market_schema
from marketplace.api.view import MarketView


@csrf_exempt  # a bearer key speaks for the caller, never a cookie
def graphql(request: HttpRequest) -> HttpResponse:
    """Answer a GraphQL request over the market's schema."""
    return _view()(request)


@cache
def _view() -> Callable[[HttpRequest], HttpResponse]:
    schema = market_schema()
    view: Callable[[HttpRequest], HttpResponse] = MarketView.as_view(schema=schema, documents=Documents(schema.graphql_schema))
    return view
