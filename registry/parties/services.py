"""Admits organisations, adds their people, records who verified whom and who is kin: writes the register of parties."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.crypto import salted_hmac

from registry.base import clock
from registry.base.actor import SYSTEM, Actor, PartyKind, require, scopes_for
from registry.base.errors import BadInput
from registry.base.idempotency import once
from registry.base.limits import API_KEY_DAYS_MAX, NAME_MAX
from registry.base.sealed import seal
from registry.log.services import record
from registry.parties.errors import (
    AlreadyChecked,
    AlreadyDeclared,
    AlreadyVerified,
    CreditCodeInvalid,
    CreditCodeTaken,
    NoAuthority,
    NotYoursToDeclare,
    OneOperator,
    PermitOnFile,
)
from registry.parties.inputs import clean_text, document_digest
from registry.parties.key_services import acting, api_key_issue, api_key_revoke, new_api_key, signing_key_register, signing_key_revoke
from registry.parties.models import AUTHORITIES, Affiliation, Membership, Organisation, Person, SectorPermit
from registry.parties.selectors import first_person, membership_on, require_unaffiliated
from registry.parties.uscc import uscc_valid
from registry.rules.calendar import china_date
from registry.rules.vocabulary import CODES

__all__ = [
    "Admission",
    "affiliation_declare",
    "api_key_issue",
    "api_key_revoke",
    "organisation_admit",
    "organisation_verify",
    "person_add",
    "sector_permit_check",
    "sector_permit_file",
    "signing_key_register",
    "signing_key_revoke",
]


class Admission(NamedTuple):
    """A new organisation, its first person, and that person's first key: None when the call is a repetition, for it is shown once."""

    organisation: Organisation
    person: Person
    secret: str | None


def organisation_admit(
    *,
    actor: Actor,
    kinds: Iterable[PartyKind],
    name_zh: str,
    name_en: str,
    uscc: str | None,
    country: str,
    first_person_name: str,
    idempotency_key: str,
    first_person_authority_sha256: str | None = None,
) -> Admission:
    """Admit an organisation with its first person, who gets a key with every scope of its kinds for the longest time.

    ``first_person_authority_sha256`` is the document, seen by the operator, that lets this person bind the organisation; people
    added later get their authority from people who have it. Writes `organisation.admitted`, `person.added` and `api_key.issued`.

    Raises:
        Forbidden: the actor is not the operator.
        BadInput: a kind, name, country or digest of the wrong form; no credit code for a Chinese organisation.
        OneOperator: only the platform itself admits an operator, once.
        CreditCodeInvalid: wrong form or check character.
        CreditCodeTaken: the organisation is admitted already.
    """
    require(actor, "party:admit")
    wanted = _kinds(kinds, by_platform=actor is SYSTEM)
    names = {
        "name_zh": clean_text("nameZh", name_zh, least=0, most=NAME_MAX),
        "name_en": clean_text("nameEn", name_en, least=0, most=NAME_MAX),
    }
    if not any(names.values()):
        raise BadInput("nameZh", "a name in Chinese, in English, or in both")
    facts = names | {"uscc": _credit_code(uscc, country), "country": _country(country)}
    person_name = clean_text("firstPersonName", first_person_name, most=NAME_MAX)
    authority = _digest_or_none("firstPersonAuthoritySha256", first_person_authority_sha256)
    with once(actor, "organisation_admit", idempotency_key, wanted, facts, _blind(person_name), authority) as call:
        if call.replayed:
            organisation = call.result(Organisation)
            return Admission(organisation, first_person(organisation.pk), None)
        organisation = _insert_organisation(wanted, facts)
        public = {"organisation": organisation.pk, "kinds": wanted, **facts}
        record("organisation.admitted", subject=("Organisation", organisation.pk), actor=actor, public=public)
        person = _add_person(actor, organisation.pk, person_name, authority=authority, valid_until=None)
        issued = new_api_key(
            actor=actor,
            person_id=person.pk,
            organisation_id=organisation.pk,
            scopes=scopes_for(frozenset(PartyKind(kind) for kind in wanted)),
            expires_at=clock.now() + timedelta(days=API_KEY_DAYS_MAX),
        )
        return Admission(call.done(organisation), person, issued.secret)


