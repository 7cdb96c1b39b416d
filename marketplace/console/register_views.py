"""The pages of certificates and registered objects, which the codes on paper and the identifiers lead to. Each only reads."""

from http import HTTPStatus
from typing import Final
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.views.decorators.http import require_safe

from marketplace.console.derivation import BOX
from marketplace.console.lineage import object_path
from marketplace.console.pages import page
from marketplace.console.reader import PUBLIC_READER
from marketplace.console.register_shown import certificate_row, shown_certificate, shown_object, signed_document
from registry.base.errors import NotFound, UserError
from registry.base.public_documents import public_document
from registry.certificates.errors import InvalidNumber, TooBusy
from registry.certificates.numbers import TEXT_MAX, leaf_in, number_in, number_of, tidy
from registry.certificates.rendering.face import QR_LEAF_HEX
from registry.certificates.rendering.pdf import Busy, certificate_pdf, etag
from registry.certificates.standing import face_of, standing_of
from registry.identifiers.errors import InvalidIdentifier
from registry.identifiers.handles import parse

DOCUMENT_TYPES: Final = ("application/vc", "application/json", "application/ld+json")
MINUTE: Final = "public, max-age=60"
"""What may be a minute old: a paper shows the state of some past instant anyway, and says of which."""
RETRY_SECONDS: Final = 5


@require_safe
def certificates(request: HttpRequest) -> HttpResponse:
    """Where a certificate number or an identifier is typed in; leads on to its page."""
    text = request.GET.get("q")
    if text is None:
        return page(request, "console/certificates.html", {"text_max": TEXT_MAX})
    number = number_in(text)
    if number is not None:
        leaf = leaf_in(text)
        return HttpResponseRedirect(reverse("certificate", args=[number]) + ("" if leaf is None else f"?{urlencode({'leaf': leaf})}"))
    handle = parse(tidy(text))
    if handle is not None:
        return HttpResponseRedirect(object_path(str(handle)))
    return _refused(request, InvalidIdentifier(field=("q",)) if "/" in text else InvalidNumber(field=("q",)))


@require_safe
def certificate(request: HttpRequest, number: str) -> HttpResponse:
    """A certificate's facts and how it stands now; ``?leaf=`` is what the code on a paper says of the deposit."""
    try:
        shown = shown_certificate(number_of(number))
    except UserError as error:
        return _refused(request, error)
    leaf = request.GET.get("leaf")
    matches = leaf is None or leaf.strip().lower() == shown.face.leaf[:QR_LEAF_HEX]
    return page(request, "console/certificate.html", {"shown": shown, "face": shown.face, "scanned": leaf is not None, "matches": matches})


@public_document
def certificate_file(request: HttpRequest, number: str) -> HttpResponse:
    """The certificate as a PDF. A rendering says of which instant; the same state of the register gives the same bytes and ETag."""
    try:
        row = certificate_row(number_of(number))
    except UserError as error:
        return _refused(request, error)
    face, attached = face_of(row, standing_of(row, actor=PUBLIC_READER), actor=PUBLIC_READER), signed_document(row)
    tag = f'"{etag(face, attached)}"'
    answer = get_conditional_response(request, etag=tag)
    if answer is None:
        try:
            answer = HttpResponse(certificate_pdf(face, attached), content_type="application/pdf")
        except Busy:
            refused = _refused(request, TooBusy())
            refused["Retry-After"] = str(RETRY_SECONDS)
            return refused
        answer["Content-Disposition"], answer["Content-Language"] = f'inline; filename="{row.number}.pdf"', "zh-hans, en"
    answer["ETag"], answer["Cache-Control"] = tag, MINUTE
    return answer


@public_document
def certificate_named(request: HttpRequest, number: str) -> HttpResponse:
    """What a credential calls itself: leads a browser to the page, and whoever asks for JSON to the credential."""
    try:
        known = number_of(number)
    except UserError as error:
        return _refused(request, error)
    wanted = request.get_preferred_type(["text/html", *DOCUMENT_TYPES])
    address = reverse("certificate-credential" if wanted in DOCUMENT_TYPES else "certificate", args=[known])
    query = request.META["QUERY_STRING"]
    answer = HttpResponseRedirect(f"{address}?{query}" if query else address)
    patch_vary_headers(answer, ["Accept"])
    return answer


@require_safe
def registered(request: HttpRequest, prefix: str, suffix: str) -> HttpResponse:
    """What an identifier names: the object, its rights, holds and certificates, and what it was made from and into."""
    try:
        shown = shown_object(f"{prefix}/{suffix}")
    except UserError as error:
        return _refused(request, error)
    return page(request, "console/object.html", {"shown": shown, "box_size": BOX})


def _refused(request: HttpRequest, error: UserError) -> HttpResponse:
    """The search page with the reason: 404 for what does not exist, 429 for too much at once, 400 for what cannot exist."""
    busy = HTTPStatus.TOO_MANY_REQUESTS if isinstance(error, TooBusy) else HTTPStatus.BAD_REQUEST
    status = HTTPStatus.NOT_FOUND if isinstance(error, NotFound) else busy
    return page(request, "console/certificates.html", {"refusal": error, "text_max": TEXT_MAX}, status=status)
