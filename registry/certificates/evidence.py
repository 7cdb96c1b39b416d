"""Packs what proves a right into one file that anybody can check offline: its chain of title, down to the filings and certificates.

What stands in the log is open to everybody, so whoever may read the register gets the bundle of any right in it. The terms of a right are
disclosed in it only to whom they concern, as everywhere (``rights.selectors.terms_open``).
"""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from django.db.models import F

from registry.base.actor import Actor
from registry.certificates.errors import TitleNotReady, TitleTooLong
from registry.certificates.models import Certificate, CertificateRevocation, Suite
from registry.certificates.selectors import credential_of, sm2_signature_of
from registry.log.evidence import CannotPack, pack_right
from registry.log.gathering import gathered
from registry.log.models import Entry
from registry.parties.models import SigningKey
from registry.rights.models import Grant, Hold, MadeFrom, RegisteredObject
from registry.rights.selectors import terms_open
from registry.rights.states import RevocationState

RIGHTS_MAX: Final = 60
"""Rights in a chain of title that one bundle can show."""
TERMS: Final = frozenset({"terms", "income_share_ppm"})
FACTS: Final = frozenset({"name", "summary"})


@dataclass(frozen=True, slots=True)
class Certified:
    """Certificates for a bundle.

    Attributes:
        events: of their issue.
        files: as they are served to anybody: secured credentials by number, detached SM2 signatures by number and ``.sm2``.
    """

    events: tuple[UUID, ...]
    files: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle of a right, and the size of the log that it proves it in."""

    grant: UUID
    content: bytes
    size: int
    timestamped: bool


def certificates_of(filings: Iterable[UUID], *, until: datetime | None = None) -> Certified:
    """The certificates of these filings, by an instant if one is given; without those that were revoked as issued in error by then.

    Whoever reads a bundle offline takes a certificate in it for one that counts, and there is no list to ask.
    """
    rows = Certificate.objects.filter(filing_id__in=list(filings), signatures__suite=Suite.EDDSA_JCS_2022).order_by("number")
    revoked = CertificateRevocation.objects.filter(state=RevocationState.DONE)
    if until is not None:
        rows, revoked = rows.filter(issued_at__lte=until), revoked.filter(decided_at__lte=until)
    rows = rows.exclude(pk__in=revoked.values("certificate"))
    detached = {f"{row.number}.sm2": sm2_signature_of(row) for row in rows}
    files = {row.number: credential_of(row) for row in rows} | {name: value for name, value in detached.items() if value}
    return Certified(tuple(row.event_id for row in rows), files)


def right_bundle(*, actor: Actor, grant_id: UUID) -> Bundle:
    """The evidence bundle of a right, by the id of any of its versions.

    Raises:
        NotFound: there is no such right that the actor may see.
        TitleNotReady: an entry that belongs to it is not in the log, or under no checkpoint yet.
        TitleTooLong: it rests on more rights than one bundle shows.
    """
    chain = _chain(Grant.objects.find(actor, grant_id, field="grantId").origin_id)
    objects = list(RegisteredObject.objects.filter(pk__in=[grant.object_id for grant in chain]))
    filings = {grant.filing_id for grant in chain if grant.filing_id}
    endings, holds = _entries("right.ended", [grant.pk for grant in chain]), list(Hold.objects.filter(object__in=objects).order_by("id"))
    certificates = certificates_of(filings)
    events = [
        *(grant.event_id for grant in chain),
        *(each.event_id for each in objects),
        *_all("filing.deposited", filings),
        *_signed(chain),
        *endings,
        *(event for hold in holds for event in (hold.event_id, hold.lift_event_id) if event),
        *certificates.events,
    ]
    opened = {grant.event_id: TERMS for grant in chain if terms_open(actor, grant)} | {each.event_id: FACTS for each in objects}
    found = gathered(events, shown=lambda event, path: path in opened.get(event, frozenset()), certificates=certificates.files, newest=True)
    if found is None:
        raise TitleNotReady(reason="no checkpoint covers its last entry")
    try:
        packed = pack_right(found, claims=_claims(chain, endings, holds))
    except CannotPack as error:
        raise TitleTooLong(limit=RIGHTS_MAX) from error
    return Bundle(chain[0].pk, packed, found.size, found.timestamp is not None)


def _chain(right: UUID) -> list[Grant]:
    """A right and all that it rests on, in their first versions: parents, and the rights under which their objects were made."""
    found: dict[UUID, Grant] = {}
    level = [right]
    while level:
        for grant in Grant.objects.filter(pk__in=level):
            found[grant.pk] = grant
        if len(found) > RIGHTS_MAX:
            raise TitleTooLong(limit=RIGHTS_MAX)
        reached = [found[each] for each in level]
        made = MadeFrom.objects.filter(object__in=[grant.object_id for grant in reached]).values_list("grant", flat=True)
        level = sorted({*made, *(grant.parent_id for grant in reached if grant.parent_id)} - found.keys())
    return list(found.values())


def _entries(schema: str, subjects: Iterable[UUID]) -> dict[UUID, dict[str, Any]]:
    """The events of a kind about these subjects, with what they say."""
    rows = Entry.objects.filter(schema=schema, subject_id__in=list(subjects)).order_by("id").values_list("id", "body")
    return {event: json.loads(bytes(body))["data"] for event, body in rows}


def _all(schema: str, subjects: set[UUID]) -> dict[UUID, dict[str, Any]]:
    """One event of a kind about each of these subjects.

    Raises:
        TitleNotReady: one of them has none in the log.
    """
    found = _entries(schema, subjects)
    if len(found) != len(subjects):
        raise TitleNotReady(reason=f"{schema} of one of its rights has no place in the log")
    return found


def _signed(chain: list[Grant]) -> list[UUID]:
    """The deals by which the rights of a chain were granted on, and the entries that bound the keys that signed them."""
    deals = _all("deal.signed", {grant.deal_id for grant in chain if grant.deal_id})
    public = [b64decode(said[f"{side}_key"]) for said in deals.values() for side in ("seller", "buyer")]
    keys = set(SigningKey.objects.filter(public_key__in=public).values_list("id", flat=True))
    return [*deals, *_all("key.registered", keys)]


def _claims(chain: list[Grant], endings: Mapping[UUID, Mapping[str, Any]], holds: list[Hold]) -> dict[str, Any]:
    """What right.json says, as the entries have it.

    Raises:
        TitleNotReady: the register knows of an ending that has no place in the log yet.
    """
    right = chain[0]
    ends = {grant.pk: grant.valid.upper for grant in chain}
    for said in endings.values():
        for each in (said, *said["children"]):
            key = UUID(each["grant"])
            if key in ends:
                ends[key] = min(ends[key], date.fromisoformat(said["ends_on"]))
    current = Grant.objects.filter(origin__in=ends, recorded__upper_inf=True)
    standing = dict(current.annotate(until=F("valid__endswith")).values_list("origin", "until"))
    if any(standing.get(grant.pk, ends[grant.pk] if ends[grant.pk] <= grant.valid.lower else None) != ends[grant.pk] for grant in chain):
        raise TitleNotReady(reason="its latest ending waits for its place in the log")
    return {
        "right": str(right.pk),
        "object": str(right.object_id),
        "kind": right.kind,
        "holder": str(right.holder_id),
        "exclusive": right.exclusive,
        "valid_from": right.valid.lower.isoformat(),
        "valid_until": ends[right.pk].isoformat(),
        "holds": sorted(str(hold.pk) for hold in holds if hold.lifted_at is None),
    }
