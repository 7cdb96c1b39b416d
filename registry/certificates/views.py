"""Serves what verifiers need: to anybody the issuer's keys, secured credentials, their signatures and terms; with a key, evidence."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET, require_safe

from registry.base.actor import SYSTEM
from registry.certificates.context import context_of
from registry.certificates.did import did_document, did_web
from registry.certificates.evidence import right_bundle
from registry.certificates.models import Certificate
from registry.certificates.selectors import certificate_page, credential_of, issuer_keys, sm2_signature_of
from registry.parties.downloads import download

FOR_EVER: Final = "public, max-age=31536000, immutable"
MINUTES: Final = "public, max-age=300"
CREDENTIAL: Final = "application/vc"
"""Media type of a credential secured by an embedded proof. Source: W3C Verifiable Credentials Data Model 2.0, 6.2."""


@require_safe
def did(_request: HttpRequest) -> HttpResponse:
    """The DID document: every key that ever signed here."""
    return answer(did_document(did_web(settings.EGRET_PUBLIC_URL), issuer_keys()), "application/did+json", MINUTES)


@require_safe
def context(_request: HttpRequest) -> HttpResponse:
    """The JSON-LD context of certificates."""
    return answer(context_of(settings.EGRET_PUBLIC_URL), "application/ld+json", MINUTES)


@require_safe
def credential(_request: HttpRequest, number: str) -> HttpResponse:
    """A certificate as a secured credential; it never changes."""
    row = _certificate(number)
    return absent("there is no such certificate") if row is None else answer(credential_of(row), CREDENTIAL, FOR_EVER)


@require_safe
def sm2(_request: HttpRequest, number: str) -> HttpResponse:
    """The detached SM2 signature of a certificate."""
    row = _certificate(number)
    signature = None if row is None else sm2_signature_of(row)
    if signature is None:
        return absent("there is no such certificate, or it has no SM2 signature")
    return answer(signature, "application/json", FOR_EVER)


@require_GET
def evidence(request: HttpRequest, grant_id: UUID) -> HttpResponse:
    """The bundle of a right: 200 with the zip, 401 without a valid key, 404 for a right not seen, 409 while it is not complete."""
    return download(request, lambda actor: right_bundle(actor=actor, grant_id=grant_id).content, filename=f"egret-right-{grant_id}.zip")


def answer(content: Mapping[str, Any], content_type: str, cached: str) -> HttpResponse:
    """A JSON document that anybody's program may read, a page's too."""
    response = HttpResponse(json.dumps(content, ensure_ascii=False, separators=(",", ":")), content_type=content_type)
    response["Cache-Control"] = cached
    response["Access-Control-Allow-Origin"] = "*"
    return response


def absent(why: str) -> HttpResponse:
    """A 404 that says what is not there, in the form of RFC 9457."""
    problem = {"type": "about:blank", "title": "Not Found", "status": int(HTTPStatus.NOT_FOUND), "detail": why}
    return HttpResponse(json.dumps(problem), status=HTTPStatus.NOT_FOUND, content_type="application/problem+json")


def _certificate(number: str) -> Certificate | None:
    # a certificate is there to be shown to third parties; it names organisations only
    return certificate_page(actor=SYSTEM, number=number).first()
