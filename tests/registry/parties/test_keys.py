"""API keys and signing keys: who they speak for, when they stop, and what they can never do."""

import base64
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import DatabaseError, IntegrityError, connection, transaction

from registry.base import clock
from registry.base.actor import SYSTEM, Actor, PartyKind, scopes_for
from registry.base.errors import BadInput, Forbidden, IdempotencyMismatch, NotFound, Unauthenticated
from registry.base.models import IdempotencyKey
from registry.log.models import Outbox
from registry.parties.errors import (
    AlreadyRevoked,
    ExpiryNotAllowed,
    NoAuthority,
    PossessionNotProved,
    ScopeNotAllowed,
    SigningKeyExists,
    SigningKeyInactive,
    SigningKeyUnacceptable,
    SigningKeyUsed,
)
from registry.parties.models import ApiKey, Membership, Person, SigningKey
from registry.parties.selectors import actor_for_token, signing_key_active
from registry.parties.services import api_key_issue, api_key_revoke, person_add, signing_key_register, signing_key_revoke
from registry.rules.calendar import china_date
from tests.support.events import opened, waiting
from tests.support.parties import AUTHORITY, admit, colleague, proof, register_key

pytestmark = pytest.mark.django_db
TABLES = (Person, Membership, ApiKey, SigningKey, Outbox, IdempotencyKey)


@pytest.fixture
def merchant():
    return admit(PartyKind.MERCHANT)


@pytest.fixture
def later(monkeypatch):
    """Move the business clock."""

    def move(by):
        monkeypatch.setattr(clock, "offset", lambda: by)

    return move


def issue(party, **changes):
    wanted = {
        "person_id": party.person.pk,
        "scopes": ["filing:submit"],
        "expires_at": clock.now() + timedelta(days=1),
        "idempotency_key": "k",
    }
    return api_key_issue(actor=party.actor, **wanted | changes)


def last_event():
    return waiting()[-1]


# API keys ------------------------------------------------------------------------------------------------------------


def test_a_key_speaks_for_one_person_in_one_organisation_with_its_own_scopes(merchant):
    key, secret = issue(merchant)
    assert actor_for_token(secret) == Actor(
        person=merchant.person.pk,
        organisation=merchant.organisation.pk,
        kinds=frozenset({PartyKind.MERCHANT}),
        scopes=frozenset({"filing:submit"}),
        key=key.pk,
    )
    assert last_event()["schema"] == "api_key.issued"
    assert opened(last_event()) == {
        "api_key": str(key.pk),
        "person": str(merchant.person.pk),
        "organisation": str(merchant.organisation.pk),
        "scopes": ["filing:submit"],
        "expires_at": key.expires_at.isoformat(),
    }


def test_a_key_is_never_stored(merchant):
    _, secret = issue(merchant)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM registry_parties_apikey AS k WHERE k::text LIKE %s", [f"%{secret[20:]}%"])
        assert cursor.fetchone() == (0,)


SPOILS = {
    "one character": lambda token: token[:-1] + ("a" if token[-1] != "a" else "b"),
    "other server": lambda token: token.replace("live", "demo"),
    "unknown": lambda token: token[:11] + "00000000" + token[19:],
    "empty": lambda _token: "",
    "blank after": lambda token: f"{token} ",
}


@pytest.mark.parametrize("spoil", SPOILS)
def test_a_wrong_key_speaks_for_nobody(merchant, spoil):
    with pytest.raises(Unauthenticated):
        actor_for_token(SPOILS[spoil](merchant.token))


def test_an_expired_key_speaks_for_nobody(merchant, later):
    _, secret = issue(merchant, expires_at=clock.now() + timedelta(hours=1))
    later(timedelta(minutes=59))
    assert actor_for_token(secret).organisation == merchant.organisation.pk
    later(timedelta(minutes=61))
    with pytest.raises(Unauthenticated):
        actor_for_token(secret)


