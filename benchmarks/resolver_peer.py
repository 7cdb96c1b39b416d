"""What the resolver is measured against: the same look-up through a Django view, and an answer that needs no look-up at all."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path

from registry.identifiers.resolver.answers import as_json, handle_record
from registry.identifiers.selectors import installation, resolve

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

CONSTANT: Final = b'{"responseCode":1,"handle":"","values":[]}' + b" " * 1_300
"""About as long as a record."""


def resolved(_request: HttpRequest, prefix: str, suffix: str) -> HttpResponse:
    """One record, by the room's own selector."""
    record = resolve(f"{prefix}/{suffix}")
    answer = as_json(HttpResponse.status_code, handle_record(record, installation(), record.handle))  # type: ignore[arg-type]
    return HttpResponse(answer.body, content_type="application/json", headers={"ETag": f'"{record.index}"'})


urlpatterns = [path("api/handles/<str:prefix>/<str:suffix>", resolved)]


def constant(_environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
    """The same bytes to everybody: what the web server alone can do."""
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(CONSTANT)))])
    return [CONSTANT]


os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings")
settings.ROOT_URLCONF = __name__
django_view = get_wsgi_application()
