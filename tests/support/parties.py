"""Parties for tests, each made by the real services: an organisation, its people, their keys."""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from registry.base.actor import SYSTEM, Actor, PartyKind
from registry.parties.selectors import actor_for_token
from registry.parties.services import organisation_admit, organisation_verify, person_add, signing_key_register
from registry.parties.signing import proof_message
from registry.parties.uscc import ALPHABET, check_character

if TYPE_CHECKING:
    from registry.parties.models import Organisation, Person, SigningKey

AUTHORITY: Final = hashlib.sha256(b"power of attorney").hexdigest()
"""Digest of the document under which first persons bind their organisations."""
LICENCE: Final = hashlib.sha256(b"business licence").hexdigest()


@dataclass(frozen=True)
class Party:
    """One person who acts for one organisation with one key."""

    organisation: Organisation
    person: Person
    actor: Actor
    token: str


def credit_code() -> str:
    """A credit code with a right check character that is most likely nobody's."""
    body = "91350200" + "".join(secrets.choice(ALPHABET) for _ in range(9))
    return body + check_character(body)


def admit(*kinds: PartyKind, name: str = "Party", authority: str | None = AUTHORITY) -> Party:
    """Admit an organisation whose first person may bind it under ``authority``."""
    organisation, person, secret = organisation_admit(
        actor=SYSTEM,
        kinds=kinds,
        name_zh="",
        name_en=name,
        uscc=credit_code(),
        country="CN",
        first_person_name=f"Head of {name}",
        first_person_authority_sha256=authority,
        idempotency_key=secrets.token_hex(8),
    )
    assert secret is not None
    return Party(organisation, person, actor_for_token(secret), secret)


def colleague(party: Party, *, authority: str | None = None, name: str = "Colleague") -> Actor:
    """Add a second person to a party's organisation and return them as an actor with the same scopes."""
    person = person_add(
        actor=party.actor, name=name, may_bind=authority is not None, authority_sha256=authority, idempotency_key=secrets.token_hex(8)
    )
    return Actor(person=person.pk, organisation=party.organisation.pk, kinds=party.actor.kinds, scopes=party.actor.scopes)


def verify(party: Party, *, by: Party) -> Organisation:
    """Have an institution verify a party's identity."""
    return organisation_verify(
        actor=by.actor, organisation_id=party.organisation.pk, document_sha256=LICENCE, idempotency_key=secrets.token_hex(8)
    )


def proof(private: Ed25519PrivateKey, actor: Actor) -> bytes:
    """Sign the proof of possession for an actor."""
    assert actor.organisation is not None
    assert actor.person is not None
    return private.sign(proof_message(organisation=actor.organisation, person=actor.person))


def register_key(actor: Actor, *, authority: str = AUTHORITY) -> tuple[Ed25519PrivateKey, SigningKey]:
    """Make a key pair and register its public half for an actor."""
    private = Ed25519PrivateKey.generate()
    key = signing_key_register(
        actor=actor,
        public_key=private.public_key().public_bytes_raw(),
        proof=proof(private, actor),
        authority_sha256=authority,
        idempotency_key=secrets.token_hex(8),
    )
    return private, key


def text(raw: bytes) -> str:
    """Bytes as the API takes them."""
    return base64.b64encode(raw).decode()
