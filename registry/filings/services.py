"""Moves filings from submission to public notice; with ``objecting`` and ``depositing`` the only writer of filings."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import transaction

from registry.base import clock
from registry.base.actor import SYSTEM, Actor, require
from registry.base.errors import BadInput, FourEyes, NotFound
from registry.base.idempotency import once
from registry.base.work import enqueue
from registry.filings.clocks import deemed_acceptance, ends_at, finish_ends_at, regime_of, regime_on
from registry.filings.content import FilingContent, Source
from registry.filings.errors import AlreadyReturned, SourceNotLicensed, SupplementOver
from registry.filings.judging import Assessment, judge
from registry.filings.models import Filing
from registry.filings.states import State
from registry.filings.steps import (
    ACCEPTANCE_TOPIC,
    DEPOSIT_TOPIC,
    SUPPLEMENT_TOPIC,
    change,
    expect,
    for_registrar,
    locked,
    tell,
    words,
    work_key,
)
from registry.rights.models import Grant, RegisteredObject
from registry.rights.selectors import held
from registry.rights.states import Right
from registry.rules.calendar import china_date
from registry.rules.reading import Malformed
from registry.rules.regimes import Regime
from registry.rules_store.models import Verdict
from registry.rules_store.selectors import verdict_latest

SUPPLEMENT_DAYS_MAX: Final = 30
REGISTERED_FACTS: Final = ("object_kind", "source_category", "source_kind", "situation", "level", "pi_kind", "sector")
REFUSABLE: Final = (State.SUBMITTED, State.ACCEPTED, State.IN_REVIEW)


@dataclass(frozen=True, slots=True)
class Examined:
    """A filing after an examination, and the verdict with its findings; when that does not pass, the filing is as it was."""

    filing: Filing
    verdict: Verdict


def filing_submit(*, actor: Actor, content: FilingContent, idempotency_key: str) -> Filing:
    """File for rights of one's own organisation. The clock of acceptance starts. Writes one ``filing.submitted`` event.

    Raises:
        Forbidden: the organisation files nothing.
        BadInput, SourceNotLicensed: see ``FilingContent.checked``; a source relied on is not one's own USE right.

    Source: Data Property-Rights Registration Guideline (trial, 2026), art. 16 and 17.
    """
    require(actor, "filing:submit")
    with once(actor, "filing_submit", idempotency_key, content) as call:
        if call.replayed:
            return call.result(Filing)
        now = clock.now()
        regime = regime_on(china_date(now))
        columns = _columns(actor, content, now)
        filing = Filing(
            applicant_id=_organisation(actor),
            regime_code=regime.code,
            regime_version=regime.version,
            submitted_at=now,
            acceptance_due_at=ends_at(regime, now, regime.acceptance_days),
            **columns,
        )
        filing.save(force_insert=True)
        _await_acceptance(filing)
        _tell_content("filing.submitted", actor, filing, columns)
        return call.done(filing)


def filing_supplement(*, actor: Actor, filing_id: UUID, content: FilingContent, expected_version: int, idempotency_key: str) -> Filing:
    """Supply, as the applicant, what was missing: the whole content again. The clock of acceptance starts anew.

    Writes one ``filing.supplemented`` event.

    Raises:
        Forbidden: not the applicant's key.
        NotFound: no such filing of one's own organisation.
        SupplementOver: the time is over.
        StaleVersion, IllegalTransition: it was not returned, or moved meanwhile.
        BadInput, SourceNotLicensed: as ``filing_submit``.
    """
    require(actor, "filing:submit")
    with once(actor, "filing_supplement", idempotency_key, filing_id, content, expected_version) as call:
        if call.replayed:
            return call.result(Filing)
        filing, now = locked(actor, filing_id), clock.now()
        if filing.applicant_id != actor.organisation:
            raise NotFound(field=("filingId",), noun="filing")
        expect(filing, State.SUBMITTED, expected_version, only_from=[State.RETURNED_ONCE])
        if filing.supplement_due_at is not None and filing.supplement_due_at <= now:
            raise SupplementOver(field=("filingId",), due=filing.supplement_due_at.isoformat())
        regime, columns = _regime(filing), _columns(actor, content, now)
        restarted = {"submitted_at": now, "acceptance_due_at": ends_at(regime, now, regime.acceptance_days)}
        change(filing, State.SUBMITTED, content_version=filing.content_version + 1, **restarted, **columns)
        _await_acceptance(filing)
        _tell_content("filing.supplemented", actor, filing, columns)
        return call.done(filing)


def filing_return(
    *, actor: Actor, filing_id: UUID, missing: str, supplement_days: int, expected_version: int, idempotency_key: str
) -> Filing:
    """Tell the applicant, once, everything that is missing, and by when (working days). Writes one ``filing.returned`` event.

    Raises:
        Forbidden: no registrar.
        Affiliated: the applicant is the registrar's own organisation or its affiliate.
        AlreadyReturned: it was told before.
        BadInput: nothing told, or no 1 to 30 days.
        StaleVersion, IllegalTransition: it moved meanwhile.
    """
    require(actor, "filing:examine")
    if not 1 <= supplement_days <= SUPPLEMENT_DAYS_MAX:
        raise BadInput("supplementDays", f"1 to {SUPPLEMENT_DAYS_MAX}")
    told = words("missing", missing)
    with once(actor, "filing_return", idempotency_key, filing_id, told, supplement_days, expected_version) as call:
        if call.replayed:
            return call.result(Filing)
        filing, now = for_registrar(actor, filing_id), clock.now()
        expect(filing, State.RETURNED_ONCE, expected_version, only_from=[State.SUBMITTED])
        if filing.returned_at is not None:
            raise AlreadyReturned(field=("filingId",))
        due = ends_at(_regime(filing), now, supplement_days)
        change(filing, State.RETURNED_ONCE, returned_at=now, supplement_due_at=due, missing=told)
        enqueue(topic=SUPPLEMENT_TOPIC, key=work_key(filing), due_at=due)
        tell("filing.returned", actor, filing, supplement_due_at=due, sealed={"missing": told})
        return call.done(filing)


def filing_accept(*, actor: Actor, filing_id: UUID, expected_version: int, idempotency_key: str) -> Filing:
    """Accept a filing for examination. The clock of the decision starts. Writes one ``filing.accepted`` event.

    Raises:
        Forbidden, Affiliated: as ``filing_return``.
        StaleVersion, IllegalTransition: it moved meanwhile.
    """
    require(actor, "filing:examine")
    with once(actor, "filing_accept", idempotency_key, filing_id, expected_version) as call:
        if call.replayed:
            return call.result(Filing)
        filing, now = for_registrar(actor, filing_id), clock.now()
        expect(filing, State.ACCEPTED, expected_version, only_from=[State.SUBMITTED])
        due = finish_ends_at(_regime(filing), china_date(now))
        change(filing, State.ACCEPTED, accepted_at=now, finish_due_at=due)
        tell("filing.accepted", actor, filing, deemed=False, accepted_on=china_date(now), finish_due_at=due)
        return call.done(filing)


def filing_examine(*, actor: Actor, filing_id: UUID, assessment: Assessment, expected_version: int, idempotency_key: str) -> Examined:
    """Examine an accepted filing as the first of two people: all registration rules judge it on the facts and the assessment.

    When the verdict passes, the filing waits for the second examiner and one ``filing.examined`` event is written; otherwise the
    filing stays as it is, and the verdict is kept all the same (``verdict.given``).

    Raises:
        Forbidden, Affiliated: as ``filing_return``.
        BadInput: a code in the assessment that the vocabulary does not have.
        StaleVersion, IllegalTransition: it moved meanwhile.

    Source: Data Property-Rights Registration Guideline (trial, 2026), art. 18 to 23.
    """
    require(actor, "filing:examine")
    with once(actor, "filing_examine", idempotency_key, filing_id, assessment, expected_version) as call:
        if call.replayed:
            return Examined(Filing.objects.find(actor, filing_id, field="filingId"), call.result(Verdict))
        filing = for_registrar(actor, filing_id)
        expect(filing, State.IN_REVIEW, expected_version, only_from=[State.ACCEPTED])
        try:
            verdict = judge(actor=actor, filing=filing, assessment=assessment, at_deposit=False)
        except Malformed as error:
            raise BadInput("assessment", str(error)) from error
        if verdict.passes:
            established = asdict(assessment)
            change(filing, State.IN_REVIEW, first_examiner=actor.person, examined_at=verdict.decided_at, assessment=established)
            sealed = {"assessment": established}
            tell("filing.examined", actor, filing, content_version=filing.content_version, verdict=verdict.pk, sealed=sealed)
        return Examined(filing, call.done(verdict))


def filing_refuse(*, actor: Actor, filing_id: UUID, reasons: str, expected_version: int, idempotency_key: str) -> Filing:
    """Refuse a filing, with reasons, at acceptance or at either examination. Writes one ``filing.refused`` event.

    Raises:
        Forbidden, Affiliated: as ``filing_return``.
        BadInput: no reasons.
        StaleVersion, IllegalTransition: it moved meanwhile; on public notice only an objection ends it.

    Source: Data Property-Rights Registration Guideline (trial, 2026), art. 22.
    """
    require(actor, "filing:examine")
    given = words("reasons", reasons)
    with once(actor, "filing_refuse", idempotency_key, filing_id, given, expected_version) as call:
        if call.replayed:
            return call.result(Filing)
        filing = for_registrar(actor, filing_id)
        expect(filing, State.REFUSED, expected_version, only_from=REFUSABLE)
        change(filing, State.REFUSED, reasons=given, ended_at=clock.now())
        tell("filing.refused", actor, filing, sealed={"reasons": given})
        return call.done(filing)


def filing_publish(*, actor: Actor, filing_id: UUID, expected_version: int, idempotency_key: str) -> Filing:
    """Confirm the examination as the second person and give public notice. Its clock starts. Writes one ``filing.publicised`` event.

    Raises:
        Forbidden, Affiliated: as ``filing_return``.
        FourEyes: the same person examined it first.
        StaleVersion, IllegalTransition: it moved meanwhile.

    Source: Data Property-Rights Registration Guideline (trial, 2026), art. 24.
    """
    require(actor, "filing:examine")
    with once(actor, "filing_publish", idempotency_key, filing_id, expected_version) as call:
        if call.replayed:
            return call.result(Filing)
        filing, now = for_registrar(actor, filing_id), clock.now()
        expect(filing, State.PUBLICISED, expected_version, only_from=[State.IN_REVIEW])
        if actor.person == filing.first_examiner:
            raise FourEyes(field=("filingId",))
        regime = _regime(filing)
        until = ends_at(regime, now, regime.notice_days)
        change(filing, State.PUBLICISED, second_examiner=actor.person, notice_from=now, notice_until_at=until)
        enqueue(topic=DEPOSIT_TOPIC, key=work_key(filing), due_at=until)
        verdict = verdict_latest(subject_id=filing.pk, subject_version=filing.content_version, stage="registration")
        tell("filing.publicised", actor, filing, verdict=verdict and verdict.pk, notice_from=now, notice_until_at=until)
        return call.done(filing)


def filing_accept_by_silence(*, filing_id: UUID) -> None:
    """The end of the time to answer: a filing that nobody answered is accepted, from the next working day on.

    Does nothing where somebody answered, or where the regime does not let silence accept. Writes one ``filing.accepted`` event.

    Source: Data Property-Rights Registration Guideline (trial, 2026), art. 17.
    """
    with transaction.atomic():
        filing, now = Filing.objects.lock(filing_id), clock.now()
        regime = _regime(filing)
        if filing.state != State.SUBMITTED or filing.acceptance_due_at > now or not regime.silence_accepts:
            return
        day = deemed_acceptance(regime, filing.acceptance_due_at)
        due = finish_ends_at(regime, day)
        change(filing, State.ACCEPTED, accepted_at=now, accepted_by_silence=True, finish_due_at=due)
        tell("filing.accepted", SYSTEM, filing, deemed=True, accepted_on=day, finish_due_at=due)


def filing_lapse(*, filing_id: UUID) -> None:
    """The end of the time to supplement: a filing not supplemented counts as never made. Writes one ``filing.lapsed`` event."""
    with transaction.atomic():
        filing, now = Filing.objects.lock(filing_id), clock.now()
        if filing.state != State.RETURNED_ONCE or filing.supplement_due_at is None or filing.supplement_due_at > now:
            return
        change(filing, State.LAPSED, ended_at=now)
        tell("filing.lapsed", SYSTEM, filing)


def _await_acceptance(filing: Filing) -> None:
    enqueue(topic=ACCEPTANCE_TOPIC, key=work_key(filing), due_at=filing.acceptance_due_at)


def _columns(actor: Actor, content: FilingContent, now: datetime) -> dict[str, Any]:
    columns = content.checked(today=china_date(now)).columns()
    columns["made_from"] = [_source(actor, source) for source in content.made_from]
    if content.further_to_id is not None:
        _require_further(actor, content, content.further_to_id, now)
    return columns


def _require_further(actor: Actor, content: FilingContent, object_id: UUID, now: datetime) -> None:
    """Further rights are claimed by the object's owner, on the facts as registered, and only where not held already.

    Source: Guideline (trial, 2026), art. 21 and 39(2): registering the same right twice is no registration.
    """
    found = RegisteredObject.objects.filter(pk=object_id, owner=actor.organisation).first()
    if found is None:
        raise NotFound(field=("content", "furtherToId"), noun="registered object of yours")
    if any(getattr(found, "kind" if name == "object_kind" else name) != getattr(content, name) for name in REGISTERED_FACTS):
        raise BadInput("content.furtherToId", f"{', '.join(REGISTERED_FACTS)} as the object was registered")
    for right in content.rights_claimed:
        if held(_organisation(actor), object_id, Right(right), on=china_date(now)) is not None:
            raise BadInput("content.rightsClaimed", f"no right that is held already: {right}")


def _source(actor: Actor, source: Source) -> dict[str, str]:
    """The source with the first version of the right relied on; the rules ask later whether that right carries the product."""
    grant = Grant.objects.visible_to(actor).filter(pk=source.grant_id).first()
    own = grant is not None and grant.holder_id == actor.organisation and grant.kind == Right.USE
    if grant is None or not own or grant.object_id != source.object_id:
        raise SourceNotLicensed(field=("content", "madeFrom"))
    return {"object": str(source.object_id), "grant": str(grant.origin_id)}


def _tell_content(schema: str, actor: Actor, filing: Filing, columns: dict[str, Any]) -> None:
    tell(
        schema,
        actor,
        filing,
        applicant=filing.applicant_id,
        content_version=filing.content_version,
        regime=f"{filing.regime_code}/{filing.regime_version}",
        acceptance_due_at=filing.acceptance_due_at,
        sealed={"content": columns},
    )


def _regime(filing: Filing) -> Regime:
    return regime_of(filing.regime_code, filing.regime_version)


def _organisation(actor: Actor) -> UUID:
    if actor.organisation is None:
        raise BadInput("actor", "an organisation")
    return actor.organisation
