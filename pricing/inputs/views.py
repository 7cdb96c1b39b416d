"""Where long inputs come in: one address for each announced file."""

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from pricing.inputs.errors import InputLinkInvalid, InputTooLarge
from pricing.inputs.links import input_at
from pricing.inputs.models import InputFile
from pricing.inputs.services import input_store
from registry.base.errors import UserError
from registry.base.graphql import error_row, to_global

_STATUS = {InputLinkInvalid: HTTPStatus.FORBIDDEN, InputTooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE}


@csrf_exempt
@require_http_methods(["PUT"])
def upload(request: HttpRequest, token: str) -> HttpResponse:
    """Take a file's bytes: 200 with their SHA-256; 400 no JSON, 403 address, 413 another size."""
    try:
        file = _receive(request, token)
    except UserError as error:
        status = _STATUS.get(type(error), HTTPStatus.BAD_REQUEST)
        return JsonResponse({"error": error_row(error)}, status=status, headers={"Cache-Control": "no-store"})
    body = {"inputFileId": to_global("InputFile", file.pk), "sha256": file.sha256, "size": file.size}
    return JsonResponse(body, headers={"Cache-Control": "no-store"})


def _receive(request: HttpRequest, token: str) -> InputFile:
    file = input_at(token)
    try:
        body = request.read(file.size + 1)
    except UnreadablePostError as error:
        raise InputTooLarge(limit=file.size) from error
    return input_store(file=file, body=body)
