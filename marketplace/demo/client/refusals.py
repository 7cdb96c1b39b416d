"""Act four: three forbidden trades are refused, each is mended by really supplying the one missing fact, and passes that rule."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from marketplace.demo.client.api import DemoFailed
from marketplace.demo.client.listing import Shelf
from marketplace.demo.client.people import Cast, digest
from marketplace.demo.client.registration import Application, register
from marketplace.demo.client.shelves import publish
from marketplace.demo.client.stage import Stage
from marketplace.demo.client.trading import check, quote, request

PURPOSE: Final = "loyalty offers to frequent travellers 面向常旅客的优惠"


@dataclass(frozen=True, slots=True)
class Refusal:
    """One forbidden trade: the rule that refused it, what that rests on, and that it passed once mended."""

    rule: str
    clause: str
    relation: str
    remedy: str


def no_operating_right(stage: Stage, cast: Cast, shelf: Shelf, application: Application) -> Refusal:
    """A seller with HOLD and USE but no OPERATE; mended by registering OPERATE."""
    stage.step("The weather firm lists a product in which it holds HOLD and USE, but no OPERATE")
    refusal = _refused(stage, publish(cast.weather, shelf), "PT-07")
    register(stage, cast, [application])
    _passed(stage, publish(cast.weather, shelf), "PT-07")
    return refusal


def personal_data(stage: Stage, cast: Cast, shelf: Shelf) -> Refusal:
    """Personal data without a lawful basis; mended by a consent naming this buyer and purpose, and the impact report."""
    stage.step("A listing of personal data for which nobody has consented")
    refusal = _refused(stage, publish(cast.airport, shelf), "PT-05")
    now = cast.airport.api.query("{ clock { now } }")["clock"]["now"]
    about = {"objectId": shelf.object_id, "buyerId": cast.buyer.id, "purpose": PURPOSE, "kinds": ["TRAVEL_FREQUENCY"]}
    proof = {"evidenceSha256": digest("signed consents"), "noticeSha256": digest("notice naming the buyer")}
    cast.airport.api.mutate("consentRecord", "consentBasis { id }", **about, **proof, givenAt=now, separate=True)
    report = {"reportedOn": now[:10], "reportSha256": digest("impact assessment report")}
    cast.airport.api.mutate("impactAssessmentFile", "impactAssessment { id }", **about, **report)
    _passed(stage, publish(cast.airport, shelf), "PT-05")
    offer = shelf.offers["one_off"]
    deal = request(cast.buyer, cast.institution, offer, PURPOSE, quote(cast.buyer, offer, {})["id"])
    _passed(stage, check(cast.buyer, deal), "PT-05", "PI-01", "PI-04")
    return refusal


def public_data(stage: Stage, cast: Cast, shelf: Shelf) -> Refusal:
    """Raw public data on no open list; mended by an entry on the open list of that date."""
    stage.step("A listing of raw public-service data that is on no open list")
    refusal = _refused(stage, publish(cast.airport, shelf), "PT-08")
    today = date.fromisoformat(cast.regulator.api.query("{ clock { now } }")["clock"]["now"][:10])
    cast.regulator.api.mutate(
        "openListPublish",
        "entry { id }",
        objectId=shelf.object_id,
        title="Terminal opening hours 航站楼开放时间",
        openType="UNCONDITIONAL",
        validFrom=today.isoformat(),
        validUntil=(today + timedelta(days=365)).isoformat(),
    )
    _passed(stage, publish(cast.airport, shelf), "PT-08")
    return refusal


def _refused(stage: Stage, payload: dict[str, Any], rule: str) -> Refusal:
    errors = {error["rule"]: error for error in payload["userErrors"]}
    if rule not in errors:
        message = f"{rule} was expected to refuse, but the answer was {payload}"
        raise DemoFailed(message)
    error, finding = errors[rule], _finding(payload, rule)
    clause = error["clause"].rpartition(" (")[0]  # the relation is told apart
    stage.refusal(rule, error["clause"], error["remedy"])
    return Refusal(rule, clause, finding["basis"][0]["relation"].lower(), error["remedy"])


def _passed(stage: Stage, payload: dict[str, Any], *rules: str) -> None:
    for rule in rules:
        outcome = _finding(payload, rule)["outcome"]
        if outcome != "PASS":
            message = f"{rule} was mended but says {outcome}: {payload['userErrors']}"
            raise DemoFailed(message)
    stage.step(f"[green]mended[/]: {', '.join(rules)} now passes")


def _finding(payload: dict[str, Any], rule: str) -> dict[str, Any]:
    found: dict[str, Any] = next(finding for finding in payload["verdict"]["findings"] if finding["ruleId"] == rule)
    return found