def person_add(
    *,
    actor: Actor,
    name: str,
    may_bind: bool,
    authority_sha256: str | None,
    idempotency_key: str,
    valid_until: date | None = None,
) -> Person:
    """Add a person to the actor's own organisation; the name is sealed and never logged.

    ``may_bind`` needs the digest of the document that authorises it, and an actor who has such authority to pass on.
    ``valid_until`` is the last day (China time); none means until revoked. Writes `person.added`.

    Raises:
        Forbidden: the key may not manage people.
        BadInput: name, digest or day of the wrong form; authority without a document or the reverse.
        NoAuthority: the actor may not bind the organisation, so cannot authorise anyone to.
    """
    person_id, organisation_id = acting(actor, "person:manage")
    cleaned = clean_text("name", name, most=NAME_MAX)
    authority = _digest_or_none("authoritySha256", authority_sha256)
    if may_bind != (authority is not None):
        raise BadInput("authoritySha256", "given exactly when the person may bind the organisation")
    today = china_date(clock.now())
    if valid_until is not None and valid_until < today:
        raise BadInput("validUntil", "not before today")
    with once(actor, "person_add", idempotency_key, _blind(cleaned), authority, valid_until) as call:
        if call.replayed:
            return call.result(Person)
        own = membership_on(person_id=person_id, organisation_id=organisation_id, day=today)
        if may_bind and (own is None or not own.may_bind):
            raise NoAuthority(field=("mayBind",))
        return call.done(_add_person(actor, organisation_id, cleaned, authority=authority, valid_until=valid_until))


def organisation_verify(*, actor: Actor, organisation_id: UUID, document_sha256: str, idempotency_key: str) -> Organisation:
    """Record that an institution verified the organisation's identity on a document. Writes `organisation.verified`.

    Raises:
        Forbidden: the actor is no institution's verifier.
        NotFound: no such organisation.
        Affiliated: it is the actor's own, or its affiliate.
        AlreadyVerified: somebody verified it before.
        BadInput: the digest is malformed.
    """
    person_id, _ = acting(actor, "party:verify")
    digest = document_digest("documentSha256", document_sha256)
    with once(actor, "organisation_verify", idempotency_key, organisation_id, digest) as call:
        if call.replayed:
            return call.result(Organisation)
        organisation = Organisation.objects.find(actor, organisation_id, field="organisationId")
        require_unaffiliated(actor, organisation_id)
        facts = {"verified_at": clock.now(), "verified_by": person_id, "identity_document_sha256": digest}
        if not Organisation.objects.filter(pk=organisation_id, verified_at=None).update(**facts):
            raise AlreadyVerified(field=("organisationId",))
        about, public = ("Organisation", organisation_id), {"organisation": organisation_id}
        record("organisation.verified", subject=about, actor=actor, public=public, sealed={"document_sha256": digest})
        organisation.refresh_from_db()
        return call.done(organisation)


def affiliation_declare(*, actor: Actor, organisation_id: UUID, other_id: UUID, basis: str, idempotency_key: str) -> Affiliation:
    """Record that two organisations are affiliated: one's own with another, or, by a regulator, any two.

    An affiliation with an authority is declared by the authority or a regulator: otherwise anyone could rid themselves of
    their supervisor. Writes `affiliation.declared`.

    Raises:
        Forbidden: the key may not manage the organisation.
        NotFound: no such organisation.
        BadInput: an unknown basis, or an organisation with itself.
        NotYoursToDeclare: neither is the actor's, or the other is an authority.
        AlreadyDeclared: it is on record, whatever its basis.
    """
    _, own = acting(actor, "person:manage")
    if basis not in Affiliation.Basis.values:
        raise BadInput("basis", f"one of {', '.join(Affiliation.Basis.values)}")
    if organisation_id == other_id:
        raise BadInput("otherId", "another organisation")
    a, b = sorted((organisation_id, other_id))
    with once(actor, "affiliation_declare", idempotency_key, a, b, basis) as call:
        if call.replayed:
            return call.result(Affiliation)
        both = [
            Organisation.objects.find(actor, organisation_id, field="organisationId"),
            Organisation.objects.find(actor, other_id, field="otherId"),
        ]
        _require_declarer(actor, own, both)
        try:
            with transaction.atomic():
                row = Affiliation.objects.create(a_id=a, b_id=b, basis=basis, declared_at=clock.now())
        except IntegrityError as error:
            raise AlreadyDeclared(field=("otherId",)) from error
        sealed = {"a": a, "b": b, "basis": basis}
        record("affiliation.declared", subject=("Affiliation", row.pk), actor=actor, public={"affiliation": row.pk}, sealed=sealed)
        return call.done(row)


def sector_permit_file(
    *, actor: Actor, sector: str, number: str, valid_from: date, valid_until: date, document_sha256: str, idempotency_key: str
) -> SectorPermit:
    """File the actor's organisation's permit for a sector; it counts once an institution has checked it. Writes `permit.filed`.

    ``valid_until`` is the last day of validity, as such permits print it.

    Raises:
        Forbidden: the key may not file.
        BadInput: an unknown sector, a malformed number or digest, or days in the wrong order.
        PermitOnFile: the organisation filed this number for this sector before.
    """
    _, organisation_id = acting(actor, "filing:submit")
    if sector not in CODES["sector_tags"]:
        raise BadInput("sector", f"one of {', '.join(CODES['sector_tags'])}")
    if valid_until < valid_from:
        raise BadInput("validUntil", "not before validFrom")
    facts = {
        "sector": sector,
        "number": clean_text("number", number, most=64),
        "valid_from": valid_from,
        "valid_until": valid_until,
        "document_sha256": document_digest("documentSha256", document_sha256),
    }
    with once(actor, "sector_permit_file", idempotency_key, facts) as call:
        if call.replayed:
            return call.result(SectorPermit)
        try:
            with transaction.atomic():
                permit = SectorPermit.objects.create(organisation_id=organisation_id, filed_at=clock.now(), **facts)
        except IntegrityError as error:
            raise PermitOnFile(field=("number",)) from error
        public = {"permit": permit.pk, "organisation": organisation_id, **facts}
        record("permit.filed", subject=("SectorPermit", permit.pk), actor=actor, public=public)
        return call.done(permit)


