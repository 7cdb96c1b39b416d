"""The public pages. Each reads through selectors, as anybody may read, and writes nothing."""

from http import HTTPStatus
from typing import Final

from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from django.views.defaults import bad_request

from listings.catalogue.selectors import SEARCH_MAX
from marketplace.console.pages import page
from marketplace.console.reader import PUBLIC_READER
from marketplace.console.shown import ShownProduct, listed_products, percent, shown_models
from pricing.fees.selectors import NoSchedule, schedule_current
from registry.base.errors import BadInput
from registry.filings.selectors import filing_page
from registry.filings.states import State as FilingState
from registry.log.selectors import entry_page, latest_checkpoint, verifier_key

SHOWN_MAX: Final = 50


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """What this market is, the three rights, and where to go."""
    return page(request, "console/home.html")


@require_safe
def catalogue(request: HttpRequest) -> HttpResponse:
    """The listed products with their open offers, found by text if asked."""
    text, found, refusal = request.GET.get("q", "").replace("\x00", ""), list[ShownProduct](), ""
    try:
        found = listed_products(text=text, limit=SHOWN_MAX + 1)
    except BadInput as error:
        refusal = error.text()
    shown = {"products": found[:SHOWN_MAX], "more": len(found) > SHOWN_MAX}
    context = {"text": text[:SEARCH_MAX], "text_max": SEARCH_MAX, "refusal": refusal, **shown}
    return page(request, "console/catalogue.html", context, status=HTTPStatus.BAD_REQUEST if refusal else HTTPStatus.OK)


@require_safe
def notices(request: HttpRequest) -> HttpResponse:
    """The filings on public notice, newest first."""
    rows = filing_page(actor=PUBLIC_READER, state=FilingState.PUBLICISED).select_related("applicant").order_by("-id")
    found = list(rows[: SHOWN_MAX + 1])
    return page(request, "console/notices.html", {"filings": found[:SHOWN_MAX], "more": len(found) > SHOWN_MAX})


@require_safe
def log(request: HttpRequest) -> HttpResponse:
    """The latest checkpoint, the key that verifies it, and the newest entries that are public."""
    entries = entry_page(actor=PUBLIC_READER).order_by("-id")[:SHOWN_MAX]
    return page(request, "console/log.html", {"checkpoint": latest_checkpoint(), "verifier_key": verifier_key(), "entries": entries})


@require_safe
def pricing(request: HttpRequest) -> HttpResponse:
    """Every pricing model that can be picked, with its worked example."""
    return page(request, "console/pricing.html", {"models": shown_models()})


@require_safe
def fees(request: HttpRequest) -> HttpResponse:
    """The fee schedule in force."""
    try:
        schedule = schedule_current()
    except NoSchedule:
        return page(request, "console/fees.html")
    rates = {name: percent(getattr(schedule, f"{name}_ppm")) for name in ("platform", "institution", "gateway")}
    return page(request, "console/fees.html", {"schedule": schedule, "rates": rates})


def absent(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 what Django tells a handler
    """What is told at an address that leads nowhere."""
    return _refused(request, HTTPStatus.NOT_FOUND)


def only_read(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001 what Django tells a handler
    """What is told where Django misses a form's token: no form here writes, and whatever takes a key is exempt, so it is a page."""
    response = _refused(request, HTTPStatus.METHOD_NOT_ALLOWED)
    response["Allow"] = "GET, HEAD"
    return response


def _refused(request: HttpRequest, status: HTTPStatus) -> HttpResponse:
    try:
        return page(request, "console/refused.html", {"written": status == HTTPStatus.METHOD_NOT_ALLOWED}, status=status)
    except SuspiciousOperation as error:  # a query that Django does not read
        return bad_request(request, error)
