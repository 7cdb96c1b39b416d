"""The end of a filing: what the platform's own relays do once the notice is over and once the deposit is in the log.

Source: Data Property-Rights Registration Guideline (trial, 2026), art. 24 to 26.
"""

import json
from dataclasses import dataclass
from datetime import date, timedelta
from functools import reduce
from typing import Any
from uuid import UUID

from django.db import transaction

from registry.base import clock
from registry.base.actor import SYSTEM
from registry.base.errors import UserError
from registry.base.ids import uuid7
from registry.certificates.errors import NotYetLogged
from registry.certificates.services import certificate_issue
from registry.filings.clocks import last_day, regime_of
from registry.filings.content import Limits, sources_of
from registry.filings.errors import SourceNotLicensed, TermOver
from registry.filings.judging import Assessment, judge, licences_of
from registry.filings.models import Filing
from registry.filings.states import State
from registry.filings.steps import change, tell
from registry.identifiers.services import mint
from registry.log.models import Entry
from registry.log.selectors import logged
from registry.rights.models import Grant, RegisteredObject
from registry.rights.scope import Scope
from registry.rights.services import ObjectFacts, grant_register, object_register
from registry.rights.states import ObjectKind, Right
from registry.rules.calendar import china_date
from registry.rules_store.models import Verdict


@dataclass(frozen=True, slots=True)
class Term:
    """The registered term, both days included, and the widest scope that limits and licences leave."""

    first: date
    last: date
    scope: Scope


def filing_deposit(*, filing_id: UUID) -> None:
    """The end of the public notice: judge the filing once more, now by all rules, and enter object and rights into the register.

    Registration is complete with this one transaction: object, a grant for each right claimed, and the ``filing.deposited`` event.
    Where the facts no longer support it, the filing goes back to examination instead (``filing.sent_back``). Does nothing while an
    objection is open, before the notice has ended, or when it was done.
    """
    with transaction.atomic():
        filing = Filing.objects.lock(filing_id)
        if filing.state != State.PUBLICISED or filing.notice_until_at is None or filing.notice_until_at > clock.now():
            return
        verdict = judge(actor=SYSTEM, filing=filing, assessment=Assessment(**(filing.assessment or {})), at_deposit=True)
        if not verdict.passes:
            _send_back(filing, reason="SCREENING", verdict=verdict)
            return
        try:
            with transaction.atomic():
                _deposit(filing, verdict)
        except UserError as refused:
            filing.refresh_from_db()
            _send_back(filing, reason=refused.code, verdict=verdict)


def filing_certify(*, entry: Entry) -> None:
    """The deposit is in the log: issue the certificate and close the filing.

    Raises:
        NotYetLogged: the entry has its place, but no signed checkpoint covers it yet.
    """
    if not logged(entry.pk):
        raise NotYetLogged
    told = json.loads(bytes(entry.body))["data"]
    with transaction.atomic():
        filing = Filing.objects.lock(UUID(told["filing"]))
        if filing.state != State.DEPOSITED:
            return
        certificate = certificate_issue(actor=SYSTEM, filing_id=filing.pk, object_id=UUID(told["object"]), deposit_event=entry.pk)
        change(filing, State.CERTIFIED, certificate=certificate)


def _deposit(filing: Filing, verdict: Verdict) -> None:
    at = verdict.decided_at
    term = _term(filing, china_date(at))
    registered = _register_object(filing)
    grants = [_register_right(filing, registered, Right(kind), term) for kind in filing.rights_claimed]
    event = tell(
        "filing.deposited",
        SYSTEM,
        filing,
        applicant=filing.applicant_id,
        object=registered.pk,
        identifier=registered.identifier,
        rights=[{"kind": grant.kind, "grant": grant.pk} for grant in grants],
        valid_from=term.first,
        valid_until=term.last,
        verdict=verdict.pk,
        deposited_at=at,
    )
    deposited = {"object": registered, "deposit_event": event, "deposited_at": at, "valid_from": term.first, "valid_until": term.last}
    change(filing, State.DEPOSITED, **deposited)


def _term(filing: Filing, today: date) -> Term:
    licences = licences_of(filing)
    if licences is None:
        raise SourceNotLicensed
    ends: list[date] = [licence.valid.upper - timedelta(days=1) for licence in licences]
    regime = regime_of(filing.regime_code, filing.regime_version)
    last = last_day(regime=regime, deposited_on=today, asked=filing.wanted_until, licences_end=ends)
    if last < today:
        raise TermOver(ends_on=last.isoformat())
    widest = Limits(**filing.limits).scope()
    return Term(today, last, reduce(Scope.limited_by, (licence.allows for licence in licences), widest))


def _register_object(filing: Filing) -> RegisteredObject:
    if filing.further_to is not None:
        return filing.further_to
    key = uuid7()
    facts = ObjectFacts(
        kind=ObjectKind(filing.object_kind),
        owner_id=filing.applicant_id,
        name=filing.name,
        summary=filing.summary,
        source_category=filing.source_category,
        source_kind=filing.source_kind,
        situation=filing.situation,
        filing_id=filing.pk,
        level=filing.level,
        pi_kind=filing.pi_kind,
        sector=filing.sector,
        identifier=mint(subject_type="RegisteredObject", subject_id=key),
    )
    sources = [(source.object_id, source.grant_id) for source in sources_of(filing.made_from)]
    return object_register(actor=SYSTEM, facts=facts, made_from=sources, object_id=key)


def _register_right(filing: Filing, registered: RegisteredObject, kind: Right, term: Term) -> Grant:
    return grant_register(
        actor=SYSTEM,
        object_id=registered.pk,
        kind=kind,
        holder_id=filing.applicant_id,
        parent_id=None,
        valid_from=term.first,
        valid_until=term.last + timedelta(days=1),
        exclusive=False,
        scope=term.scope,
        filing_id=filing.pk,
    )


def _send_back(filing: Filing, *, reason: str, verdict: Verdict) -> None:
    undone: dict[str, Any] = dict.fromkeys(
        ("first_examiner", "examined_at", "assessment", "second_examiner", "notice_from", "notice_until_at")
    )
    change(filing, State.ACCEPTED, **undone)
    tell("filing.sent_back", SYSTEM, filing, reason=reason, verdict=verdict.pk)
