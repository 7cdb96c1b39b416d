"""The evidence bundle as a download, for the sides of the deal, its institution and the regulator."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_GET

from marketplace.deals.evidence import deal_bundle
from marketplace.deals.models import Deal
from registry.base.errors import EgretError, Unauthenticated, UserError
from registry.base.graphql import error_row
from registry.parties.selectors import actor_for_token


@require_GET
def evidence(request: HttpRequest, deal_id: UUID) -> HttpResponse:
    """The bundle: 200 with the zip, 401 without a valid key, 404 for a deal not seen, 409 while it is not complete."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    try:
        if scheme.lower() != "bearer":
            raise Unauthenticated
        deal = Deal.objects.find(actor_for_token(token.strip()), deal_id, field="dealId")
        bundle = deal_bundle(deal)
    except UserError as error:
        return JsonResponse({"error": error_row(error)}, status=404 if error.code == "NOT_FOUND" else 409)
    except EgretError as error:
        return JsonResponse({"error": {"code": error.code, "message": error.text(), "remedy": error.advice()}}, status=401)
    name = f'attachment; filename="egret-deal-{deal.pk}.zip"'
    return HttpResponse(bundle, content_type="application/zip", headers={"Content-Disposition": name, "Cache-Control": "no-store"})
