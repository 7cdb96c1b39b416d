"""The room's relay: measures assets and takes samples, one job at a time."""

import hashlib
from itertools import chain, islice
from typing import Any
from uuid import UUID

from django.db import transaction

from listings.resources.checks import sample_allowed
from listings.resources.measuring import VALUE_SHOWN_MAX, Measure
from listings.resources.models import Asset, Profile, Sample
from listings.resources.services import PROFILE_JOB, SAMPLE_JOB
from listings.resources.states import SampleMethod
from listings.resources.storing import open_asset
from listings.resources.table import Table
from registry.base import clock, jobs
from registry.base.actor import SYSTEM
from registry.log.canonical import canonical
from registry.log.services import record


def run_once() -> int:
    """Run one waiting job of this room; returns how many ran."""
    return jobs.run_once({PROFILE_JOB: measure, SAMPLE_JOB: take_sample})


def measure(handle: jobs.Handle) -> dict[str, Any]:
    """Measure an asset; progress is in bytes of the stored file, reported at every batch of rows.

    Writes one ``profile.measured`` event. An asset that was measured meanwhile keeps its profile.

    Raises:
        NotTabular: the file is not one table.
        JobCancelled: somebody asked to stop.
    """
    asset = Asset.objects.get(pk=UUID(handle.params["asset"]))
    table = Table(open_asset(asset))
    measured = Measure(table.header)
    for batch in table.batches():
        measured.add(batch)
        handle.progress(min(table.consumed, asset.size), asset.size)
    with transaction.atomic():
        profile, created = Profile.objects.get_or_create(
            asset=asset, defaults={"rows": measured.rows, "columns": measured.columns(), "measured_at": clock.now()}
        )
        if created:
            public = {"asset": asset.pk, "profile": profile.pk, "rows": str(profile.rows), "columns_sha256": _digest(profile.columns)}
            record("profile.measured", subject=("Asset", asset.pk), actor=SYSTEM, public=public)
    return {"profile": str(profile.pk), "rows": profile.rows, "columns": len(profile.columns)}


def take_sample(handle: jobs.Handle) -> dict[str, Any]:
    """Take the first rows of an asset, or every k-th, with k the whole part of all rows by the rows wanted.

    Writes one ``sample.taken`` event. Cells are cut at ``VALUE_SHOWN_MAX`` characters.

    Raises:
        SampleForbidden: its object is not registered as free of personal information.
        NotTabular: the file is not one table.
    """
    asset = Asset.objects.select_related("object", "profile").get(pk=UUID(handle.params["asset"]))
    sample_allowed(asset)
    method, wanted = SampleMethod(handle.params["method"]), int(handle.params["rows"])
    every = max(asset.profile.rows // wanted, 1) if method is SampleMethod.SPREAD else 1
    table = Table(open_asset(asset))
    picked = islice(chain.from_iterable(table.batches()), 0, every * wanted, every)
    rows = [[cell[:VALUE_SHOWN_MAX] for cell in row] for row in picked]
    with transaction.atomic():
        sample, created = Sample.objects.get_or_create(
            asset=asset,
            method=method,
            row_count=wanted,
            defaults={"header": table.header, "rows": rows, "taken_at": clock.now()},
        )
        if created:
            public = {"asset": asset.pk, "sample": sample.pk, "method": method, "rows_sha256": _digest(rows)}
            record("sample.taken", subject=("Asset", asset.pk), actor=SYSTEM, public=public)
    return {"sample": str(sample.pk), "rows": len(sample.rows)}


def _digest(value: Any) -> str:
    return hashlib.sha256(canonical(value)).hexdigest()