def sector_permit_check(*, actor: Actor, permit_id: UUID, accepted: bool, idempotency_key: str) -> SectorPermit:
    """Record an institution's check of a permit against its document: genuine and as stated, or not. Writes `permit.checked`.

    Raises:
        Forbidden: the actor is no institution's verifier.
        NotFound: no such permit.
        Affiliated: the holder is the actor's own organisation or its affiliate.
        AlreadyChecked: it was checked before.
    """
    person_id, _ = acting(actor, "party:verify")
    with once(actor, "sector_permit_check", idempotency_key, permit_id, accepted) as call:
        if call.replayed:
            return call.result(SectorPermit)
        permit = SectorPermit.objects.find(actor, permit_id, field="permitId")
        require_unaffiliated(actor, permit.organisation_id)
        facts = {"accepted": accepted, "checked_by": person_id, "checked_at": clock.now()}
        if not SectorPermit.objects.filter(pk=permit_id, checked_at=None).update(**facts):
            raise AlreadyChecked(field=("permitId",))
        public = {"permit": permit_id, "organisation": permit.organisation_id, "accepted": accepted}
        record("permit.checked", subject=("SectorPermit", permit_id), actor=actor, public=public)
        permit.refresh_from_db()
        return call.done(permit)


def _kinds(kinds: Iterable[PartyKind], *, by_platform: bool) -> list[str]:
    try:
        wanted = sorted({PartyKind(kind) for kind in kinds})
    except ValueError as error:
        raise BadInput("kinds", f"of {', '.join(PartyKind)}") from error
    if not wanted:
        raise BadInput("kinds", "at least one")
    if PartyKind.OPERATOR in wanted and not by_platform:
        raise OneOperator(field=("kinds",))
    return [kind.value for kind in wanted]


def _country(code: str) -> str:
    if not (len(code) == 2 and code.isascii() and code.isalpha() and code.isupper()):  # noqa: PLR2004 ISO 3166-1 alpha-2
        raise BadInput("country", "two capital letters (ISO 3166-1)")
    return code


def _credit_code(code: str | None, country: str) -> str | None:
    if code is None:
        if country == "CN":
            raise BadInput("uscc", "required of an organisation in China")
        return None
    if not uscc_valid(code):
        raise CreditCodeInvalid(field=("uscc",))
    return code


def _digest_or_none(field: str, value: str | None) -> str | None:
    return None if value is None else document_digest(field, value)


def _insert_organisation(kinds: list[str], facts: dict[str, str | None]) -> Organisation:
    try:
        with transaction.atomic():
            return Organisation.objects.create(kinds=kinds, admitted_at=clock.now(), **facts)
    except IntegrityError as error:
        if PartyKind.OPERATOR in kinds and Organisation.objects.filter(kinds__contains=[PartyKind.OPERATOR]).exists():
            raise OneOperator(field=("kinds",)) from error
        raise CreditCodeTaken(field=("uscc",)) from error


def _add_person(actor: Actor, organisation_id: UUID, name: str, *, authority: str | None, valid_until: date | None) -> Person:
    now: datetime = clock.now()
    person = Person(added_at=now)
    person.sealed_name = seal(kind="person", subject=person.pk, value=name.encode())
    person.save(force_insert=True)
    days = {"valid_from": china_date(now), "valid_until": valid_until}
    may_bind = authority is not None
    Membership.objects.create(person=person, organisation_id=organisation_id, may_bind=may_bind, authority_sha256=authority, **days)
    sealed = {"organisation": organisation_id, "may_bind": may_bind, **days, "authority_sha256": authority}
    record("person.added", subject=("Person", person.pk), actor=actor, public={"person": person.pk}, sealed=sealed)
    return person


def _require_declarer(actor: Actor, own: UUID, both: list[Organisation]) -> None:
    if actor.is_kind(PartyKind.REGULATOR):
        require(actor, "oversight:order")
        return
    others = [organisation for organisation in both if organisation.pk != own]
    if len(others) != 1:
        raise NotYoursToDeclare(field=("organisationId",))
    if not AUTHORITIES.isdisjoint(others[0].kinds) and not actor.is_kind(*AUTHORITIES):
        raise NotYoursToDeclare(field=("otherId",))


def _blind(name: str) -> str:
    """A keyed digest, so that the stored hash of a call's input gives away no name, even after erasure."""
    return salted_hmac("registry.parties.person", name, algorithm="sha256").hexdigest()
