"""A file that was bought: seller, buyer, object, rights, asset and entitlement, each made by the real service."""

import hashlib
import io
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID, uuid4

from django.db.backends.postgresql.psycopg_any import DateRange
from django.test import Client
from django.utils.translation import override

from listings.resources.models import Asset
from listings.resources.services import asset_attach, asset_register, asset_stage
from listings.resources.storing import asset_upload
from marketplace.delivery.models import Entitlement
from marketplace.delivery.services import entitlement_open
from registry.base import clock
from registry.base.actor import Actor, PartyKind
from registry.base.errors import UserError
from registry.parties.models import Organisation
from registry.rights.models import Grant, RegisteredObject
from registry.rights.selectors import scope_available
from registry.rules.calendar import china_date
from tests.registry.rights.world import actor, first, licence, organisation, registered
from tests.support.events import waiting

CONTENT = bytes(range(256)) * 6 * 1024  # one chunk and a half
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@dataclass
class Bought:
    """Who sold what to whom, and what the buyer may do with it."""

    seller: Organisation
    buyer: Organisation
    object: RegisteredObject
    grant: Grant
    asset: Asset
    entitlement: Entitlement

    @property
    def holder(self) -> Actor:
        return actor(self.buyer)


def today() -> date:
    return china_date(clock.now())


def in_days(days: int) -> date:
    return today() + timedelta(days=days)


def bought(
    *,
    suspended: bool = False,
    mode: str = "FILE",
    begins: int = 0,
    ends: int = 30,
    derived: bool = False,
    seller: Organisation | None = None,
    buyer: Organisation | None = None,
) -> Bought:
    seller, buyer = seller or organisation(name="Seller"), buyer or organisation(PartyKind.BUYER, "Buyer")
    thing = _derived_from_a_source(seller) if derived else registered(seller)
    operate = first(thing, start=in_days(-1), end=in_days(365), scope=scope_available(thing.pk))
    grant = licence(operate, buyer, start=in_days(begins), end=in_days(ends))
    asset = stored(seller, thing)
    entitlement = entitlement_open(
        deal_id=grant.deal_id, holder_id=buyer.pk, object_id=thing.pk, grant_id=grant.pk, asset_id=None if mode == "GRANT" else asset.pk,
        mode=mode, valid=DateRange(in_days(begins), in_days(ends)), suspended=suspended,
    )  # fmt: skip
    return Bought(seller, buyer, thing, grant, asset, entitlement)


def _derived_from_a_source(owner: Organisation) -> RegisteredObject:
    source = registered(organisation(name="Source"), name="Weather")
    relied = licence(first(source, start=in_days(-2), end=in_days(400)), owner, start=in_days(-2), end=in_days(400))
    return registered(owner, relied, name="Delays")


def stored(owner: Organisation, thing: RegisteredObject, content: bytes = CONTENT) -> Asset:
    by = actor(owner)
    asset = asset_stage(actor=by, media_type="text/csv", size=len(content), idempotency_key=f"stage {uuid4()}")
    asset = asset_upload(asset=asset, read=io.BytesIO(content).read, length=len(content))
    digest = hashlib.sha256(content).hexdigest()
    asset = asset_register(actor=by, asset_id=asset.pk, sha256=digest, idempotency_key=f"register {asset.pk}")
    return asset_attach(actor=by, asset_id=asset.pk, object_id=thing.pk, idempotency_key=f"attach {asset.pk}")


def fetch(path: str, *, language: str = "en"):
    return Client(raise_request_exception=False).get(path, headers={"Accept-Language": language})


def fetched(path: str) -> bytes:
    """The whole file, as a server hands it over."""
    response = fetch(path)
    assert response.status_code == 200, response.content
    return b"".join(response.streaming_content)


def interrupt(response) -> None:
    """End an answer as a server does when its reader is gone; through the test client's own wrapper, which keeps the test's connection."""
    response._iterator.close()


def refusal(path: str, *, language: str = "en") -> tuple[int, str]:
    response = fetch(path, language=language)
    return response.status_code, response.json()["error"]["code"]


def english(error: UserError) -> str:
    """The message, whatever language an earlier request left behind."""
    with override("en"):
        return error.text()


def events(schema: str) -> list[dict]:
    """The bodies of the recorded events of one schema, oldest first; not yet sequenced ones."""
    return [body for body in waiting() if body["schema"] == schema]


def of(entitlement: Entitlement, **more: str) -> dict[str, str]:
    return {"entitlement": str(entitlement.pk), "deal": str(entitlement.deal_id), **more}


def reloaded(entitlement_id: UUID) -> Entitlement:
    return Entitlement.objects.get(pk=entitlement_id)