def test_a_revoked_key_speaks_for_nobody_from_then_on(merchant):
    key, secret = issue(merchant)
    api_key_revoke(actor=merchant.actor, key_id=key.pk, idempotency_key="r")
    with pytest.raises(Unauthenticated):
        actor_for_token(secret)
    assert last_event()["schema"] == "api_key.revoked"
    with pytest.raises(AlreadyRevoked):
        api_key_revoke(actor=merchant.actor, key_id=key.pk, idempotency_key="r2")
    assert api_key_revoke(actor=merchant.actor, key_id=key.pk, idempotency_key="r").revoked_at is not None


def test_the_key_of_a_person_whose_time_is_over_speaks_for_nobody(merchant, later):
    last_day = china_date(clock.now()) + timedelta(days=3)
    person = person_add(actor=merchant.actor, name="Temp", may_bind=False, authority_sha256=None, valid_until=last_day, idempotency_key="p")
    _, secret = issue(merchant, person_id=person.pk, expires_at=clock.now() + timedelta(days=100))
    assert actor_for_token(secret).person == person.pk
    later(timedelta(days=4))
    with pytest.raises(Unauthenticated):
        actor_for_token(secret)


def test_use_is_noted_at_most_once_a_day(merchant, later, django_assert_num_queries):
    _, secret = issue(merchant)
    with django_assert_num_queries(2):
        actor_for_token(secret)
    with django_assert_num_queries(1):
        actor_for_token(secret)
    assert ApiKey.objects.get(lookup=secret[11:19]).last_used_on == china_date(clock.now())
    later(timedelta(hours=23, minutes=50))
    with django_assert_num_queries(2):
        actor_for_token(secret)


@pytest.mark.parametrize(
    ("changes", "error", "field"),
    [
        ({"scopes": []}, ScopeNotAllowed, ("scopes",)),
        ({"scopes": ["fly"]}, ScopeNotAllowed, ("scopes",)),
        ({"scopes": ["filing:submit", "screening:decide"]}, ScopeNotAllowed, ("scopes",)),
        ({"expires_at": datetime(2020, 1, 1, tzinfo=UTC)}, ExpiryNotAllowed, ("expiresAt",)),
        ({"expires_at": datetime(2099, 1, 1, tzinfo=UTC)}, ExpiryNotAllowed, ("expiresAt",)),
        ({"person_id": UUID(int=7)}, NotFound, ("personId",)),
    ],
)
def test_a_key_that_may_not_be_is_not_issued(merchant, snapshot, changes, error, field):
    before = snapshot(*TABLES)
    with pytest.raises(error) as refusal:
        issue(merchant, **changes)
    assert refusal.value.field == field
    assert snapshot(*TABLES) == before


def test_a_narrow_key_cannot_widen_itself(merchant, snapshot):
    _, secret = issue(merchant, scopes=["key:manage"])
    narrow = actor_for_token(secret)
    before = snapshot(*TABLES)
    with pytest.raises(ScopeNotAllowed) as refusal:
        api_key_issue(
            actor=narrow,
            person_id=merchant.person.pk,
            scopes=["key:manage", "deal:buy"],
            expires_at=clock.now() + timedelta(1),
            idempotency_key="w",
        )
    assert refusal.value.params["scopes"] == "deal:buy"
    assert snapshot(*TABLES) == before


def test_keys_of_another_organisation_are_out_of_reach(merchant, snapshot):
    stranger = admit(PartyKind.MERCHANT)
    key = ApiKey.objects.get(organisation=merchant.organisation)
    before = snapshot(*TABLES)
    with pytest.raises(NotFound):
        issue(stranger, person_id=merchant.person.pk)
    with pytest.raises(NotFound):
        api_key_revoke(actor=stranger.actor, key_id=key.pk, idempotency_key="r")
    with pytest.raises(Forbidden):
        api_key_issue(
            actor=SYSTEM, person_id=merchant.person.pk, scopes=["key:manage"], expires_at=clock.now() + timedelta(1), idempotency_key="s"
        )
    assert snapshot(*TABLES) == before


