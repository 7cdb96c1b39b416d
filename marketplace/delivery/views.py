"""Hands over files: GET /deliveries/<token> streams the opened bytes and takes note once the last one is gone."""

import hashlib
import logging
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Final

from django.http import HttpRequest, HttpResponseBase, JsonResponse, StreamingHttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from listings.resources.errors import AssetNotReady
from listings.resources.storing import open_asset
from marketplace.delivery.errors import Undeliverable
from marketplace.delivery.services import Handover, delivery_complete, delivery_start
from registry.base.errors import UserError
from registry.base.graphql import error_row
from registry.base.sealed import Erased

logger = logging.getLogger(__name__)

_STATUS: Final[Mapping[type[UserError], int]] = {AssetNotReady: HTTPStatus.NOT_FOUND, Erased: HTTPStatus.GONE}
"""Of the refusals of lower rooms that can reach a link."""


@require_GET
@never_cache
def deliver(request: HttpRequest, token: str) -> HttpResponseBase:  # noqa: ARG001 Django's signature
    """Stream the whole file behind a delivery link; there are no partial answers, for half a file is no use.

    A refusal is JSON, a row like those of ``userErrors``: 403 what stops it, 404 no file, 410 what is over.
    """
    try:
        handover = delivery_start(token=token)
        chunks = open_asset(handover.asset)
        head = next(chunks, b"")  # before the first byte of the answer, so that an erased file is still refused properly
    except UserError as error:
        return _refusal(error)
    response = StreamingHttpResponse(_counted(handover, head, chunks), content_type="application/octet-stream")
    response["Content-Length"] = str(handover.asset.size)
    response["Content-Disposition"] = "attachment"
    response["X-Egret-SHA256"] = handover.asset.sha256
    response["Accept-Ranges"] = "none"
    return response


def _counted(handover: Handover, head: bytes, chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The bytes; asked for one more after the last, the server has passed them all on. Interrupted before, nothing is counted."""
    digest, sent = hashlib.sha256(), 0
    chunk: bytes | None = head
    while chunk:
        digest.update(chunk)
        sent += len(chunk)
        yield chunk
        chunk = next(chunks, None)
    if sent == handover.asset.size and digest.hexdigest() == handover.asset.sha256:
        delivery_complete(handover=handover)
    else:
        logger.error("asset %s: %d bytes were read that are not the registered ones", handover.asset.pk, sent)


def _refusal(error: UserError) -> JsonResponse:
    status = error.status if isinstance(error, Undeliverable) else _STATUS[type(error)]
    return JsonResponse({"error": error_row(error)}, status=status)
