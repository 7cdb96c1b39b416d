"""The page on which a person tries queries: GraphiQL from this server's own files, so that it works offline and under a strict policy."""

from typing import Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

# GraphiQL writes style attributes as one types; scripts and requests stay with this server
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self'; img-src 'self' data:; "
    "font-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)


@require_safe
def query_page(request: HttpRequest) -> HttpResponse:
    """The page; it holds no data and asks with the key that its reader types in."""
    response = render(request, "api/graphiql.html", {"LANGUAGE_CODE": get_language() or "en"})
    response["Content-Security-Policy"] = POLICY
    return response