def test_a_repeated_issue_shows_no_secret_and_another_input_is_refused(merchant, snapshot):
    when = clock.now() + timedelta(days=1)
    first = issue(merchant, expires_at=when)
    before = snapshot(*TABLES)
    assert issue(merchant, expires_at=when) == (first.key, None)
    with pytest.raises(IdempotencyMismatch):
        issue(merchant, expires_at=when, scopes=["plan:write"])
    assert snapshot(*TABLES) == before


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE registry_parties_apikey SET revoked_at = NULL",
        "UPDATE registry_parties_apikey SET scopes = '{screening:decide}'",
        "UPDATE registry_parties_apikey SET expires_at = expires_at + interval '1 day'",
        "DELETE FROM registry_parties_apikey",
    ],
)
def test_the_database_brings_no_key_back_and_widens_none(merchant, snapshot, statement):
    api_key_revoke(actor=merchant.actor, key_id=ApiKey.objects.get().pk, idempotency_key="r")
    before = snapshot(ApiKey)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert snapshot(ApiKey) == before


# People --------------------------------------------------------------------------------------------------------------


def test_a_person_is_added_without_a_name_in_the_log(merchant):
    person = person_add(actor=merchant.actor, name=" 李四 ", may_bind=True, authority_sha256=AUTHORITY.upper(), idempotency_key="p")
    row = Membership.objects.get(person=person)
    assert (row.organisation_id, row.may_bind, row.authority_sha256) == (merchant.organisation.pk, True, AUTHORITY)
    assert list(last_event()["data"].pop("authority_sha256")) == ["_h"]
    assert opened(last_event()) == {
        "authority_sha256": AUTHORITY,
        "person": str(person.pk),
        "organisation": str(merchant.organisation.pk),
        "may_bind": True,
        "valid_from": china_date(clock.now()).isoformat(),
        "valid_until": None,
    }


def test_who_may_not_bind_cannot_authorise_another(merchant, snapshot):
    clerk = colleague(merchant)
    before = snapshot(*TABLES)
    with pytest.raises(NoAuthority):
        person_add(actor=clerk, name="Alias", may_bind=True, authority_sha256=AUTHORITY, idempotency_key="p")
    assert snapshot(*TABLES) == before


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, ("name",)),
        ({"name": "x" * 201}, ("name",)),
        ({"may_bind": True}, ("authoritySha256",)),
        ({"authority_sha256": AUTHORITY}, ("authoritySha256",)),
        ({"may_bind": True, "authority_sha256": "zz"}, ("authoritySha256",)),
        ({"valid_until": datetime(2020, 1, 1, tzinfo=UTC).date()}, ("validUntil",)),
    ],
)
def test_a_person_is_added_wholly_or_not_at_all(merchant, snapshot, changes, field):
    before = snapshot(*TABLES)
    with pytest.raises(BadInput) as refusal:
        person_add(actor=merchant.actor, **{"name": "A", "may_bind": False, "authority_sha256": None, "idempotency_key": "p"} | changes)
    assert refusal.value.field == field
    assert snapshot(*TABLES) == before


# Signing keys --------------------------------------------------------------------------------------------------------


def test_a_signing_key_binds_a_named_person_of_a_party(merchant):
    private, key = register_key(merchant.actor)
    event = last_event()
    assert event["schema"] == "key.registered"
    assert opened(event) == {
        "key": str(key.pk),
        "party": str(merchant.organisation.pk),
        "person": str(merchant.person.pk),
        "public_key": base64.b64encode(private.public_key().public_bytes_raw()).decode(),
    }
    assert signing_key_active(merchant.organisation.pk, key.pk, clock.now()) == key


def register(actor, private, **changes):
    wanted = {
        "public_key": private.public_key().public_bytes_raw(),
        "proof": proof(private, actor),
        "authority_sha256": AUTHORITY,
        "idempotency_key": "s",
    }
    return signing_key_register(actor=actor, **wanted | changes)


def test_a_person_without_authority_registers_no_key(merchant, snapshot):
    clerk = colleague(merchant)
    before = snapshot(*TABLES)
    with pytest.raises(NoAuthority):
        register(clerk, Ed25519PrivateKey.generate())
    with pytest.raises(NoAuthority):
        register(merchant.actor, Ed25519PrivateKey.generate(), authority_sha256="0" * 64)
    assert snapshot(*TABLES) == before


