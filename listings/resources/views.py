"""Where files come in: one address for each staged asset, a stream, never held in memory."""

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from listings.resources.errors import AssetFixed, LengthRequired, SizeDiffers, UploadCut, UploadLinkInvalid, UploadTooLarge
from listings.resources.models import Asset
from listings.resources.storing import asset_upload, upload_asset
from registry.base.errors import UserError
from registry.base.graphql import error_row, to_global
from registry.base.limits import UPLOAD_BYTES_MAX

_STATUS = {
    UploadLinkInvalid: HTTPStatus.FORBIDDEN,
    LengthRequired: HTTPStatus.LENGTH_REQUIRED,
    UploadTooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    AssetFixed: HTTPStatus.CONFLICT,
    SizeDiffers: HTTPStatus.CONFLICT,
    UploadCut: HTTPStatus.BAD_REQUEST,
}
_DIGITS_MAX = 15


@csrf_exempt
@require_http_methods(["PUT"])
def upload(request: HttpRequest, token: str) -> HttpResponse:
    """Take an asset's bytes: 200 with their SHA-256; 400 cut, 403 address, 409 state or size, 411 no length, 413 too large."""
    try:
        asset = _receive(request, token)
    except UserError as error:
        return JsonResponse(
            {"error": error_row(error)}, status=_STATUS.get(type(error), HTTPStatus.CONFLICT), headers={"Cache-Control": "no-store"}
        )
    body = {"assetId": to_global("Asset", asset.pk), "sha256": asset.sha256, "size": asset.size, "version": asset.version}
    return JsonResponse(body, headers={"Cache-Control": "no-store"})


def _receive(request: HttpRequest, token: str) -> Asset:
    asset = upload_asset(token)
    stated = request.headers.get("Content-Length") or ""
    if not (stated.isascii() and stated.isdigit()):
        raise LengthRequired
    if len(stated) > _DIGITS_MAX or (length := int(stated)) > UPLOAD_BYTES_MAX:
        raise UploadTooLarge(limit=UPLOAD_BYTES_MAX)
    try:
        return asset_upload(asset=asset, read=request.read, length=length)
    except UnreadablePostError as error:
        raise UploadCut(received="?", sent=length) from error
