"""Stages and registers files, starts what measures them, and attaches them to registered objects."""

import re
from typing import Final
from uuid import UUID

from listings.resources.checks import organisation_of, own_asset, own_object, require_digest, require_ready, sample_allowed
from listings.resources.errors import AlreadyMeasured, AssetAttached, AssetNotReady, BytesDiffer, NotMeasured
from listings.resources.models import SAMPLE_ROWS_MAX, Asset, Profile, Sample
from listings.resources.states import ASSET_TRANSITIONS, AssetState, SampleMethod
from registry.base import clock
from registry.base.actor import Actor, require
from registry.base.errors import BadInput
from registry.base.idempotency import once
from registry.base.jobs import job_start
from registry.base.limits import UPLOAD_BYTES_MAX
from registry.base.models import Job
from registry.base.transitions import move
from registry.log.services import record

PROFILE_JOB: Final = "profile"
SAMPLE_JOB: Final = "sample"
_MEDIA_TYPE: Final = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,62}/[a-z0-9][a-z0-9!#$&^_.+-]{0,62}")


def asset_stage(*, actor: Actor, media_type: str, size: int, idempotency_key: str) -> Asset:
    """Announce a file of so many bytes; its owner then uploads it.

    Raises:
        Forbidden: the actor's organisation registers no data.
        BadInput: no media type, or a size outside 1 to ``UPLOAD_BYTES_MAX``.
    """
    require(actor, "resource:write")
    media_type = media_type.strip().lower()
    if _MEDIA_TYPE.fullmatch(media_type) is None:
        raise BadInput("mediaType", "a media type such as text/csv")
    if not 1 <= size <= UPLOAD_BYTES_MAX:
        raise BadInput("size", f"1 to {UPLOAD_BYTES_MAX} bytes")
    with once(actor, "asset_stage", idempotency_key, media_type, size) as call:
        if call.replayed:
            return call.result(Asset)
        asset = Asset.objects.create(owner_id=organisation_of(actor), media_type=media_type, size=size, staged_at=clock.now())
        return call.done(asset)


def asset_register(*, actor: Actor, asset_id: UUID, sha256: str, idempotency_key: str) -> Asset:
    """Vouch for the uploaded bytes by their SHA-256; from then on they never change.

    The digest stands for the expected version: it names the very bytes, so no later upload can slip in between.

    Writes one ``asset.registered`` event.

    Raises:
        NotFound: not an asset of the actor's.
        AssetNotReady: nothing was uploaded yet.
        BytesDiffer: other bytes were uploaded; carries their SHA-256.
        IllegalTransition: it was registered before.
    """
    require(actor, "resource:write")
    digest = require_digest("sha256", sha256)
    with once(actor, "asset_register", idempotency_key, asset_id, digest) as call:
        if call.replayed:
            return call.result(Asset)
        asset = own_asset(actor, asset_id)
        if asset.sha256 is None:
            raise AssetNotReady(field=("assetId",), state=asset.state)
        if asset.sha256 != digest:
            raise BytesDiffer(field=("sha256",), uploaded=asset.sha256)
        move(asset, to=AssetState.READY, expected_version=asset.version, transitions=ASSET_TRANSITIONS, ready_at=clock.now())
        record(
            "asset.registered",
            subject=("Asset", asset.pk),
            actor=actor,
            public={"asset": asset.pk, "sha256": asset.sha256, "size": str(asset.size)},
        )
        return call.done(asset)


def asset_attach(*, actor: Actor, asset_id: UUID, object_id: UUID, idempotency_key: str) -> Asset:
    """Say of which registered object a file is; the owner of both says so, once.

    Writes one ``asset.attached`` event.

    Raises:
        NotFound: not an asset, or not an object, of the actor's.
        AssetNotReady: nobody vouched for its bytes yet.
        AssetAttached: it belongs to an object already.
    """
    require(actor, "resource:write")
    with once(actor, "asset_attach", idempotency_key, asset_id, object_id) as call:
        if call.replayed:
            return call.result(Asset)
        asset = own_asset(actor, asset_id)
        registered = own_object(actor, object_id)
        require_ready(asset)
        if asset.object_id is not None:
            raise AssetAttached(field=("assetId",))
        asset.object = registered
        asset.save(update_fields=["object"])
        record("asset.attached", subject=("Asset", asset.pk), actor=actor, public={"asset": asset.pk, "object": registered.pk})
        return call.done(asset)


def profile_start(*, actor: Actor, asset_id: UUID, idempotency_key: str) -> Job:
    """Have an asset measured by a job of kind ``profile``.

    Raises:
        NotFound: not an asset of the actor's.
        AssetNotReady: nobody vouched for its bytes yet.
        AlreadyMeasured: it has its profile.
    """
    require(actor, "resource:write")
    with once(actor, "profile_start", idempotency_key, asset_id) as call:
        if call.replayed:
            return call.result(Job)
        asset = own_asset(actor, asset_id)
        require_ready(asset)
        if Profile.objects.filter(asset=asset).exists():
            raise AlreadyMeasured(field=("assetId",))
        return call.done(job_start(actor=actor, kind=PROFILE_JOB, params={"asset": str(asset.pk)}))


def sample_start(*, actor: Actor, asset_id: UUID, method: SampleMethod, rows: int, idempotency_key: str) -> Job:
    """Have a few rows taken by a job of kind ``sample``: the first ones, or every k-th of the whole file.

    Raises:
        NotFound: not an asset of the actor's.
        BadInput: fewer than 1 or more than ``SAMPLE_ROWS_MAX`` rows.
        NotMeasured: the asset has no profile yet.
        SampleForbidden: its object is not registered as free of personal information.
        AlreadyMeasured: it has that sample.
    """
    require(actor, "resource:write")
    if not 1 <= rows <= SAMPLE_ROWS_MAX:
        raise BadInput("rows", f"1 to {SAMPLE_ROWS_MAX}")
    with once(actor, "sample_start", idempotency_key, asset_id, method, rows) as call:
        if call.replayed:
            return call.result(Job)
        asset = own_asset(actor, asset_id)
        sample_allowed(asset)
        if not Profile.objects.filter(asset=asset).exists():
            raise NotMeasured(field=("assetId",))
        if Sample.objects.filter(asset=asset, method=method, row_count=rows).exists():
            raise AlreadyMeasured(field=("assetId",))
        params = {"asset": str(asset.pk), "method": method.value, "rows": rows}
        return call.done(job_start(actor=actor, kind=SAMPLE_JOB, params=params))


def measurements_open(*, profile_id: UUID | None, sample_id: UUID | None) -> None:
    """Open a profile and a sample to the market. Called by products, in its transaction, when a version with them is listed."""
    now = clock.now()
    Profile.objects.filter(pk__in=[profile_id], published_at=None).update(published_at=now)
    Sample.objects.filter(pk__in=[sample_id], published_at=None).update(published_at=now)
