"""Issues and revokes API keys, registers and revokes signing keys: the part of the room's writing that is about keys."""

import base64
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction

from registry.base import clock
from registry.base.actor import Actor, require, scopes_for
from registry.base.errors import Forbidden, NotFound
from registry.base.idempotency import once
from registry.base.limits import API_KEY_DAYS_MAX
from registry.log.services import record
from registry.parties import tokens
from registry.parties.errors import (
    AlreadyRevoked,
    ExpiryNotAllowed,
    NoAuthority,
    PossessionNotProved,
    ScopeNotAllowed,
    SigningKeyExists,
    SigningKeyUnacceptable,
    SigningKeyUsed,
)
from registry.parties.inputs import document_digest
from registry.parties.models import ApiKey, SigningKey
from registry.parties.selectors import membership_on
from registry.parties.signing import key_acceptable, proof_message, signature_valid
from registry.rules.calendar import china_date


class IssuedKey(NamedTuple):
    """A key and its text: None when the call is a repetition, for it is shown once."""

    key: ApiKey
    secret: str | None


def acting(actor: Actor, scope: str) -> tuple[UUID, UUID]:
    """The person and the organisation that act, for what only a person of an organisation can do.

    Raises:
        Unauthenticated: nobody is signed in.
        Forbidden: without the scope, or the platform itself.
    """
    require(actor, scope)
    if actor.person is None or actor.organisation is None:
        raise Forbidden(scope=scope)
    return actor.person, actor.organisation


def api_key_issue(*, actor: Actor, person_id: UUID, scopes: Iterable[str], expires_at: datetime, idempotency_key: str) -> IssuedKey:
    """Issue a key to a person of the actor's own organisation. Writes `api_key.issued`.

    A key hands on no scope that it lacks, so that a narrow key cannot widen itself.

    Raises:
        Forbidden: the key may not manage keys.
        NotFound: the person does not act for the organisation.
        ScopeNotAllowed: no scope at all, or ones that the organisation's kinds or the actor's key do not carry.
        ExpiryNotAllowed: not in the future, or more than ``API_KEY_DAYS_MAX`` days ahead.
    """
    _, organisation_id = acting(actor, "key:manage")
    wanted = frozenset(scopes)
    refused = wanted - (scopes_for(actor.kinds) & actor.scopes)
    if refused or not wanted:
        raise ScopeNotAllowed(field=("scopes",), scopes=", ".join(sorted(refused)) or "-")
    with once(actor, "api_key_issue", idempotency_key, person_id, wanted, expires_at) as call:
        if call.replayed:
            return IssuedKey(call.result(ApiKey), None)
        now = clock.now()
        if not now < expires_at <= now + timedelta(days=API_KEY_DAYS_MAX):
            raise ExpiryNotAllowed(field=("expiresAt",), days=API_KEY_DAYS_MAX)
        if membership_on(person_id=person_id, organisation_id=organisation_id, day=china_date(now)) is None:
            raise NotFound(field=("personId",), noun="person")
        issued = new_api_key(actor=actor, person_id=person_id, organisation_id=organisation_id, scopes=wanted, expires_at=expires_at)
        call.done(issued.key)
        return issued


def new_api_key(*, actor: Actor, person_id: UUID, organisation_id: UUID, scopes: frozenset[str], expires_at: datetime) -> IssuedKey:
    """Write a key and its event inside a transaction whose service has checked everything."""
    token = tokens.mint(demo=settings.DEMO_CLOCK)
    key = ApiKey.objects.create(
        lookup=token.lookup,
        secret_hash=token.digest,
        person_id=person_id,
        organisation_id=organisation_id,
        scopes=sorted(scopes),
        issued_at=clock.now(),
        expires_at=expires_at,
    )
    sealed = {"person": person_id, "organisation": organisation_id, "scopes": key.scopes}
    record("api_key.issued", subject=("ApiKey", key.pk), actor=actor, public={"api_key": key.pk, "expires_at": expires_at}, sealed=sealed)
    return IssuedKey(key, token.text)


