"""Serves the log's files to anybody, without a key: a proxy or an object store may do it instead.

Source: C2SP tlog-tiles.
"""

import logging
from http import HTTPStatus
from uuid import UUID

from django.http import HttpRequest, HttpResponse

from registry.base.public_documents import public_document
from registry.log.files import LogFiles
from registry.log.models import LogState
from registry.log.tiles import CHECKPOINT_PATH, cache_control, content_type

logger = logging.getLogger(__name__)


@public_document
def checkpoint(_request: HttpRequest, log_id: UUID) -> HttpResponse:
    """The latest checkpoint, a signed note."""
    return _answer(log_id, CHECKPOINT_PATH)


@public_document
def tile(_request: HttpRequest, log_id: str, file: str) -> HttpResponse:
    """A tile or an entry bundle; its bytes never change."""
    try:
        known = UUID(log_id)
    except ValueError:
        return _plain("there is no such log\n", HTTPStatus.NOT_FOUND)
    return _answer(known, file)


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
    return answer


def _plain(text: str, status: HTTPStatus) -> HttpResponse:
    # nobody keeps it: the file may come with the log's next growth
    return HttpResponse(text, status=status, content_type="text/plain; charset=utf-8", headers={"Cache-Control": "no-store"})
