"""Addresses for programs: the same bytes for everybody in every language, which caches may keep and pages of any origin may read."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any, Final, TypeVar, cast

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed
from django.middleware.locale import LocaleMiddleware
from django.views.decorators.csrf import csrf_exempt

READING: Final = ("GET", "HEAD", "OPTIONS")
PREFLIGHT: Final = {
    "Allow": ", ".join(READING),
    "Access-Control-Allow-Methods": ", ".join(READING),
    "Access-Control-Allow-Headers": "Accept, Content-Type, If-None-Match",
    "Access-Control-Max-Age": "86400",
}
"""The answer to OPTIONS. Source: Fetch, 3.3 (CORS protocol)."""
EXPOSED: Final = "ETag, Location, Retry-After"
"""Headers that a page may read, beside those that every page may."""

_View = TypeVar("_View", bound=Callable[..., HttpResponseBase])


def public_document(view: _View) -> _View:
    """Have a view answer GET and HEAD to pages of any origin, and OPTIONS, by which a browser asks first; 405 to any other method.

    Its answers are of no language: what varies by one all the same, such as a page that refuses, must say so itself.
    """

    @wraps(view)
    def answer(request: HttpRequest, *given: Any, **named: Any) -> HttpResponseBase:
        response: HttpResponseBase
        if request.method == "OPTIONS":
            response = HttpResponse(status=HTTPStatus.NO_CONTENT, headers=PREFLIGHT)
        elif request.method in READING:
            response = view(request, *given, **named)
        else:
            response = HttpResponseNotAllowed(READING)
        response["Access-Control-Allow-Origin"] = "*"
        response["Access-Control-Expose-Headers"] = EXPOSED
        return response

    # nothing is written here, so what CSRF protects is not at stake, and whoever tries learns what is allowed
    return cast("_View", csrf_exempt(in_no_language(answer)))


def in_no_language(view: _View) -> _View:
    """Have no answer of a view named as in a language, or varying by the reader's."""

    @wraps(view)
    def answer(*given: Any, **named: Any) -> HttpResponseBase:
        return view(*given, **named)

    answer.in_no_language = True  # type: ignore[attr-defined]  # marked as Django marks views
    return cast("_View", answer)


class Language(LocaleMiddleware):
    """The reader's language for every view, and ``Vary`` for every answer but those of views that are in none.

    Caches keep an answer that varies by ``Accept-Language`` once for each of the many values of that header.
    """

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Name the language of the answer and that it varies, if it does."""
        found = request.resolver_match
        return response if found and getattr(found.func, "in_no_language", False) else super().process_response(request, response)