def api_key_revoke(*, actor: Actor, key_id: UUID, idempotency_key: str) -> ApiKey:
    """Revoke a key of the actor's own organisation, at once and for good. Writes `api_key.revoked`.

    Raises:
        Forbidden: the key may not manage keys.
        NotFound: no such key of the organisation.
        AlreadyRevoked: it was revoked before.
    """
    acting(actor, "key:manage")
    with once(actor, "api_key_revoke", idempotency_key, key_id) as call:
        if call.replayed:
            return call.result(ApiKey)
        key = ApiKey.objects.find(actor, key_id, field="keyId")
        if not ApiKey.objects.filter(pk=key_id, revoked_at=None).update(revoked_at=clock.now()):
            raise AlreadyRevoked(field=("keyId",))
        sealed = {"person": key.person_id, "organisation": key.organisation_id}
        record("api_key.revoked", subject=("ApiKey", key_id), actor=actor, public={"api_key": key_id}, sealed=sealed)
        key.refresh_from_db()
        return call.done(key)


def signing_key_register(*, actor: Actor, public_key: bytes, proof: bytes, authority_sha256: str, idempotency_key: str) -> SigningKey:
    """Register the acting person's Ed25519 public key for the acting organisation. Writes `key.registered`.

    ``proof`` is the key's own signature over ``signing.proof_message``; ``authority_sha256`` names the document, recorded with
    the membership, that lets this person bind the organisation. The private key never comes here.

    Raises:
        Forbidden: the key may not manage keys.
        SigningKeyUnacceptable: not 32 bytes, or a key that binds nobody.
        PossessionNotProved: the proof does not verify.
        NoAuthority: no authority in force under that document.
        SigningKeyExists: the person has an active key for the organisation.
        SigningKeyUsed: the public key was registered before, by anyone.
    """
    person_id, organisation_id = acting(actor, "key:manage")
    authority = document_digest("authoritySha256", authority_sha256)
    if not key_acceptable(public_key):
        raise SigningKeyUnacceptable(field=("publicKey",))
    message = proof_message(organisation=organisation_id, person=person_id)
    if not signature_valid(public_key=public_key, signature=proof, message=message):
        raise PossessionNotProved(field=("proof",))
    with once(actor, "signing_key_register", idempotency_key, public_key, authority) as call:
        if call.replayed:
            return call.result(SigningKey)
        now = clock.now()
        membership = membership_on(person_id=person_id, organisation_id=organisation_id, day=china_date(now))
        if membership is None or membership.authority_sha256 != authority:
            raise NoAuthority(field=("authoritySha256",))
        key = _insert_signing_key(person_id=person_id, organisation_id=organisation_id, public_key=public_key, authority=authority, at=now)
        encoded = base64.b64encode(public_key).decode()
        public = {"key": key.pk, "party": organisation_id, "public_key": encoded}
        record("key.registered", subject=("SigningKey", key.pk), actor=actor, public=public, sealed={"person": person_id})
        return call.done(key)


def signing_key_revoke(*, actor: Actor, key_id: UUID, idempotency_key: str) -> SigningKey:
    """Revoke a signing key of the actor's own organisation; what it signed before stays signed. Writes `key.revoked`.

    Raises:
        Forbidden: the key may not manage keys.
        NotFound: no such key of the organisation.
        AlreadyRevoked: it was revoked before.
    """
    _, organisation_id = acting(actor, "key:manage")
    with once(actor, "signing_key_revoke", idempotency_key, key_id) as call:
        if call.replayed:
            return call.result(SigningKey)
        key = SigningKey.objects.filter(pk=key_id, organisation=organisation_id).first()
        if key is None:
            raise NotFound(field=("keyId",), noun="signing key")
        if not SigningKey.objects.filter(pk=key_id, revoked_at=None).update(revoked_at=clock.now()):
            raise AlreadyRevoked(field=("keyId",))
        public = {"key": key_id, "party": organisation_id}
        record("key.revoked", subject=("SigningKey", key_id), actor=actor, public=public, sealed={"person": key.person_id})
        key.refresh_from_db()
        return call.done(key)


def _insert_signing_key(*, person_id: UUID, organisation_id: UUID, public_key: bytes, authority: str, at: datetime) -> SigningKey:
    try:
        with transaction.atomic():
            return SigningKey.objects.create(
                person_id=person_id, organisation_id=organisation_id, public_key=public_key, authority_sha256=authority, registered_at=at
            )
    except IntegrityError as error:
        if SigningKey.objects.filter(public_key=public_key).exists():
            raise SigningKeyUsed(field=("publicKey",)) from error
        raise SigningKeyExists(field=("publicKey",)) from error
