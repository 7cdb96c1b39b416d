"""Files come in by one signed address, are sealed on the way, and are what their owner vouched for."""

from pathlib import Path

import pytest
from django.conf import settings
from django.core.signing import TimestampSigner
from django.db import IntegrityError, transaction
from django.test import Client as DjangoClient

from listings.resources import storing, views
from listings.resources.errors import AssetNotReady, UploadCut
from listings.resources.models import Asset
from listings.resources.storing import asset_upload, open_asset
from registry.base.actor import PartyKind
from registry.base.limits import UPLOAD_BYTES_MAX
from registry.base.models import DataKey
from registry.base.sealed import Erased, destroy
from registry.log.models import Outbox
from tests.listings.shop import CSV, door, events, key, put, ready, sha256, staged
from tests.marketplace.screening import market as m
from tests.support.graphql import UserError, global_id
from tests.support.parties import admit

pytestmark = pytest.mark.django_db
SHOWN = "asset { id state sha256 version object { id } }"


@pytest.fixture
def party():
    return admit(PartyKind.MERCHANT, name="Airport")


@pytest.fixture
def owner(party):
    return door(party)


def files():
    return {path for path in Path(settings.STORAGES["assets"]["OPTIONS"]["location"]).rglob("*") if path.is_file()}


def test_a_file_is_staged_uploaded_sealed_and_vouched_for(owner):
    asset, url = staged(owner)
    assert url.startswith("/uploads/")
    assert put(url) == (200, {"assetId": asset, "sha256": sha256(CSV), "size": len(CSV), "version": 2})
    assert Asset.objects.get().state == "UPLOADED"
    registered = owner.mutate("assetRegister", SHOWN, assetId=asset, sha256=sha256(CSV).upper(), idempotencyKey="k")
    assert registered["asset"] == {"id": asset, "state": "READY", "sha256": sha256(CSV), "version": 3, "object": None}
    row = Asset.objects.get()
    assert b"".join(open_asset(row)) == CSV
    sealed = Path(settings.STORAGES["assets"]["OPTIONS"]["location"], row.storage_name).read_bytes()
    assert CSV not in sealed
    assert b"storm" not in sealed
    (event,) = events("asset.registered")
    assert event["data"] == {"asset": str(row.pk), "sha256": sha256(CSV), "size": str(len(CSV))}
    again = owner.mutate("assetRegister", SHOWN, assetId=asset, sha256=sha256(CSV), idempotencyKey="k")
    assert again["asset"]["version"] == 3
    assert len(events("asset.registered")) == 1


def test_erasing_the_key_erases_the_file(owner):
    ready(owner)
    asset = Asset.objects.get()
    destroy(kind="asset", subject=asset.pk)
    with pytest.raises(Erased):
        list(open_asset(asset))


def test_other_bytes_may_replace_what_nobody_vouched_for_and_the_old_file_goes(owner):
    before = files()
    asset, url = staged(owner)
    put(url)
    other = CSV.replace(b"storm", b"clear")
    assert put(url, other)[1] == {"assetId": asset, "sha256": sha256(other), "size": len(other), "version": 3}
    assert len(files() - before) == 1
    refused = owner.mutate("assetRegister", SHOWN, assetId=asset, sha256=sha256(CSV), idempotencyKey="k")
    assert refused.user_errors == [UserError("BYTES_DIFFER", field=["sha256"], message=f"The uploaded bytes have SHA-256 {sha256(other)}.")]
    assert Asset.objects.get().state == "UPLOADED"
    assert events("asset.registered") == []


def test_what_was_vouched_for_takes_no_other_bytes(owner, snapshot):
    asset, url = staged(owner)
    put(url)
    owner.mutate("assetRegister", SHOWN, assetId=asset, sha256=sha256(CSV), idempotencyKey="k")
    before, kept = snapshot(Asset, Outbox), files()
    status, body = put(url)
    assert (status, body["error"]["code"]) == (409, "ASSET_FIXED")
    assert snapshot(Asset, Outbox) == before
    assert files() == kept
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        Asset.objects.update(sha256="0" * 64)


@pytest.mark.parametrize(
    ("content", "headers", "status", "code"),
    [
        (CSV + b"x", {}, 409, "SIZE_DIFFERS"),
        (b"", {"Content-Length": "0"}, 409, "SIZE_DIFFERS"),
        (b"", {}, 411, "LENGTH_REQUIRED"),
        (CSV, {"Content-Length": str(UPLOAD_BYTES_MAX + 1)}, 413, "UPLOAD_TOO_LARGE"),
        (CSV, {"Content-Length": "9" * 40}, 413, "UPLOAD_TOO_LARGE"),
        (CSV, {"Content-Length": ""}, 411, "LENGTH_REQUIRED"),
        (CSV, {"Content-Length": "-1"}, 411, "LENGTH_REQUIRED"),
        (CSV, {"Content-Length": "many"}, 411, "LENGTH_REQUIRED"),
    ],
)
def test_an_upload_of_a_wrong_length_is_refused_and_leaves_nothing(owner, snapshot, content, headers, status, code):
    _, url = staged(owner)
    before, kept = snapshot(Asset, Outbox, DataKey), files()
    answer, body = put(url, content, **headers)
    assert (answer, body["error"]["code"]) == (status, code)
    assert body["error"]["remedy"]
    assert snapshot(Asset, Outbox, DataKey) == before
    assert files() == kept


def test_a_cut_upload_leaves_the_asset_as_it_was(owner, snapshot):
    staged(owner)
    asset = Asset.objects.get()
    pieces = iter([CSV[:20], b""])
    before, kept = snapshot(Asset), files()
    with pytest.raises(UploadCut) as caught:
        asset_upload(asset=asset, read=lambda _size: next(pieces), length=len(CSV))
    assert caught.value.params == {"received": 20, "sent": len(CSV)}
    assert snapshot(Asset) == before
    assert files() == kept


