"""Delivery links: a signed statement of which entitlement, which action and whose hand, for a quarter of an hour of business time."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from django.core.signing import BadSignature, Signer

from marketplace.delivery.errors import LinkExpired, LinkInvalid
from registry.base import clock

LINK_LIFE: Final = timedelta(minutes=15)
LINK_PATH: Final = "/deliveries/"
TOKEN_MAX: Final = 1024
_SIGNER: Final = "marketplace.delivery.link"


@dataclass(frozen=True, slots=True)
class Link:
    """One action of one person on one entitlement. Whoever has the link may follow it until it expires."""

    entitlement: UUID
    action_key: str
    person: UUID | None
    expires_at: datetime

    def path(self) -> str:
        """The address on this server."""
        stated = {"entitlement": self.entitlement.hex, "action": self.action_key, "expires": int(self.expires_at.timestamp())}
        if self.person is not None:
            stated["person"] = self.person.hex
        return LINK_PATH + Signer(salt=_SIGNER).sign_object(stated)


def new_link(*, entitlement: UUID, action_key: str, person: UUID | None) -> Link:
    """A link from now on, to the whole second."""
    expires_at = (clock.now() + LINK_LIFE).replace(microsecond=0)
    return Link(entitlement, action_key, person, expires_at)


def read_link(token: str) -> Link:
    """The link behind a token.

    Raises:
        LinkInvalid: not signed here.
        LinkExpired: its time is over.
    """
    if len(token) > TOKEN_MAX:
        raise LinkInvalid
    try:
        stated = Signer(salt=_SIGNER).unsign_object(token)
    except (BadSignature, ValueError) as error:
        raise LinkInvalid from error
    expires_at = datetime.fromtimestamp(stated["expires"], tz=UTC)
    if clock.now() >= expires_at:
        raise LinkExpired(expired_at=expires_at.isoformat())
    person = UUID(stated["person"]) if "person" in stated else None
    return Link(UUID(stated["entitlement"]), stated["action"], person, expires_at)