def test_a_key_whose_private_half_is_not_held_is_refused(merchant, snapshot):
    other, stranger = Ed25519PrivateKey.generate(), admit(PartyKind.MERCHANT)
    before = snapshot(*TABLES)
    private = Ed25519PrivateKey.generate()
    for wrong in (proof(other, merchant.actor), proof(private, stranger.actor), b"", bytes(64)):
        with pytest.raises(PossessionNotProved):
            register(merchant.actor, private, proof=wrong)
    for unusable in (b"", bytes(32), b"\x01" + bytes(31)):
        with pytest.raises(SigningKeyUnacceptable):
            register(merchant.actor, private, public_key=unusable)
    assert snapshot(*TABLES) == before


def test_a_person_has_one_active_key_an_organisation_and_a_key_is_used_once(merchant, snapshot):
    private, key = register_key(merchant.actor)
    before = snapshot(*TABLES)
    with pytest.raises(SigningKeyExists):
        register(merchant.actor, Ed25519PrivateKey.generate())
    assert snapshot(*TABLES) == before
    signing_key_revoke(actor=merchant.actor, key_id=key.pk, idempotency_key="r")
    with pytest.raises(SigningKeyUsed):
        register(merchant.actor, private)
    assert register(merchant.actor, Ed25519PrivateKey.generate()).revoked_at is None


def test_the_database_itself_allows_one_active_key(merchant):
    _, key = register_key(merchant.actor)
    with pytest.raises(IntegrityError, match="signing_key_one_active"), transaction.atomic():
        SigningKey.objects.create(
            person_id=key.person_id,
            organisation_id=key.organisation_id,
            public_key=bytes(32),
            authority_sha256=AUTHORITY,
            registered_at=clock.now(),
        )


def test_a_revoked_key_binds_nobody_from_then_on(merchant, later):
    _, key = register_key(merchant.actor)
    signed_at = clock.now()
    later(timedelta(hours=1))
    revoked = signing_key_revoke(actor=merchant.actor, key_id=key.pk, idempotency_key="r")
    assert opened(last_event()) == {"key": str(key.pk), "party": str(merchant.organisation.pk), "person": str(merchant.person.pk)}
    assert signing_key_active(merchant.organisation.pk, key.pk, signed_at) == key
    for at in (revoked.revoked_at, clock.now(), key.registered_at - timedelta(seconds=1)):
        with pytest.raises(SigningKeyInactive):
            signing_key_active(merchant.organisation.pk, key.pk, at)
    with pytest.raises(AlreadyRevoked):
        signing_key_revoke(actor=merchant.actor, key_id=key.pk, idempotency_key="r2")


def test_a_key_binds_its_own_organisation_only_and_only_while_authority_lasts(merchant, later, snapshot):
    stranger = admit(PartyKind.MERCHANT)
    _, key = register_key(merchant.actor)
    with pytest.raises(SigningKeyInactive):
        signing_key_active(stranger.organisation.pk, key.pk, clock.now())
    before = snapshot(*TABLES)
    with pytest.raises(NotFound):
        signing_key_revoke(actor=stranger.actor, key_id=key.pk, idempotency_key="r")
    assert snapshot(*TABLES) == before
    last_day = china_date(clock.now()) + timedelta(days=1)
    deputy = person_add(
        actor=merchant.actor, name="Deputy", may_bind=True, authority_sha256=AUTHORITY, valid_until=last_day, idempotency_key="d"
    )
    _, lent = register_key(Actor(deputy.pk, merchant.organisation.pk, merchant.actor.kinds, scopes_for(merchant.actor.kinds)))
    assert signing_key_active(merchant.organisation.pk, lent.pk, clock.now()) == lent
    later(timedelta(days=2))
    with pytest.raises(SigningKeyInactive):
        signing_key_active(merchant.organisation.pk, lent.pk, clock.now())
