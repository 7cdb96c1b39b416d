"""Files the papers about a registered object: its source, consents, impact assessments, institutions' reports."""

from datetime import date, datetime
from uuid import UUID

from listings.resources.checks import organisation_of, own_object, require_digest
from listings.resources.models import (
    KIND_MAX,
    KINDS_MAX,
    PURPOSE_MAX,
    ConsentBasis,
    ImpactAssessment,
    InstitutionReport,
    SourceStatement,
)
from listings.resources.states import ReportKind
from registry.base import clock
from registry.base.actor import Actor, PartyKind, require
from registry.base.errors import BadInput, Conflict, NotFound, StaleVersion
from registry.base.idempotency import once
from registry.base.limits import TEXT_MAX
from registry.log.services import record
from registry.parties.models import Organisation
from registry.parties.selectors import require_unaffiliated
from registry.rights.models import RegisteredObject
from registry.rules.calendar import china_date


def source_statement_file(*, actor: Actor, object_id: UUID, statement: str, evidence_sha256: str, idempotency_key: str) -> SourceStatement:
    """State where an object's data comes from, with evidence. Its owner does.

    Writes one ``source.stated`` event.

    Raises:
        NotFound: not an object of the actor's.
        BadInput: no statement, or no digest.
    """
    require(actor, "resource:write")
    text = _text("statement", statement, TEXT_MAX)
    evidence = require_digest("evidenceSha256", evidence_sha256)
    with once(actor, "source_statement_file", idempotency_key, object_id, text, evidence) as call:
        if call.replayed:
            return call.result(SourceStatement)
        row = SourceStatement.objects.create(
            object=own_object(actor, object_id), statement=text, evidence_sha256=evidence, stated_at=clock.now()
        )
        public = {"object": row.object_id, "statement": row.pk, "evidence_sha256": evidence}
        record("source.stated", subject=("RegisteredObject", row.object_id), actor=actor, public=public, sealed={"text": text})
        return call.done(row)


def consent_record(
    *,
    actor: Actor,
    object_id: UUID,
    buyer_id: UUID,
    purpose: str,
    kinds: list[str],
    separate: bool,
    given_at: datetime,
    notice_sha256: str,
    evidence_sha256: str,
    idempotency_key: str,
) -> ConsentBasis:
    """Record that the people in an object's data agreed to its provision to one buyer for one purpose. The object's owner does.

    Writes one ``consent.recorded`` event; buyer and purpose are sealed in it.

    Raises:
        NotFound: not an object of the actor's, or no such buyer.
        BadInput: purpose, kinds or digests missing, or given in the future.
    """
    require(actor, "resource:write")
    purpose, kinds = _text("purpose", purpose, PURPOSE_MAX), _kinds(kinds)
    notice, evidence = require_digest("noticeSha256", notice_sha256), require_digest("evidenceSha256", evidence_sha256)
    now = clock.now()
    if given_at.tzinfo is None or given_at > now:
        raise BadInput("givenAt", "an instant with a time zone, not in the future")
    inputs = (object_id, buyer_id, purpose, kinds, separate, given_at, notice, evidence)
    with once(actor, "consent_record", idempotency_key, *inputs) as call:
        if call.replayed:
            return call.result(ConsentBasis)
        row = ConsentBasis.objects.create(
            object=own_object(actor, object_id),
            buyer=_organisation("buyerId", buyer_id),
            purpose=purpose,
            kinds=kinds,
            separate=separate,
            notice_sha256=notice,
            evidence_sha256=evidence,
            given_at=given_at,
            recorded_at=now,
        )
        names = ("kinds", "separate", "given_at", "notice_sha256", "evidence_sha256")
        record(
            "consent.recorded",
            subject=("RegisteredObject", row.object_id),
            actor=actor,
            public={"consent": row.pk, "object": row.object_id, **{name: getattr(row, name) for name in names}},
            sealed={"buyer": row.buyer_id, "purpose": purpose},
        )
        return call.done(row)


def consent_withdraw(*, actor: Actor, consent_id: UUID, expected_version: int, idempotency_key: str) -> ConsentBasis:
    """Note that a consent was withdrawn; nothing is delivered under it from then on. The object's owner or the regulator does.

    Writes one ``consent.withdrawn`` event.

    Raises:
        NotFound: not a consent that the actor may end.
        Conflict: it was withdrawn before.
        StaleVersion: somebody changed it first.

    Source: Personal Information Protection Law, art. 15.
    """
    regulator = actor.is_kind(PartyKind.REGULATOR)
    require(actor, "oversight:order" if regulator else "resource:write")
    with once(actor, "consent_withdraw", idempotency_key, consent_id, expected_version) as call:
        if call.replayed:
            return call.result(ConsentBasis)
        row = ConsentBasis.objects.select_for_update(of=("self",)).select_related("object").filter(pk=consent_id).first()
        if row is None or not (regulator or row.object.owner_id == actor.organisation):
            raise NotFound(field=("consentId",), noun="consent")
        if row.withdrawn_at is not None:
            raise Conflict(field=("consentId",), reason=f"withdrawn at {row.withdrawn_at.isoformat()}")
        if row.version != expected_version:
            raise StaleVersion(field=("expectedVersion",), noun="consent", current=row.version, expected=expected_version)
        row.withdrawn_at, row.version = clock.now(), row.version + 1
        row.save(update_fields=["withdrawn_at", "version"])
        public = {"consent": row.pk, "object": row.object_id, "withdrawn_at": row.withdrawn_at}
        record("consent.withdrawn", subject=("RegisteredObject", row.object_id), actor=actor, public=public)
        return call.done(row)


