"""What is the matter with certificates now, read from the register at the moment of use: nothing is copied that could fall behind.

Revoked is a certificate that was issued in error, and one that states a right as the register no longer has it. Suspended is one on whose
object a hold rests, so that the register grants nothing new in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db.models import Q, TextChoices

from registry.base import clock
from registry.certificates.bitstring import encode
from registry.certificates.data_integrity import proof_options, signing_input, with_proof
from registry.certificates.did import did_web, method_id
from registry.certificates.issuer import certificate_signer
from registry.certificates.models import STATUS_LIST_BITS, Certificate, CertificateRevocation, StatedRight, StatusList
from registry.certificates.statements import VC_CONTEXT, instant, status_list_url
from registry.log.canonical import canonical
from registry.log.selectors import latest_checkpoint
from registry.rights.models import Grant
from registry.rights.selectors import held_objects, holds_on
from registry.rights.states import RevocationState
from registry.rules.calendar import china_date

PERIOD: Final = timedelta(minutes=1)
"""A list is dated by the minute, so that it has the same bytes, and the same ETag, until a bit or the minute changes."""
LIFE: Final = timedelta(hours=1)
"""How long a copy of a list may be relied on: who holds back a revocation can do so for no longer."""
REASONS_MAX: Final = 25
"""Reasons that are told, the gravest first; the state counts all."""


class State(TextChoices):
    """What a certificate is worth now."""

    VALID = "VALID", "有效"
    SUSPENDED = "SUSPENDED", "中止"
    REVOKED = "REVOKED", "撤销"
    EXPIRED = "EXPIRED", "期满"


class Cause(TextChoices):
    """Why it is not valid."""

    ISSUED_IN_ERROR = "ISSUED_IN_ERROR", "错误核发"
    RIGHT_CHANGED = "RIGHT_CHANGED", "权利变更或终止"
    HELD = "HELD", "权利受限"
    TERM_OVER = "TERM_OVER", "期限届满"


CONSEQUENCES: Final = {
    Cause.ISSUED_IN_ERROR: State.REVOKED,
    Cause.RIGHT_CHANGED: State.REVOKED,
    Cause.TERM_OVER: State.EXPIRED,
    Cause.HELD: State.SUSPENDED,
}
"""What each cause makes of a certificate, the gravest first."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One cause, and the event in the log that it rests on; None for the mere passing of time, and for a right that never began."""

    cause: Cause
    event: UUID | None


@dataclass(frozen=True, slots=True)
class Status:
    """What a certificate is worth, as of every entry below ``size``, that of the latest checkpoint, and perhaps a few later ones."""

    state: State
    reasons: tuple[Reason, ...]
    size: int


def status_of(certificate: Certificate) -> Status:
    """What a certificate is worth now."""
    checkpoint = latest_checkpoint()  # before the register is read, which then holds at least what the checkpoint covers
    found = [*_revocations(certificate), *_changed_rights(certificate), *_term_over(certificate)]
    found += [Reason(Cause.HELD, hold.event_id) for hold in holds_on(certificate.object_id)]
    causes = {reason.cause for reason in found}
    state = next((state for cause, state in CONSEQUENCES.items() if cause in causes), State.VALID)
    return Status(state, tuple(found[:REASONS_MAX]), checkpoint.size if checkpoint else 0)


def places_set(purpose: str, list_number: int) -> list[int]:
    """The places of a list at which the status of its purpose holds now."""
    rows = Certificate.objects.filter(status_list=list_number)
    if purpose == "suspension":
        concerned = rows.filter(object__in=held_objects())
    else:
        changed = StatedRight.objects.filter(grant__recorded__upper_inf=False).values("certificate")
        in_error = CertificateRevocation.objects.filter(state=RevocationState.DONE).values("certificate")
        concerned = rows.filter(Q(pk__in=changed) | Q(pk__in=in_error))
    return list(concerned.values_list("status_index", flat=True))


def status_list_credential(purpose: str, list_number: int) -> dict[str, Any] | None:
    """A status list as a secured credential, dated by the minute; None where there is no such list.

    Raises:
        CannotSign: the issuer's key cannot be used.
    """
    if not StatusList.objects.filter(pk=list_number).exists():
        return None
    signer, now = certificate_signer(), clock.now()
    since = now - timedelta(seconds=now.timestamp() % PERIOD.total_seconds())
    url, did = status_list_url(settings.EGRET_PUBLIC_URL, purpose, list_number), did_web(settings.EGRET_PUBLIC_URL)
    document: dict[str, Any] = {
        "@context": [VC_CONTEXT],
        "id": url,
        "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "issuer": did,
        "validFrom": instant(since),
        "validUntil": instant(since + LIFE),
        "credentialSubject": {
            "id": f"{url}#list",
            "type": "BitstringStatusList",
            "statusPurpose": purpose,
            "encodedList": encode(places_set(purpose, list_number), STATUS_LIST_BITS),
        },
    }
    options = proof_options(document, method=method_id(did, signer.public_key), created=instant(since))
    return with_proof(document, options, signer.sign(signing_input(canonical(document), options)))


def _revocations(certificate: Certificate) -> list[Reason]:
    done = certificate.revocations.filter(state=RevocationState.DONE).values_list("event_id", flat=True)
    return [Reason(Cause.ISSUED_IN_ERROR, event) for event in done]


def _changed_rights(certificate: Certificate) -> list[Reason]:
    closed = Grant.objects.filter(pk__in=certificate.stated.values("grant"), recorded__upper_inf=False)
    events = []
    for grant in closed.order_by("kind", "id"):
        following = Grant.objects.filter(origin=grant.origin_id, recorded__startswith=grant.recorded.upper)
        events.append(following.values_list("event_id", flat=True).first())
    return [Reason(Cause.RIGHT_CHANGED, event) for event in dict.fromkeys(events)]


def _term_over(certificate: Certificate) -> list[Reason]:
    last = max((stated.grant.valid.upper for stated in certificate.stated.select_related("grant")), default=None)
    over = last is not None and last <= china_date(clock.now())
    return [Reason(Cause.TERM_OVER, None)] if over else []
