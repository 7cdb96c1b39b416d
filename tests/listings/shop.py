"""What tests of this package do again and again, through the front door: stage, upload, register, measure, draft, offer."""

import hashlib
import json
import secrets

from django.test import Client as DjangoClient

from listings.resources.tasks import run_once
from marketplace.api.schema import market_schema
from tests.support.events import waiting
from tests.support.graphql import Client

market_schema()  # makes every node known, whose ids the client writes
CSV = b"day,flights,note\n2013-01-01,842,calm\n2013-01-02,943,\n2013-01-03,914,storm\n"
PRICE = json.dumps({"kind": "one_off", "currency": "CNY", "price": "500.00"})


def key():
    return secrets.token_hex(8)


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def door(party, **options):
    return Client(token=party.token, **options)


def staged(client, content=CSV, media_type="text/csv"):
    """A staged asset's id, and where to upload it."""
    payload = client.mutate("assetStage", "asset { id } uploadUrl", mediaType=media_type, size=str(len(content)), idempotencyKey=key())
    return payload["asset"]["id"], payload["uploadUrl"]


def put(url, content=CSV, **headers):
    response = DjangoClient(raise_request_exception=False).put(url, data=content, content_type="application/octet-stream", headers=headers)
    return response.status_code, response.json()


def ready(client, content=CSV, object_=None, media_type="text/csv"):
    """The id of an asset that its owner vouched for, attached if an object is named."""
    asset, url = staged(client, content, media_type)
    status, body = put(url, content)
    assert status == 200, body
    client.mutate("assetRegister", "asset { id }", assetId=asset, sha256=sha256(content), idempotencyKey=key())["asset"]
    if object_ is not None:
        client.mutate("assetAttach", "asset { id }", assetId=asset, objectId=object_, idempotencyKey=key())["asset"]
    return asset


def job(client, name, **given):
    """Start a job, let the relay run it, and return how it ended."""
    started = client.mutate(name, "job { id }", idempotencyKey=key(), **given)["job"]["id"]
    run_once()
    return client.query("query J($id: ID!) { node(id: $id) { ... on Job { state errorCode done total result } } }", id=started)["node"]


def measured(client, asset):
    """The ids of an asset's profile and of a sample of its first two rows."""
    assert job(client, "profileStart", assetId=asset)["state"] == "SUCCEEDED"
    assert job(client, "sampleStart", assetId=asset, method="FIRST", rows=2)["state"] == "SUCCEEDED"
    found = client.query("query A($id: ID!) { node(id: $id) { ... on Asset { profiles { id } samples { id } } } }", id=asset)["node"]
    return found["profiles"][0]["id"], found["samples"][0]["id"]


def plan(client, params=PRICE, model="fixed"):
    given = {"nameZh": "一次性", "nameEn": "One-off", "modelKey": model, "params": params}
    return client.mutate("planCreate", "plan { id }", idempotencyKey=key(), **given)["plan"]["id"]


def version(client, object_, *, asset=None, sample=None, title_en="Flights by day", **texts):
    """The id of the first version of a new product of an object."""
    product = client.mutate("productCreate", "product { id }", objectId=object_, idempotencyKey=key())["product"]["id"]
    given = {"productId": product, "titleZh": "逐日航班", "titleEn": title_en, "assetId": asset, "sampleId": sample, **texts}
    return client.mutate("productVersionAdd", "productVersion { id }", idempotencyKey=key(), **given)["productVersion"]["id"]


def drafted(client, object_, **given):
    """The id of a drafted listing of a new product of an object."""
    made = version(client, object_, **given)
    return client.mutate("listingDraft", "listing { id version }", productVersionId=made, idempotencyKey=key())["listing"]["id"]


def offer(client, listing, plan_, *, expected=1, delivery="GRANT", fields="offer { id listing { version contentVersion } }", **given):
    stated = {"listingId": listing, "planId": plan_, "termMonths": 12, "delivery": delivery, "expectedVersion": expected}
    return client.mutate("offerAdd", fields, idempotencyKey=given.pop("idempotencyKey", key()), **{**stated, **given})


def publish(client, listing, expected):
    return client.mutate(
        "listingPublish",
        "listing { id state version } verdict { outcome }",
        listingId=listing,
        expectedVersion=expected,
        idempotencyKey=key(),
    )


def events(*schemas):
    """The bodies of recorded events of these schemas, oldest first."""
    return [body for body in waiting() if body["schema"] in schemas]
