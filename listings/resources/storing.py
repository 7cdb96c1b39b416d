"""Takes the bytes of an asset in and gives them out again; they lie sealed, and plain bytes never touch the disk."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import Final
from uuid import UUID

from django.core.files.storage import storages
from django.core.files.uploadedfile import TemporaryUploadedFile
from django.core.signing import BadSignature, TimestampSigner
from django.db import transaction

from listings.resources.errors import AssetFixed, AssetNotReady, SizeDiffers, UploadCut, UploadLinkInvalid
from listings.resources.models import Asset
from listings.resources.states import ASSET_TRANSITIONS, AssetState
from registry.base.ids import uuid7
from registry.base.sealed import CHUNK_BYTES, seal_stream, unseal_stream
from registry.base.transitions import move

UPLOAD_PATH: Final = "/uploads/"
LINK_SECONDS: Final = 3600
TOKEN_MAX: Final = 512
_SALT: Final = "listings.resources.upload"
_KIND: Final = "asset"


def upload_path(asset: Asset) -> str:
    """The address that takes the asset's bytes for the next hour, from whoever has it."""
    return UPLOAD_PATH + TimestampSigner(salt=_SALT).sign_object({"asset": asset.pk.hex, "organisation": asset.owner_id.hex})


def upload_asset(token: str) -> Asset:
    """The asset behind an upload address.

    Raises:
        UploadLinkInvalid: not signed here, an hour old, or of an asset that is not that organisation's.
    """
    if len(token) > TOKEN_MAX:
        raise UploadLinkInvalid
    try:
        stated = TimestampSigner(salt=_SALT).unsign_object(token, max_age=LINK_SECONDS)
    except (BadSignature, ValueError) as error:
        raise UploadLinkInvalid from error
    asset = Asset.objects.filter(pk=UUID(stated["asset"]), owner=UUID(stated["organisation"])).first()
    if asset is None:
        raise UploadLinkInvalid
    return asset


def asset_upload(*, asset: Asset, read: Callable[[int], bytes], length: int) -> Asset:
    """Seal the bytes that ``read`` gives and keep them as the asset's; its SHA-256 is computed on the way.

    Nothing points at the sealed file until it is whole, so that a cut upload leaves the asset as it was.

    Raises:
        AssetFixed: its owner vouched for the bytes before.
        SizeDiffers: another length than was staged.
        UploadCut: fewer bytes came than were announced.
    """
    if asset.state == AssetState.READY:
        raise AssetFixed
    if length != asset.size:
        raise SizeDiffers(staged=asset.size, sent=length)
    digest = hashlib.sha256()
    with TemporaryUploadedFile(asset.pk.hex, "application/octet-stream", length, None) as draft:
        for frame in seal_stream(kind=_KIND, subject=asset.pk, chunks=_counted(read, length, digest.update)):
            draft.write(frame)
        draft.flush()
        draft.seek(0)
        name = storages[_KIND + "s"].save(f"{asset.pk.hex}/{uuid7().hex}", draft)
    return _point_at(asset, name, digest.hexdigest())


def open_asset(asset: Asset) -> Iterator[bytes]:
    """The plain bytes of an asset that its owner vouched for, in order, at most ``CHUNK_BYTES`` at a time.

    Raises:
        AssetNotReady: nobody vouched for them yet.
        Erased: its key was destroyed.
        InvalidTag: the stored bytes were altered.
    """
    if asset.state != AssetState.READY:
        raise AssetNotReady(state=asset.state)
    return _unsealed(asset)


def _unsealed(asset: Asset) -> Iterator[bytes]:
    with storages[_KIND + "s"].open(asset.storage_name) as file:
        yield from unseal_stream(kind=_KIND, subject=asset.pk, read=iter(partial(file.read, CHUNK_BYTES), b""))


def _counted(read: Callable[[int], bytes], length: int, note: Callable[[bytes], None]) -> Iterator[bytes]:
    left = length
    while left:
        chunk = read(min(CHUNK_BYTES, left))
        if not chunk:
            raise UploadCut(received=length - left, sent=length)
        left -= len(chunk)
        note(chunk)
        yield chunk


def _point_at(asset: Asset, name: str, sha256: str) -> Asset:
    try:
        current, before = _repointed(asset, name, sha256)
    except BaseException:
        _drop(name)
        raise
    _drop(before)
    return current


def _repointed(asset: Asset, name: str, sha256: str) -> tuple[Asset, str]:
    """The asset with its new file, and the name of the file it had."""
    with transaction.atomic():
        current = Asset.objects.lock(asset.pk)
        if current.state == AssetState.READY:
            raise AssetFixed
        before = current.storage_name
        changes = {"storage_name": name, "sha256": sha256}
        move(current, to=AssetState.UPLOADED, expected_version=current.version, transitions=ASSET_TRANSITIONS, **changes)
    return current, before


def _drop(name: str) -> None:
    # a file that nothing points at harms nobody, so failing to remove it must not fail the upload
    with suppress(OSError):
        if name:
            storages[_KIND + "s"].delete(name)
