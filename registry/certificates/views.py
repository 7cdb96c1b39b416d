"""Serves what verifiers need: to anybody the issuer's keys, secured credentials, their signatures and terms; with a key, evidence."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from hashlib import sha256
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_GET

from registry.base.actor import SYSTEM
from registry.base.public_documents import public_document
from registry.base.signing import CannotSign
from registry.certificates.context import context_of
from registry.certificates.did import did_document, did_web
from registry.certificates.evidence import right_bundle
from registry.certificates.models import Certificate
from registry.certificates.selectors import certificate_page, credential_of, issuer_keys, sm2_signature_of
from registry.certificates.status import status_list_credential
from registry.parties.downloads import download

logger = logging.getLogger(__name__)

RETRY_SECONDS: Final = 5
FOR_EVER: Final = "public, max-age=31536000, immutable"
MINUTES: Final = "public, max-age=300"
A_MINUTE: Final = "public, max-age=60"
NUMBER_MAX: Final = 2**31 - 1
CREDENTIAL: Final = "application/vc"
"""Media type of a credential secured by an embedded proof. Source: W3C Verifiable Credentials Data Model 2.0, 6.2."""


@public_document
def did(_request: HttpRequest) -> HttpResponse:
    """The DID document: every key that ever signed here."""
    return answer(did_document(did_web(settings.EGRET_PUBLIC_URL), issuer_keys()), "application/did+json", MINUTES)


@public_document
def context(_request: HttpRequest) -> HttpResponse:
    """The JSON-LD context of certificates."""
    return answer(context_of(settings.EGRET_PUBLIC_URL), "application/ld+json", MINUTES)


@public_document
def credential(_request: HttpRequest, number: str) -> HttpResponse:
    """A certificate as a secured credential; it never changes."""
    row = _certificate(number)
    return absent("there is no such certificate") if row is None else answer(credential_of(row), CREDENTIAL, FOR_EVER)


@public_document
def sm2(_request: HttpRequest, number: str) -> HttpResponse:
    """The detached SM2 signature of a certificate."""
    row = _certificate(number)
    signature = None if row is None else sm2_signature_of(row)
    if signature is None:
        return absent("there is no such certificate, or it has no SM2 signature")
    return answer(signature, "application/json", FOR_EVER)


@public_document
def status_list(request: HttpRequest, purpose: str, number: str) -> HttpResponse:
    """The status of a whole list of certificates, as it is now."""
    try:
        listed = status_list_credential(purpose, int(number)) if int(number) <= NUMBER_MAX else None
    except CannotSign:  # its message may name the device; that is for the server's own log
        logger.exception("the issuer's key cannot be used")
        away = problem(HTTPStatus.SERVICE_UNAVAILABLE, "the issuer's key cannot be used right now; ask again later")
        away["Retry-After"] = str(RETRY_SECONDS)
        return away
    if listed is None:
        return absent("there is no such status list")
    response = answer(listed, CREDENTIAL, A_MINUTE)
    response["ETag"] = f'"{sha256(response.content).hexdigest()}"'
    return get_conditional_response(request, etag=response["ETag"], response=response) or response


@require_GET
def evidence(request: HttpRequest, grant_id: UUID) -> HttpResponse:
    """The bundle of a right: 200 with the zip, 401 without a valid key, 404 for a right not seen, 409 while it is not complete."""
    return download(request, lambda actor: right_bundle(actor=actor, grant_id=grant_id).content, filename=f"egret-right-{grant_id}.zip")


def answer(content: Mapping[str, Any], content_type: str, cached: str) -> HttpResponse:
    """A JSON document."""
    response = HttpResponse(json.dumps(content, ensure_ascii=False, separators=(",", ":")), content_type=content_type)
    response["Cache-Control"] = cached
    return response


def absent(why: str) -> HttpResponse:
    """A 404 that says what is not there."""
    return problem(HTTPStatus.NOT_FOUND, why)


def problem(status: HTTPStatus, why: str) -> HttpResponse:
    """An error that a program can read; nobody keeps it, for what is not there yet may come. Source: RFC 9457."""
    told = {"type": "about:blank", "title": status.phrase, "status": int(status), "detail": why}
    response = HttpResponse(json.dumps(told), status=status, content_type="application/problem+json")
    response["Cache-Control"] = "no-store"
    return response


def _certificate(number: str) -> Certificate | None:
    # a certificate is there to be shown to third parties; it names organisations only
    return certificate_page(actor=SYSTEM, number=number).first()
