"""Who acts: every service takes an actor first, so that no effect is without an author."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final
from uuid import UUID

from registry.base.errors import Forbidden, Unauthenticated


class PartyKind(StrEnum):
    """What an organisation is admitted as. 主体类别"""

    OPERATOR = "OPERATOR"
    MERCHANT = "MERCHANT"
    BUYER = "BUYER"
    INSTITUTION = "INSTITUTION"
    REGISTRAR = "REGISTRAR"
    REGULATOR = "REGULATOR"
    PUBLIC_BODY = "PUBLIC_BODY"


EVERYONE: Final = frozenset(PartyKind)
TRADERS: Final = frozenset({PartyKind.MERCHANT, PartyKind.BUYER, PartyKind.PUBLIC_BODY})
SUPERVISORS: Final = frozenset({PartyKind.REGULATOR})

SCOPES: Final[Mapping[str, frozenset[PartyKind]]] = {
    "party:admit": frozenset({PartyKind.OPERATOR}),
    "party:verify": frozenset({PartyKind.INSTITUTION}),
    "person:manage": EVERYONE,
    "key:manage": EVERYONE,
    "contract:sign": TRADERS,
    "filing:submit": frozenset({PartyKind.MERCHANT, PartyKind.PUBLIC_BODY}),
    "filing:examine": frozenset({PartyKind.REGISTRAR}),
    "filing:object": EVERYONE,
    "resource:write": frozenset({PartyKind.MERCHANT, PartyKind.PUBLIC_BODY}),
    "listing:write": frozenset({PartyKind.MERCHANT}),
    "openlist:write": frozenset({PartyKind.PUBLIC_BODY, PartyKind.REGULATOR}),
    "plan:write": frozenset({PartyKind.MERCHANT}),
    "plan:use": TRADERS,
    "plan:consent": TRADERS,
    "fee:write": frozenset({PartyKind.OPERATOR, PartyKind.INSTITUTION}),
    "deal:buy": TRADERS,
    "deal:sell": frozenset({PartyKind.MERCHANT}),
    "deal:settle": frozenset({PartyKind.INSTITUTION}),
    "screening:decide": SUPERVISORS,
    "oversight:order": SUPERVISORS,
    "record:read": EVERYONE,
}
"""Each scope and the kinds of organisation that may hold it."""


@dataclass(frozen=True, slots=True)
class Actor:
    """One person acting for one organisation, with the scopes of the API key that spoke.

    Two keys of one person are one person: four eyes compare ``person``, never ``key``.
    """

    person: UUID | None
    organisation: UUID | None
    kinds: frozenset[PartyKind] = field(default_factory=frozenset)
    scopes: frozenset[str] = field(default_factory=frozenset)
    key: UUID | None = None

    @property
    def authenticated(self) -> bool:
        """Whether somebody is known to act."""
        return self.organisation is not None or self is SYSTEM

    @property
    def acting_for(self) -> UUID:
        """The acting organisation's id, where there must be one.

        Raises:
            Unauthenticated: nobody is signed in, or the platform itself acts.
        """
        if self.organisation is None:
            raise Unauthenticated
        return self.organisation

    @property
    def acting_person(self) -> UUID:
        """The acting person's id, where there must be one.

        Raises:
            Unauthenticated: nobody is signed in, or the platform itself acts.
        """
        if self.person is None:
            raise Unauthenticated
        return self.person

    def is_kind(self, *kinds: PartyKind) -> bool:
        """Whether the acting organisation is admitted as one of the kinds."""
        return not self.kinds.isdisjoint(kinds)

    def may(self, scope: str) -> bool:
        """Whether both the key carries the scope and the organisation's kind allows it."""
        return scope in self.scopes and not self.kinds.isdisjoint(SCOPES[scope])


ANONYMOUS: Final = Actor(person=None, organisation=None)
SYSTEM: Final = Actor(person=None, organisation=None, kinds=EVERYONE, scopes=frozenset(SCOPES))
"""The platform's own relays. It sees everything and signs nothing."""


def scopes_for(kinds: frozenset[PartyKind]) -> frozenset[str]:
    """Every scope that an organisation of these kinds may hold."""
    return frozenset(scope for scope, allowed in SCOPES.items() if not kinds.isdisjoint(allowed))


def require(actor: Actor, scope: str) -> None:
    """Refuse an actor without the scope.

    Raises:
        Unauthenticated: nobody is signed in.
        Forbidden: the key or the organisation's kind does not carry the scope.
    """
    if not actor.authenticated:
        raise Unauthenticated
    if not actor.may(scope):
        raise Forbidden(scope=scope)
