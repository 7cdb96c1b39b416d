"""Where the gateway speaks to us: verified, recorded, answered; nothing is acted on here."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from registry.base import work
from settlement.payments.errors import GatewayOff
from settlement.payments.gateway import BadSignature
from settlement.payments.services import gateway
from settlement.payments.stripe_gateway import MAX_WEBHOOK_BYTES


@csrf_exempt
@require_POST
def stripe_webhook(request: HttpRequest) -> HttpResponse:
    """Record a signed message: 200 once it is stored (again, if repeated), 400 for a bad signature, 413 if it is too large."""
    if int(request.headers.get("Content-Length") or 0) > MAX_WEBHOOK_BYTES:
        return HttpResponse(status=413)
    try:
        event = gateway().verify_webhook(payload=request.body, signature=request.headers.get("Stripe-Signature", ""))
    except (BadSignature, GatewayOff):
        return HttpResponse(status=400)
    work.receive(source="stripe", external_id=event.event_id, payload=request.body)
    return HttpResponse(status=200)
