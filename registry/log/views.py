"""Serves the log's files to anybody, without a key: a proxy or an object store may do it instead.

Source: C2SP tlog-tiles.
"""

from http import HTTPStatus
from typing import Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from registry.log.files import LogFiles
from registry.log.models import LogState
from registry.log.tiles import CHECKPOINT_PATH

FOR_EVER: Final = "public, max-age=31536000, immutable"
SECONDS: Final = "public, max-age=2"


@require_safe
def checkpoint(_request: HttpRequest, log_id: UUID) -> HttpResponse:
    """The latest checkpoint, a signed note."""
    return _answer(log_id, CHECKPOINT_PATH, "text/plain; charset=utf-8", SECONDS)


@require_safe
def tile(_request: HttpRequest, log_id: str, file: str) -> HttpResponse:
    """A tile or an entry bundle; its bytes never change."""
    try:
        return _answer(UUID(log_id), file, "application/octet-stream", FOR_EVER)
    except ValueError:
        return HttpResponse(status=HTTPStatus.NOT_FOUND)


def _answer(log_id: UUID, path: str, content_type: str, cached: str) -> HttpResponse:
    known = LogState.objects.filter(log_id=log_id).exists()
    content = LogFiles.of(log_id).read(path) if known else None
    if content is None:
        return HttpResponse("there is no such file of this log\n", status=HTTPStatus.NOT_FOUND, content_type="text/plain; charset=utf-8")
    answer = HttpResponse(content, content_type=content_type)
    answer["Cache-Control"] = cached
    answer["Access-Control-Allow-Origin"] = "*"  # a verifier may be a page of somebody else's
    return answer
