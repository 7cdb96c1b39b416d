"""The reads of the parties room: who a key speaks for, who is affiliated, who may bind whom, what is permitted."""

from collections.abc import Iterable
from datetime import date, datetime
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from registry.base import clock
from registry.base.actor import Actor, PartyKind
from registry.base.errors import Affiliated, Unauthenticated
from registry.base.sealed import Erased, unseal
from registry.parties import tokens
from registry.parties.errors import SigningKeyInactive
from registry.parties.last_use import note_use
from registry.parties.models import Affiliation, ApiKey, Membership, Organisation, Person, SectorPermit, SigningKey
from registry.rules.calendar import china_date

NO_KEY = bytes(32)
"""Compared in place of a stored hash when there is no such key, so that both refusals take one path."""


def actor_for_token(token: str) -> Actor:
    """Who speaks with an API key. Two queries at most: the key, and once a day the note that it was used.

    Raises:
        Unauthenticated: malformed, unknown, revoked or expired, or the person no longer acts for the organisation. They are not told apart.
    """
    lookup = tokens.lookup_of(token)
    if lookup is None:
        raise Unauthenticated
    now = clock.now()
    member = Membership.objects.filter(_in_force(china_date(now)), person=OuterRef("person"), organisation=OuterRef("organisation"))
    key = ApiKey.objects.filter(lookup=lookup).annotate(member=Exists(member)).select_related("organisation").first()
    genuine = tokens.matches(token, bytes(key.secret_hash) if key else NO_KEY)
    if key is None or not genuine or not key.member or key.revoked_at is not None or key.expires_at <= now:
        raise Unauthenticated
    note_use(key)
    kinds = frozenset(PartyKind(kind) for kind in key.organisation.kinds)
    return Actor(person=key.person_id, organisation=key.organisation_id, kinds=kinds, scopes=frozenset(key.scopes), key=key.pk)


def affiliated(a: UUID, b: UUID) -> bool:
    """Whether two organisations are one or are declared affiliated, either way round. Affiliates of affiliates are not inferred."""
    return a == b or Affiliation.objects.filter(a=min(a, b), b=max(a, b)).exists()


def affiliates(organisation_id: UUID) -> set[UUID]:
    """An organisation and all that are declared affiliated with it, either way round."""
    pairs = Affiliation.objects.filter(Q(a=organisation_id) | Q(b=organisation_id)).values_list("a", "b")
    return {organisation_id, *(each for pair in pairs for each in pair)}


def known_organisations(names: Iterable[str]) -> bool:
    """Whether each name is the UUID of an organisation of this market, in the one form in which we write UUIDs."""
    keys: set[UUID] = set()
    for name in names:
        try:
            key = UUID(name)
        except ValueError:
            return False
        if str(key) != name:
            return False
        keys.add(key)
    return Organisation.objects.filter(pk__in=keys).count() == len(keys)


def require_unaffiliated(actor: Actor, organisation_id: UUID) -> None:
    """Refuse an actor who would decide on their own organisation or an affiliate.

    Raises:
        Affiliated: they would.
    """
    if actor.organisation is not None and affiliated(actor.organisation, organisation_id):
        raise Affiliated


def membership_on(*, person_id: UUID, organisation_id: UUID, day: date) -> Membership | None:
    """The membership under which a person acts for an organisation on a day (China time), if any."""
    return Membership.objects.filter(_in_force(day), person=person_id, organisation=organisation_id).first()


def signing_key_active(organisation_id: UUID, key_id: UUID, at: datetime) -> SigningKey:
    """The organisation's signing key, if it could bind the organisation at an instant.

    Raises:
        SigningKeyInactive: no such key of the organisation, not yet registered, revoked, or its person's authority not in force.
    """
    key = SigningKey.objects.filter(pk=key_id, organisation=organisation_id, registered_at__lte=at).first()
    if key is None or (key.revoked_at is not None and key.revoked_at <= at):
        raise SigningKeyInactive(field=("signingKeyId",))
    membership = membership_on(person_id=key.person_id, organisation_id=organisation_id, day=china_date(at))
    if membership is None or not membership.may_bind:
        raise SigningKeyInactive(field=("signingKeyId",))
    return key


def permit_valid(organisation_id: UUID, sector: str, at: datetime) -> bool | None:
    """Whether the organisation holds a sector's permit on the day (China time) of an instant.

    True: a checked permit covers the day. False: permits are on file, but each is out of its period or failed the check.
    None, unknown: nothing is on file, or what covers the day is not checked yet.
    """
    permits = SectorPermit.objects.filter(organisation=organisation_id, sector=sector)
    day = china_date(at)
    covering = set(permits.filter(valid_from__lte=day, valid_until__gte=day).values_list("accepted", flat=True))
    if True in covering:
        return True
    return None if None in covering or not permits.exists() else False


def permit_until(organisation_id: UUID, sector: str) -> date | None:
    """The last day of the sector's permit that was checked and ends latest; None if none was."""
    permits = SectorPermit.objects.filter(organisation=organisation_id, sector=sector, accepted=True)
    return permits.order_by("-valid_until").values_list("valid_until", flat=True).first()


def person_name(actor: Actor, person_id: UUID) -> str | None:
    """A person's name, for themselves and for people of an organisation that they act for; None for all others and after erasure."""
    colleague = Membership.objects.visible_to(actor).filter(person=person_id, organisation=actor.organisation).exists()
    if actor.person != person_id and not colleague:
        return None
    try:
        return unseal(kind="person", subject=person_id, sealed=bytes(Person.objects.get(pk=person_id).sealed_name)).decode()
    except Erased:
        return None


def operator() -> Organisation | None:
    """The market's operator, once it is set up."""
    return Organisation.objects.filter(kinds__contains=[PartyKind.OPERATOR]).first()


def first_person(organisation_id: UUID) -> Person:
    """The person who was admitted with the organisation."""
    return Person.objects.filter(memberships__organisation=organisation_id).order_by("memberships__id")[0]


def viewer_organisation(actor: Actor) -> Organisation | None:
    """The organisation that the actor acts for."""
    return Organisation.objects.visible_to(actor).filter(pk=actor.organisation).first() if actor.organisation else None


def viewer_person(actor: Actor) -> Person | None:
    """The person who acts."""
    return Person.objects.visible_to(actor).filter(pk=actor.person).first() if actor.person else None


def organisation_page(*, actor: Actor, kind: str | None = None, uscc: str | None = None) -> QuerySet[Organisation]:
    """Organisations that the actor may see, of one kind or with one credit code if asked."""
    rows = Organisation.objects.visible_to(actor)
    rows = rows if kind is None else rows.filter(kinds__contains=[kind])
    return rows if uscc is None else rows.filter(uscc=uscc)


def person_page(*, actor: Actor) -> QuerySet[Person]:
    """People that the actor may see."""
    return Person.objects.visible_to(actor)


def api_key_page(*, actor: Actor) -> QuerySet[ApiKey]:
    """API keys that the actor may see."""
    return ApiKey.objects.visible_to(actor)


def affiliation_page(*, actor: Actor) -> QuerySet[Affiliation]:
    """Affiliations that the actor may see."""
    return Affiliation.objects.visible_to(actor)


def permit_page(*, actor: Actor, organisation_id: UUID | None = None) -> QuerySet[SectorPermit]:
    """Permits that the actor may see, of one holder if asked."""
    rows = SectorPermit.objects.visible_to(actor)
    return rows if organisation_id is None else rows.filter(organisation=organisation_id)


def _in_force(day: date) -> Q:
    return Q(valid_from__lte=day) & (Q(valid_until__isnull=True) | Q(valid_until__gte=day))
