"""Answers a request for a file that an API key opens, the same way for every room that has such files."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse

from registry.base.actor import Actor
from registry.base.errors import EgretError, Unauthenticated, UserError
from registry.base.graphql import error_row
from registry.parties.selectors import actor_for_token


def download(request: HttpRequest, made: Callable[[Actor], bytes], *, filename: str) -> HttpResponse:
    """The zip: 200, 401 without a valid key, 404 for what is not there or not seen, 409 while it cannot be made."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    try:
        if scheme.lower() != "bearer":
            raise Unauthenticated
        content = made(actor_for_token(token.strip()))
    except UserError as error:
        return JsonResponse({"error": error_row(error)}, status=404 if error.code == "NOT_FOUND" else 409)
    except EgretError as error:
        return JsonResponse({"error": {"code": error.code, "message": error.text(), "remedy": error.advice()}}, status=401)
    disposition = f'attachment; filename="{filename}"'
    return HttpResponse(content, content_type="application/zip", headers={"Content-Disposition": disposition, "Cache-Control": "no-store"})
