"""A certificate for its holder to show in part: the same statement as a token whose claims are disclosed one by one (SD-JWT).

It lives for a day and is given for a valid certificate only, so it needs no pointer to a status list, by which showings could be linked.
What the register publishes is not made secret by it: it keeps a showing from saying more than the holder wants to say.

SD-JWT itself is RFC 9901; its profile for credentials (SD-JWT VC) is a draft still, so the token has a type of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction

from registry.base import clock
from registry.base.actor import SYSTEM, Actor
from registry.base.errors import BadInput, NotFound, Unauthenticated
from registry.base.signing import CannotSign
from registry.base.strict_json import read_json
from registry.certificates import sd_jwt
from registry.certificates.did import method_id
from registry.certificates.errors import NotTheHolder, NotValid, SignerAway
from registry.certificates.issuer import certificate_signer
from registry.certificates.selectors import certificate_page
from registry.certificates.signing import introduce
from registry.certificates.status import State, Status, status_of

KIND: Final = "egret-certificate+sd-jwt"
LIFE: Final = timedelta(days=1)
CONCEALED: Final = {
    "": ("number", "sha256", "filing", "deposit", "credentialStatus"),
    "object": ("id", "identifier", "name", "summary"),
    "holder": ("id", "name_zh", "name_en", "uscc"),
    "rights": ("grant", "scope"),
}
"""What may be concealed of each part; open are the issuer, the times, the object's kind, and kind and term of each right."""
PADDED_TO: Final = {"": 6, "object": 5, "holder": 5, "rights": 3}
"""Hashes in each part: more than it ever has claims."""
NAMES_MAX: Final = 100


def certificate_sd_jwt(*, actor: Actor, number: str, reveal: Sequence[str] | None = None) -> str:
    """A certificate as an SD-JWT with the disclosures named (``holder.name_zh``, ``rights.0.scope``); with all of them by default.

    For the organisation that the certificate names as holder, and nobody else: whoever else may read it has the whole. Introduces the
    key to the log, if it signs for the first time.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: there is no such certificate.
        NotTheHolder: it is another organisation's.
        NotValid: it is suspended, revoked or expired.
        BadInput: a name that nothing concealed has.
        SignerAway: the issuer's key cannot be used right now.
    """
    if not actor.authenticated:
        raise Unauthenticated
    certificate = certificate_page(actor=actor, number=number).select_related("object").first()
    if certificate is None:
        raise NotFound(field=("number",), noun="certificate")
    if certificate.object.owner_id != actor.organisation:
        raise NotTheHolder(field=("number",))
    status, at = status_of(certificate), clock.now()
    if status.state != State.VALID:
        raise NotValid(field=("number",), number=number, state=status.state.value)
    statement = read_json(bytes(certificate.statement))
    payload, disclosures = concealed(statement, sha256=certificate.sha256, status=status, at=at)
    wanted = set(disclosures if reveal is None else reveal)
    if len(wanted) > NAMES_MAX or not wanted <= disclosures.keys():
        raise BadInput("reveal", "names of concealed claims, such as holder.name_zh or rights.0.scope")
    shown = [text for name, text in disclosures.items() if name in wanted]
    try:
        return _signed(statement["issuer"]["id"], payload, shown, at)
    except CannotSign as error:
        raise SignerAway from error


def _signed(did: str, payload: dict[str, Any], shown: list[str], at: datetime) -> str:
    signer = certificate_signer()
    key = signer.public_key
    with transaction.atomic():
        introduce(SYSTEM, key, at)
    return sd_jwt.issue(payload, shown, signer=signer, kind=KIND, key_id=method_id(did, key))


def concealed(statement: dict[str, Any], *, sha256: str, status: Status, at: datetime) -> tuple[dict[str, Any], dict[str, str]]:
    """The payload of the token, and every disclosure by its dotted name."""
    subject = statement["credentialSubject"]
    top = {
        "iss": statement["issuer"]["id"],
        "iat": int(at.timestamp()),
        "nbf": int(at.timestamp()),
        "exp": int(min([at + LIFE, *_end(statement)]).timestamp()),
        "issued": statement["validFrom"],
        "register_status": {"state": status.state.value, "size": str(status.size)},
        "note": subject["note"],
        "sha256": sha256,
        "credentialStatus": statement["credentialStatus"],
        **{name: subject[name] for name in ("number", "filing", "deposit")},
    }
    disclosures: dict[str, str] = {}

    def part(name: str, claims: dict[str, Any], prefix: str) -> dict[str, Any]:
        opened, found = sd_jwt.conceal(claims, CONCEALED[name], padded_to=PADDED_TO[name])
        disclosures.update({prefix + claim: text for claim, text in found.items()})
        return opened

    return {
        **part("", top, ""),
        "object": part("object", subject["object"], "object."),
        "holder": part("holder", subject["holder"], "holder."),
        "rights": [part("rights", right, f"rights.{place}.") for place, right in enumerate(subject["rights"])],
    }, disclosures


def _end(statement: dict[str, Any]) -> list[datetime]:
    """The end of the term, where there is one: a certificate may state that no right is left."""
    return [datetime.fromisoformat(statement["validUntil"])] if "validUntil" in statement else []