def test_an_address_serves_one_hour_one_asset_and_only_put(owner, monkeypatch):
    _, url = staged(owner)
    assert DjangoClient().get(url).status_code == 405
    for wrong in ("/uploads/x", url + "x", url[:-1], "/uploads/" + "y" * 600):
        status, body = put(wrong)
        assert (status, body["error"]["code"]) == (403, "UPLOAD_LINK_INVALID")
    other = TimestampSigner(salt="elsewhere").sign_object({"asset": Asset.objects.get().pk.hex, "organisation": "0" * 32})
    assert put(f"/uploads/{other}")[0] == 403
    monkeypatch.setattr(storing, "LINK_SECONDS", -1)
    assert put(url)[0] == 403
    assert Asset.objects.get().state == "STAGED"


def test_an_error_comes_in_the_language_of_the_request(owner):
    _, url = staged(owner)
    status, body = put(url, CSV + b"x", **{"Accept-Language": "en"})
    assert body["error"]["message"] == f"The asset was staged with {len(CSV)} bytes; the upload has {len(CSV) + 1}."
    assert status == 409


def test_files_larger_than_one_chunk_keep_their_order(owner):
    content = b"".join(number.to_bytes(4, "big") for number in range(700_000))
    ready(owner, content, media_type="application/octet-stream")
    assert b"".join(open_asset(Asset.objects.get())) == content


def test_nothing_is_given_out_before_it_was_vouched_for(owner):
    _, url = staged(owner)
    put(url)
    with pytest.raises(AssetNotReady):
        open_asset(Asset.objects.get())


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"mediaType": "csv", "size": 1}, "mediaType"),
        ({"mediaType": "text/csv; x", "size": 1}, "mediaType"),
        ({"mediaType": "text/csv", "size": 0}, "size"),
        ({"mediaType": "text/csv", "size": -1}, "size"),
        ({"mediaType": "text/csv", "size": UPLOAD_BYTES_MAX + 1}, "size"),
        ({"mediaType": "text/csv", "size": 1, "idempotencyKey": ""}, "idempotencyKey"),
    ],
)
def test_bad_input_stages_nothing(owner, given, field, snapshot):
    before = snapshot(Asset, Outbox)
    refused = owner.mutate("assetStage", "asset { id }", **{"idempotencyKey": "k", **given})
    assert refused.user_errors == [UserError("BAD_INPUT", field=[field])]
    assert snapshot(Asset, Outbox) == before


def test_a_key_used_for_another_file_is_refused(owner):
    owner.mutate("assetStage", "asset { id }", mediaType="text/csv", size=1, idempotencyKey="k")
    assert owner.mutate("assetStage", "asset { id }", mediaType="text/csv", size=2, idempotencyKey="k").codes == ["IDEMPOTENCY_MISMATCH"]
    assert Asset.objects.count() == 1


def test_a_buyer_may_not_stage_and_a_stranger_sees_no_asset(owner):
    buyer = door(admit(PartyKind.BUYER, name="Buyer"))
    assert buyer.mutate("assetStage", "asset { id }", mediaType="text/csv", size=1, idempotencyKey="k").codes == ["FORBIDDEN"]
    asset = ready(owner)
    stranger = door(admit(PartyKind.MERCHANT, name="Stranger"))
    assert stranger.query("query A($id: ID!) { node(id: $id) { id } }", id=asset)["node"] is None
    assert stranger.mutate("assetRegister", SHOWN, assetId=asset, sha256=sha256(CSV), idempotencyKey="k").codes == ["NOT_FOUND"]
    assert stranger.query("{ assets(first: 5) { totalCount } }")["assets"] == {"totalCount": 0}
    assert owner.query("{ assets(first: 5) { totalCount } }")["assets"] == {"totalCount": 1}


def test_an_asset_is_attached_once_by_the_owner_of_both():
    of = m.market()
    seller, stranger = door(of.seller), door(admit(PartyKind.MERCHANT, name="Stranger"))
    asset, foreign = ready(seller), ready(stranger)
    assert stranger.mutate("assetAttach", SHOWN, assetId=foreign, objectId=of.registered, idempotencyKey="k").codes == ["NOT_FOUND"]
    unready, _ = staged(seller)
    assert seller.mutate("assetAttach", SHOWN, assetId=unready, objectId=of.registered, idempotencyKey="k0").codes == ["ASSET_NOT_READY"]
    attached = seller.mutate("assetAttach", SHOWN, assetId=asset, objectId=of.registered, idempotencyKey="k")
    assert attached["asset"]["object"] == {"id": global_id(of.registered)}
    assert seller.mutate("assetAttach", SHOWN, assetId=asset, objectId=of.registered, idempotencyKey="k2").codes == ["ASSET_ATTACHED"]
    assert len(events("asset.attached")) == 1


def test_registering_before_uploading_is_refused(owner):
    asset, _ = staged(owner)
    refused = owner.mutate("assetRegister", SHOWN, assetId=asset, sha256=sha256(CSV), idempotencyKey=key())
    assert refused.user_errors == [UserError("ASSET_NOT_READY", message="This asset is STAGED, not READY.")]
    assert owner.mutate("assetRegister", SHOWN, assetId=asset, sha256="xyz", idempotencyKey=key()).codes == ["BAD_INPUT"]


def test_every_refusal_of_an_upload_has_its_status():
    assert all(400 <= status < 500 for status in views._STATUS.values())
