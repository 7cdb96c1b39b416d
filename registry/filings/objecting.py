"""Objections to a filing on public notice: filed by any organisation, decided by a registrar; they stop the deposit.

Source: Data Property-Rights Registration Guideline (trial, 2026), art. 25.
"""

import re
from typing import Final
from uuid import UUID

from registry.base import clock
from registry.base.actor import Actor, require
from registry.base.errors import BadInput
from registry.base.idempotency import once
from registry.base.ids import uuid7
from registry.base.transitions import move
from registry.base.work import enqueue
from registry.filings.clocks import ends_at, regime_of
from registry.filings.errors import AlreadyObjected, NoticeOver, OwnFiling
from registry.filings.models import Filing, Objection
from registry.filings.selectors import open_objections
from registry.filings.states import OBJECTION_TRANSITIONS, ObjectionState, State
from registry.filings.steps import DEPOSIT_TOPIC, change, expect, for_registrar, locked, tell, words, work_key
from registry.log.services import record
from registry.parties.selectors import affiliated, require_unaffiliated

_SHA256: Final = re.compile(r"[0-9a-f]{64}|")
OBJECTION_DAYS_WHERE_SILENT: Final = 10


def objection_file(
    *, actor: Actor, filing_id: UUID, reason: str, evidence_sha256: str, expected_version: int, idempotency_key: str
) -> Objection:
    """Object to a filing on public notice. The deposit waits for the decision. Writes one ``objection.filed`` event.

    Raises:
        Forbidden: the key may not object.
        OwnFiling: the applicant, or its affiliate.
        NoticeOver: the notice has ended.
        AlreadyObjected: the organisation did before.
        BadInput: no reason; an evidence digest that is none (it may be empty).
        StaleVersion, IllegalTransition: the filing is not on notice, or moved meanwhile.
    """
    require(actor, "filing:object")
    given = words("reason", reason)
    if _SHA256.fullmatch(evidence_sha256) is None:
        raise BadInput("evidenceSha256", "64 lower-case hexadecimal digits, or empty")
    with once(actor, "objection_file", idempotency_key, filing_id, given, evidence_sha256, expected_version) as call:
        if call.replayed:
            return call.result(Objection)
        filing, now, by = locked(actor, filing_id), clock.now(), actor.organisation
        if by is None or affiliated(by, filing.applicant_id):
            raise OwnFiling(field=("filingId",))
        expect(filing, State.OBJECTED, expected_version, only_from=[State.PUBLICISED, State.OBJECTED])
        if filing.notice_until_at is None or filing.notice_until_at <= now:
            raise NoticeOver(field=("filingId",), until=filing.notice_until_at and filing.notice_until_at.isoformat())
        if Objection.objects.filter(filing=filing, by=by).exists():
            raise AlreadyObjected(field=("filingId",))
        regime = regime_of(filing.regime_code, filing.regime_version)
        due = ends_at(regime, now, regime.objection_days or OBJECTION_DAYS_WHERE_SILENT)
        row = Objection(
            id=uuid7(now), filing=filing, by_id=by, reason=given, evidence_sha256=evidence_sha256, filed_at=now, decide_due_at=due
        )
        row.save(force_insert=True)
        change(filing, State.OBJECTED)
        told = {"objection": row.pk, "filing": filing.pk, "by": by, "decide_due_at": due}
        record("objection.filed", subject=("Objection", row.pk), actor=actor, public=told, sealed={"reason": given})
        return call.done(row)


def objection_decide(
    *, actor: Actor, objection_id: UUID, upheld: bool, reasons: str, expected_version: int, idempotency_key: str
) -> Objection:
    """Decide an objection, as a registrar who is kin of neither side. ``expected_version`` is the objection's.

    Upheld, it ends the filing as refused. Dismissed, and none other open, the filing goes on: the deposit is due at the end of the
    notice, or at once when that has passed. Writes one ``objection.decided`` event, and one ``filing.refused`` when upheld.

    Raises:
        Forbidden: no registrar.
        NotFound: no such objection.
        Affiliated: the applicant or the objector is the registrar's own organisation or its affiliate.
        BadInput: no reasons.
        StaleVersion, IllegalTransition: it was decided meanwhile, or the filing has ended.
    """
    require(actor, "filing:examine")
    given = words("reasons", reasons)
    with once(actor, "objection_decide", idempotency_key, objection_id, upheld, given, expected_version) as call:
        if call.replayed:
            return call.result(Objection)
        row = Objection.objects.find(actor, objection_id, field="objectionId")
        filing = for_registrar(actor, row.filing_id)
        require_unaffiliated(actor, row.by_id)
        expect(filing, State.REFUSED if upheld else State.PUBLICISED, filing.version, only_from=[State.OBJECTED])
        to = ObjectionState.UPHELD if upheld else ObjectionState.DISMISSED
        decided = {"decided_by": actor.person, "decided_at": clock.now(), "reasons": given}
        move(row, to=to, expected_version=expected_version, transitions=OBJECTION_TRANSITIONS, **decided)
        told = {"objection": row.pk, "filing": filing.pk, "upheld": upheld}
        record("objection.decided", subject=("Objection", row.pk), actor=actor, public=told, sealed={"reasons": given})
        if upheld:
            change(filing, State.REFUSED, reasons=given, ended_at=clock.now())
            tell("filing.refused", actor, filing, sealed={"reasons": given})
        elif open_objections(filing) == 0:
            _resume(filing)
        return call.done(row)


def _resume(filing: Filing) -> None:
    change(filing, State.PUBLICISED)
    enqueue(topic=DEPOSIT_TOPIC, key=work_key(filing), due_at=filing.notice_until_at)
