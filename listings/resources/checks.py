"""What services of this package ask before they write: whose it is, whether it is ready, whether it is about people."""

import re
from typing import Final
from uuid import UUID

from listings.resources.errors import AssetNotReady, SampleForbidden
from listings.resources.models import SHA256, Asset
from listings.resources.states import AssetState
from registry.base.actor import Actor
from registry.base.errors import BadInput, NotFound
from registry.rights.models import RegisteredObject

WITHOUT_PEOPLE: Final = ("NONE", "ANONYMISED")
"""Kinds of personal information under which rows may be shown: none, and what is none any more."""


def organisation_of(actor: Actor) -> UUID:
    """The organisation that acts; the platform's own relays are none.

    Raises:
        NotFound: there is none.
    """
    if actor.organisation is None:
        raise NotFound(noun="organisation")
    return actor.organisation


def own_asset(actor: Actor, asset_id: UUID) -> Asset:
    """An asset of the actor's organisation, locked.

    Raises:
        NotFound: there is none.
    """
    asset = Asset.objects.select_for_update(of=("self",)).filter(pk=asset_id, owner=actor.organisation).first()
    if asset is None:
        raise NotFound(field=("assetId",), noun="asset")
    return asset


def own_object(actor: Actor, object_id: UUID) -> RegisteredObject:
    """A registered object of the actor's organisation.

    Raises:
        NotFound: there is none.
    """
    registered = RegisteredObject.objects.filter(pk=object_id, owner=actor.organisation).first()
    if registered is None:
        raise NotFound(field=("objectId",), noun="registered object")
    return registered


def sample_allowed(asset: Asset) -> None:
    """Refuse rows of what may be about people.

    Raises:
        SampleForbidden: the asset's object is not registered as free of personal information, or it has none.
    """
    if asset.object is None or asset.object.pi_kind not in WITHOUT_PEOPLE:
        raise SampleForbidden(field=("assetId",))


def require_ready(asset: Asset) -> None:
    """Refuse an asset that nobody vouched for.

    Raises:
        AssetNotReady: its owner registered no digest yet.
    """
    if asset.state != AssetState.READY:
        raise AssetNotReady(field=("assetId",), state=asset.state)


def require_digest(field: str, value: str) -> str:
    """A SHA-256 in lower-case hexadecimal digits.

    Raises:
        BadInput: it is none.
    """
    digest = value.strip().lower()
    if re.fullmatch(SHA256, digest) is None:
        raise BadInput(field, "a SHA-256 in 64 hexadecimal digits")
    return digest
