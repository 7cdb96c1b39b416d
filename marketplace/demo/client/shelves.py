"""Putting a product on the shelf: product, version, listing, offers, screening."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from marketplace.demo.client.api import DemoFailed
from marketplace.demo.client.listing import Shelf
from marketplace.demo.client.people import Organisation


@dataclass(frozen=True, slots=True)
class Offering:
    """What an owner offers: titles, the file if there is one, plans by name, and whether the buyer may derive products."""

    title_zh: str
    title_en: str
    asset_id: str | None
    delivery: str
    plans: Mapping[str, str]
    derive: bool = False
    term_months: int = 12
    sample_id: str | None = None
    deliveries: Mapping[str, str] = field(default_factory=dict)

    def scope(self) -> dict[str, Any]:
        """What the granted right allows."""
        return {
            "derive": self.derive,
            "provideDerived": self.derive,
            "sublicense": False,
            "resale": False,
            "export": False,
            "territory": "CN",
            "purposes": [],
        }


def put_on_shelf(owner: Organisation, object_id: str, offering: Offering, *, publish: bool = True) -> Shelf:
    """Make the product, its version, a listing with one offer a plan; have it screened and listed unless told not to."""
    api = owner.api
    product = api.mutate("productCreate", "product { id }", objectId=object_id)["product"]["id"]
    files = {"assetId": offering.asset_id, "sampleId": offering.sample_id}
    version = api.mutate(
        "productVersionAdd",
        "productVersion { id }",
        productId=product,
        titleZh=offering.title_zh,
        titleEn=offering.title_en,
        **{name: value for name, value in files.items() if value},
    )["productVersion"]["id"]
    listing = api.mutate("listingDraft", "listing { id version }", productVersionId=version)["listing"]
    offers = {}
    for name, plan in offering.plans.items():
        made = api.mutate(
            "offerAdd",
            "offer { id listing { version } }",
            listingId=listing["id"],
            planId=plan,
            termMonths=offering.term_months,
            exclusive=False,
            scope=offering.scope(),
            delivery=offering.deliveries.get(name, offering.delivery),
            expectedVersion=listing["version"],
        )["offer"]
        offers[name], listing["version"] = made["id"], made["listing"]["version"]
    shelf = Shelf(object_id, listing["id"], offers)
    if publish:
        list_it(owner, shelf)
    return shelf


def list_it(owner: Organisation, shelf: Shelf) -> None:
    """Have a listing screened; it must be listed.

    Raises:
        DemoFailed: a rule refused it.
    """
    payload = publish(owner, shelf)
    if payload["userErrors"] or payload["listing"]["state"] != "LISTED":
        message = f"the listing was not listed: {payload['listing']} {payload['userErrors']}"
        raise DemoFailed(message)


def publish(owner: Organisation, shelf: Shelf) -> dict[str, Any]:
    """Ask for a listing to be screened and listed; returns the payload, refusals included."""
    listing = owner.api.query("query L($id: ID!) { node(id: $id) { ... on Listing { version } } }", id=shelf.listing_id)["node"]
    fields = "listing { id state version } verdict { outcome findings { ruleId outcome basis { relation } } }"
    return owner.api.attempt("listingPublish", fields, listingId=shelf.listing_id, expectedVersion=listing["version"])
