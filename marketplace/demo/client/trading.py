"""Act three: quotes, requests, checks, signatures, money, delivery, acceptance, settlement."""

import hashlib
import json
from typing import Any, Final

from marketplace.demo.client.api import DemoFailed, wait_for
from marketplace.demo.client.people import Cast, Organisation, Person
from marketplace.demo.client.stage import Stage

DEAL: Final = "deal { id state version termsHash amount { amount currency minorUnits } }"
STATE: Final = "query Deal($id: ID!) { node(id: $id) { ... on Deal { id state version } } }"
SIGNING: Final = "query Text($id: ID!, $side: DealSide!) { node(id: $id) { ... on Deal { version signingText(side: $side) } } }"
FINDINGS: Final = "verdict { outcome findings { ruleId outcome basis { relation } } }"
ENTITLEMENTS: Final = "{ entitlements(first: 50) { nodes { id state dealId } } }"


def quote(buyer: Organisation, offer_id: str, usage: dict[str, Any]) -> dict[str, Any]:
    """Ask what one use costs."""
    fields = "quote { id amount { amount currency minorUnits } expiresAt lines { text amount { amount } } claims { property standing } }"
    made: dict[str, Any] = buyer.api.mutate("quoteCreate", fields, offerId=offer_id, usage=json.dumps(usage))["quote"]
    return made


def request(buyer: Organisation, institution: Organisation, offer_id: str, purpose: str, quote_id: str | None = None) -> dict[str, Any]:
    """Ask for a deal."""
    given = {"offerId": offer_id, "purpose": purpose, "institutionId": institution.id, **({"quoteId": quote_id} if quote_id else {})}
    deal: dict[str, Any] = buyer.api.mutate("dealRequest", DEAL, **given)["deal"]
    return deal


def check(buyer: Organisation, deal: dict[str, Any]) -> dict[str, Any]:
    """Put a deal before all rules; returns the payload, refusals included."""
    return buyer.api.attempt("dealCheck", f"{DEAL} {FINDINGS}", dealId=deal["id"], expectedVersion=deal["version"])


def checked(buyer: Organisation, deal: dict[str, Any]) -> dict[str, Any]:
    """Put a deal before all rules; it must pass.

    Raises:
        DemoFailed: a rule refused it.
    """
    payload = check(buyer, deal)
    if payload["userErrors"]:
        message = f"the deal was refused: {payload['userErrors']}"
        raise DemoFailed(message)
    found: dict[str, Any] = payload
    return found


def sign(person: Person, deal_id: str, side: str) -> dict[str, Any]:
    """Sign one side with the person's own key."""
    shown = person.api.query(SIGNING, id=deal_id, side=side)["node"]
    deal: dict[str, Any] = person.api.mutate(
        "dealSign",
        DEAL,
        dealId=deal_id,
        signingKeyId=person.signing_key_id,
        signature=person.sign(shown["signingText"]),
        expectedVersion=shown["version"],
    )["deal"]
    return deal


def license_use(stage: Stage, cast: Cast, licensor: Organisation, offer_id: str, purpose: str) -> dict[str, Any]:
    """One licence as a deal of its own: requested, screened, signed by both, in force with its registered grant."""
    deal = request(cast.analytics, cast.institution, offer_id, purpose)
    checked(cast.analytics, deal)
    sign(licensor.first, deal["id"], "SELLER")
    deal = sign(cast.analytics.first, deal["id"], "BUYER")
    stage.step(f"{licensor.name_en} licenses USE to {cast.analytics.name_en}: deal {deal['state']}")
    return deal


def await_state(person: Person, deal_id: str, state: str) -> dict[str, Any]:
    """Wait until a deal has reached a state."""

    def reached() -> Any:
        deal = person.api.query(STATE, id=deal_id)["node"]
        return deal if deal["state"] == state else None

    found: dict[str, Any] = wait_for(f"deal {deal_id} to be {state}", reached)
    return found


def fetch(person: Person, deal_uuid: str) -> bytes:
    """Download what a deal delivers, through a link that the market gives to its holder alone."""

    def open_entitlement() -> Any:
        nodes = person.api.query(ENTITLEMENTS)["entitlements"]["nodes"]
        return next((node for node in nodes if node["dealId"] == deal_uuid and node["state"] == "OPEN"), None)

    entitlement = wait_for(f"an open entitlement of deal {deal_uuid}", open_entitlement)
    link = person.api.mutate("deliveryLink", "path", entitlementId=entitlement["id"])
    return person.api.get(link["path"])


def sha256(content: bytes) -> str:
    """Of what arrived, in hex."""
    return hashlib.sha256(content).hexdigest()
