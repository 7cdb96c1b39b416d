"""How every page is rendered: in the reader's language, under a policy that lets nothing but our own style sheet in."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.utils.timezone import override as in_time_zone
from django.utils.translation import get_language, override

from registry.rules.calendar import CHINA

POLICY: Final = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
CHINESE: Final = "zh-hans"


def page(request: HttpRequest, template: str, context: Mapping[str, Any] | None = None, *, status: int = HTTPStatus.OK) -> HttpResponse:
    """Render a page in the language that ``?lang=`` asks for (and remember it), or else in the request's; times are China's."""
    asked = request.GET.get("lang", "")
    language = asked if asked in dict(settings.LANGUAGES) else get_language() or settings.LANGUAGE_CODE
    with override(language), in_time_zone(CHINA):
        chinese = language == CHINESE
        shared = {"chinese": chinese, "language": language, "path": request.path, "other": _asked(request, "en" if chinese else CHINESE)}
        response = render(request, template, {**shared, **(context or {})}, status=status)
    if language == asked:
        response.set_cookie(settings.LANGUAGE_COOKIE_NAME, language, samesite="Lax", httponly=True, secure=request.is_secure())
    response["Content-Language"] = language
    response["Cache-Control"] = "no-cache"  # a page says how things stand now: a copy of it is asked about before it is shown again
    response["Content-Security-Policy"] = POLICY
    response["Referrer-Policy"] = "no-referrer"
    response["X-Content-Type-Options"] = "nosniff"
    patch_vary_headers(response, ["Accept-Language", "Cookie"])
    return response


def _asked(request: HttpRequest, language: str) -> str:
    """The query of the same page in another language: whoever changes the language asks the same question, a scanned code's too."""
    query = request.GET.copy()
    query["lang"] = language
    return "?" + query.urlencode()
