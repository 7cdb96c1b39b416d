"""Packs what proves a settled deal into one file that anybody can check offline."""

import json
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import F
from django.utils.translation import gettext_noop

from marketplace.deals.models import Deal
from marketplace.deals.states import State
from registry.base.errors import UserError
from registry.certificates.evidence import certificates_of
from registry.log.evidence import pack_deal
from registry.log.gathering import gathered
from registry.log.models import Entry
from registry.log.selectors import disclosures
from registry.log.services import ACTOR
from registry.rights.models import Grant
from settlement.escrow.models import Escrow
from settlement.ledger.models import Account, Move

STEPS = ("deal.signed", "deal.funded", "deal.delivered", "deal.accepted", "deal.settled")


class EvidenceNotReady(UserError):
    """The deal is not settled, or its last event waits for a checkpoint."""

    code = "EVIDENCE_NOT_READY"
    message = gettext_noop("The evidence of this deal is not complete yet: %(reason)s")
    remedy = gettext_noop("Ask again when the deal is settled and a checkpoint covers its last event, about a second later.")


def deal_bundle(deal: Deal) -> bytes:
    """The evidence bundle of a settled deal: contract, signatures, grants up the chain of title, money, proofs, checkpoint.

    Raises:
        EvidenceNotReady: not settled, or not yet covered by a checkpoint.
    """
    if deal.state != State.SETTLED:
        raise EvidenceNotReady(reason=deal.state)
    steps, grants = _deal_events(deal), _grant_events(deal)
    filings = {grant.filing_id for grant in Grant.objects.filter(event_id__in=grants) if grant.filing_id}
    certificates = certificates_of(filings, until=deal.settled_at)
    events = [*_key_events(deal), *grants, *steps, *certificates.events]
    found = gathered(events, shown=lambda event, path: event in steps and path != ACTOR, certificates=certificates.files)
    if found is None:
        raise EvidenceNotReady(reason="no checkpoint covers its last event")
    return pack_deal(found, claims=_claims(deal), contract=bytes(deal.terms_bytes))


def _deal_events(deal: Deal) -> list[UUID]:
    found = dict(Entry.objects.filter(subject_id=deal.pk, schema__in=STEPS).values_list("schema", "id"))
    if len(found) != len(STEPS):
        raise EvidenceNotReady(reason="its events wait for their place in the log")
    return [found[step] for step in STEPS]


def _key_events(deal: Deal) -> list[UUID]:
    keys = deal.signatures.values_list("signing_key_id", flat=True)
    return list(Entry.objects.filter(subject_id__in=list(keys), schema="key.registered").values_list("id", flat=True))


def _grant_events(deal: Deal) -> list[UUID]:
    """The grants to the buyer, the rights they rest on, and the rights of everybody who shares in the money: as they were granted.

    What became of them later is no part of this evidence, and does not change it.
    """
    granted = list(Grant.objects.filter(pk__in=deal.rights.values("grant")))
    parties = {UUID(share["holder"]) for share in deal.terms["shares"]} | {deal.seller_id}
    sources = [UUID(share["source"]) for share in deal.terms["shares"]] + [right.object_id for right in granted]
    first = Grant.objects.filter(pk=F("origin"), recorded__startswith__lte=deal.settled_at)
    owners = first.filter(holder__in=parties, object__in=sources, kind="OPERATE", parent=None)
    parents = first.filter(pk__in=[right.parent_id for right in granted])
    return list(dict.fromkeys(right.event_id for right in (*_in_order(owners), *_in_order(parents), *granted)))


def _in_order(grants: Iterable[Grant]) -> list[Grant]:
    return sorted(grants, key=lambda grant: grant.pk)


def _claims(deal: Deal) -> dict[str, Any]:
    body = Entry.objects.values_list("body", flat=True).get(subject_id=deal.pk, schema="deal.signed")
    signed: dict[str, Any] = json.loads(bytes(body))["data"]
    lines = _settled_lines(deal)
    return signed | {
        "currency": deal.currency,
        "amount": str(deal.amount_minor),
        "lines": lines,
        "rights": [str(grant) for grant in deal.rights.order_by("object_id", "kind").values_list("grant", flat=True)],
        "moves": _moves(deal),
    }


def _settled_lines(deal: Deal) -> list[dict[str, str]]:
    settled = Entry.objects.values_list("id", flat=True).get(subject_id=deal.pk, schema="deal.settled")
    lines: list[dict[str, str]] = next(row["value"] for row in disclosures([settled]) if row["path"] == "lines")
    return lines


def _moves(deal: Deal) -> list[dict[str, Any]]:
    escrow = Escrow.objects.get(deal_id=deal.pk)
    entries = [entry for entry in (escrow.fund_entry, escrow.out_entry) if entry is not None]
    moves = [move for entry in entries for move in Move.objects.filter(entry=entry).order_by("line")]
    accounts = Account.objects.in_bulk({side for row in moves for side in (row.src, row.dst)})
    return [
        {
            "move": str(row.pk),
            "source": _name(accounts[row.src]),
            "destination": _name(accounts[row.dst]),
            "amount": str(row.amount),
            "line": None if row.entry == escrow.fund_entry else row.line - 1,
        }
        for row in moves
    ]


def _name(account: Account) -> str:
    return f"{account.kind.lower()}:{account.owner}"
