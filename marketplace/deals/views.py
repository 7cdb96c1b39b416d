"""The evidence bundle as a download, for the sides of the deal, its institution and the regulator."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from marketplace.deals.evidence import deal_bundle
from marketplace.deals.models import Deal
from registry.parties.downloads import download


@require_GET
def evidence(request: HttpRequest, deal_id: UUID) -> HttpResponse:
    """The bundle: 200 with the zip, 401 without a valid key, 404 for a deal not seen, 409 while it is not complete."""
    return download(
        request, lambda actor: deal_bundle(Deal.objects.find(actor, deal_id, field="dealId")), filename=f"egret-deal-{deal_id}.zip"
    )