def impact_assessment_file(
    *,
    actor: Actor,
    object_id: UUID,
    buyer_id: UUID | None,
    purpose: str,
    kinds: list[str],
    reported_on: date,
    report_sha256: str,
    idempotency_key: str,
) -> ImpactAssessment:
    """File the assessment of a provision's impact on people: for one buyer, or for any. The object's owner does.

    Writes one ``impact.filed`` event; buyer and purpose are sealed in it.

    Raises:
        NotFound: not an object of the actor's, or no such buyer.
        BadInput: no purpose, kinds or digest, or reported after today.
    """
    require(actor, "resource:write")
    purpose, kinds = _text("purpose", purpose, PURPOSE_MAX), _kinds(kinds)
    report = require_digest("reportSha256", report_sha256)
    _require_past("reportedOn", reported_on)
    inputs = (object_id, buyer_id, purpose, kinds, reported_on, report)
    with once(actor, "impact_assessment_file", idempotency_key, *inputs) as call:
        if call.replayed:
            return call.result(ImpactAssessment)
        row = ImpactAssessment.objects.create(
            object=own_object(actor, object_id),
            buyer=None if buyer_id is None else _organisation("buyerId", buyer_id),
            purpose=purpose,
            kinds=kinds,
            reported_on=reported_on,
            report_sha256=report,
            filed_at=clock.now(),
        )
        public = {"assessment": row.pk, "object": row.object_id, "kinds": kinds, "reported_on": reported_on, "report_sha256": report}
        sealed = {"buyer": row.buyer_id, "purpose": purpose}
        record("impact.filed", subject=("RegisteredObject", row.object_id), actor=actor, public=public, sealed=sealed)
        return call.done(row)


def institution_report_file(
    *,
    actor: Actor,
    object_id: UUID,
    kind: ReportKind,
    accepted: bool,
    summary: str,
    reported_on: date,
    report_sha256: str,
    idempotency_key: str,
) -> InstitutionReport:
    """File what an institution found when it examined an object of somebody it is not affiliated with.

    Writes one ``report.filed`` event.

    Raises:
        Forbidden: the actor's organisation verifies nothing.
        NotFound: no such object.
        Affiliated: the object is the institution's own or an affiliate's.
        BadInput: no summary or digest, or reported after today.
    """
    require(actor, "party:verify")
    summary, report = _text("summary", summary, TEXT_MAX), require_digest("reportSha256", report_sha256)
    _require_past("reportedOn", reported_on)
    inputs = (object_id, kind, accepted, summary, reported_on, report)
    with once(actor, "institution_report_file", idempotency_key, *inputs) as call:
        if call.replayed:
            return call.result(InstitutionReport)
        registered = RegisteredObject.objects.find(actor, object_id, field="objectId")
        require_unaffiliated(actor, registered.owner_id)
        row = InstitutionReport.objects.create(
            object=registered,
            institution_id=organisation_of(actor),
            kind=kind,
            accepted=accepted,
            summary=summary,
            report_sha256=report,
            reported_on=reported_on,
            filed_at=clock.now(),
        )
        names = ("kind", "accepted", "reported_on", "report_sha256")
        public = {"report": row.pk, "object": row.object_id, "institution": row.institution_id}
        stated = {name: getattr(row, name) for name in names}
        record("report.filed", subject=("RegisteredObject", row.object_id), actor=actor, public=public | stated)
        return call.done(row)


def _organisation(field: str, key: UUID) -> Organisation:
    organisation = Organisation.objects.filter(pk=key).first()
    if organisation is None:
        raise NotFound(field=(field,), noun="organisation")
    return organisation


def _text(field: str, value: str, most: int) -> str:
    text = value.strip()
    if not 0 < len(text) <= most:
        raise BadInput(field, f"1 to {most} characters")
    return text


def _kinds(values: list[str]) -> list[str]:
    kinds = sorted({value.strip() for value in values})
    if not 0 < len(kinds) <= KINDS_MAX or not all(0 < len(kind) <= KIND_MAX for kind in kinds):
        raise BadInput("kinds", f"1 to {KINDS_MAX} kinds of 1 to {KIND_MAX} characters")
    return kinds


def _require_past(field: str, day: date) -> None:
    if day > china_date(clock.now()):
        raise BadInput(field, "today or earlier, China time")
