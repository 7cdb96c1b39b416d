"""Has an authority timestamp what was published, so that when an entry existed at the latest is not the platform's word alone.

What is timestamped is the SHA-256 of a checkpoint as the log signed it: its three lines, the blank one, and the log's own signature lines,
which are the first lines of the published note. Cosignatures come after them and change nothing; and since the log's signature is covered,
a key that is stolen later cannot sign a past that it would have prepared before.

An authority that does not answer, or not well, holds nobody up: the next checkpoint covers everything that this one does.

Source: RFC 3161.
"""

from __future__ import annotations

import logging
import time
from datetime import timedelta
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path
from typing import Final

from cryptography.x509 import load_pem_x509_certificates
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from rfc3161_client import HashAlgorithm, TimeStampRequest, TimestampRequestBuilder, VerifierBuilder, decode_timestamp_response

from registry.base import clock
from registry.log import verifier
from registry.log.asking import post
from registry.log.models import Cosignature, SignedCheckpoint, Timestamp

logger = logging.getLogger(__name__)

TIMEOUT_SECONDS: Final = 10.0
ANSWER_BYTES_MAX: Final = 64 * 1024
EVERY: Final = timedelta(seconds=60)
"""Least time from one timestamp to the next; a log that grows no more gets one for its last checkpoint."""
PAUSE_SECONDS: Final = 60.0
"""How long an authority that gave no good answer is left alone by this process."""
QUERY: Final = "application/timestamp-query"
UNROOTED: Final = "EGRET_TSA_URL needs EGRET_TSA_ROOTS, a PEM file of the roots that its answers are judged by"

_failed_at: dict[str, float] = {}
"""When each authority, by its address, last gave no good answer to this process, on the monotonic clock."""


class BadTimestamp(ValueError):
    """An answer that must not be kept; the message says why."""


def timestamp() -> int:
    """Have the latest checkpoint timestamped if it is time to; returns how many timestamps were added.

    Without EGRET_TSA_URL there is nobody to ask.

    Raises:
        ImproperlyConfigured: no roots are named to judge the answers by.
        OSError, ValueError: the roots cannot be read.
    """
    url = settings.EGRET_TSA_URL
    checkpoint = _next() if url and not _paused(url) else None
    if checkpoint is None:
        return 0
    if not settings.EGRET_TSA_ROOTS:
        raise ImproperlyConfigured(UNROOTED)
    roots, message = Path(settings.EGRET_TSA_ROOTS).read_bytes(), checkpoint.note.encode()
    load_pem_x509_certificates(roots)
    request = TimestampRequestBuilder().data(message).hash_algorithm(HashAlgorithm.SHA256).build()
    status, answer = post(url, request.as_bytes(), content_type=QUERY, seconds=TIMEOUT_SECONDS, most=ANSWER_BYTES_MAX)
    try:
        authority = checked(answer if status == HTTPStatus.OK else b"", request, message, roots)
    except BadTimestamp as error:
        _failed_at[url] = time.monotonic()
        logger.warning("%s gave no timestamp of size %d: status %d, %s", url, checkpoint.size, status, error)
        return 0
    kept = {"token": answer, "authority": authority, "at": clock.now()}
    return int(Timestamp.objects.get_or_create(size=checkpoint.size, defaults=kept)[1])


def checked(answer: bytes, request: TimeStampRequest, message: bytes, roots: bytes) -> str:
    """Check an answer to a request against trusted roots (PEM), and return who gave it.

    It is judged twice: by the library, which knows the request, and by the verifier that outsiders run, since an answer that they would
    refuse is of no use to anybody.

    Raises:
        BadTimestamp: imprint, nonce, signature, chain, purpose, form or time is not what it has to be.
    """
    try:
        builder = VerifierBuilder.from_request(request)
        for root in dict.fromkeys(load_pem_x509_certificates(roots)):
            builder = builder.add_root_certificate(root)
        builder.build().verify_message(decode_timestamp_response(answer), message)
        stamp = verifier.read_stamp(answer)
        authority = verifier.authority_of(stamp, roots)
    except verifier.Refused as refused:
        raise BadTimestamp(refused.args[0].english) from refused
    except Exception as error:  # whatever a hostile answer makes of the library, it is not kept
        raise BadTimestamp(f"{type(error).__name__}: {error}") from error
    if stamp.imprint != sha256(message).digest() or stamp.at > clock.now() + verifier.LEEWAY:
        raise BadTimestamp("another imprint, or a time that has not come yet")
    return authority


def _paused(url: str) -> bool:
    failed = _failed_at.get(url)
    return failed is not None and time.monotonic() - failed < PAUSE_SECONDS


def _next() -> SignedCheckpoint | None:
    """The checkpoint to have timestamped now: the newest that a witness has cosigned, so that a bundle can have both; else the newest."""
    last = Timestamp.objects.order_by("-size").first()
    if last is not None and clock.now() - last.at < EVERY:
        return None
    since = last.size if last else -1
    newer = SignedCheckpoint.objects.filter(size__gt=since).order_by("-size")
    witnessed = Cosignature.objects.filter(size__gt=since).order_by("-size").values("size")[:1]
    return newer.filter(size__in=witnessed).first() or newer.first()
