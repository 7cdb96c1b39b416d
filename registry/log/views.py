"""Serves the log's files to anybody, without a key: a proxy or an object store may do it instead.

Source: C2SP tlog-tiles.
"""

import logging
from http import HTTPStatus
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from registry.log.files import LogFiles
from registry.log.models import LogState
from registry.log.tiles import CHECKPOINT_PATH, cache_control, content_type

logger = logging.getLogger(__name__)


@require_safe
def checkpoint(_request: HttpRequest, log_id: UUID) -> HttpResponse:
    """The latest checkpoint, a signed note."""
    return _answer(log_id, CHECKPOINT_PATH)


@require_safe
def tile(_request: HttpRequest, log_id: str, file: str) -> HttpResponse:
    """A tile or an entry bundle; its bytes never change."""
    try:
        return _answer(UUID(log_id), file)
    except ValueError:
        return HttpResponse(status=HTTPStatus.NOT_FOUND)


def _answer(log_id: UUID, path: str) -> HttpResponse:
    known = LogState.objects.filter(log_id=log_id).exists()
    try:
        content = LogFiles.of(log_id).read(path) if known else None
    except OSError:
        logger.exception("%s of log %s could not be read", path, log_id)
        return _plain("the log's files cannot be read just now\n", HTTPStatus.SERVICE_UNAVAILABLE)
    if content is None:
        return _plain("there is no such file of this log\n", HTTPStatus.NOT_FOUND)
    answer = HttpResponse(content, content_type=content_type(path))
    answer["Cache-Control"] = cache_control(path)
    answer["Access-Control-Allow-Origin"] = "*"  # a verifier may be a page of somebody else's
    return answer


def _plain(text: str, status: HTTPStatus) -> HttpResponse:
    return HttpResponse(text, status=status, content_type="text/plain; charset=utf-8")
