"""The story of one deal, act by act."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from marketplace.demo.client.api import Api, DemoFailed
from marketplace.demo.client.listing import Shelf, await_job, pick_plan, start_profile, state_source, take_sample, upload
from marketplace.demo.client.outsider import Findings, audit_as_outsider
from marketplace.demo.client.people import Cast, Organisation, admit, digest, give_signing_key, uuid_of
from marketplace.demo.client.proving import fetch_bundle, forgeries, trusted_keys, verify
from marketplace.demo.client.refusals import Refusal, no_operating_right, personal_data, public_data
from marketplace.demo.client.registration import Application, register, take_certificate
from marketplace.demo.client.report import Outcome
from marketplace.demo.client.shelves import Offering, put_on_shelf
from marketplace.demo.client.stage import Stage
from marketplace.demo.client.trading import DEAL, await_state, checked, fetch, license_use, quote, request, sha256, sign
from marketplace.demo.tables import delay_table, flights_table, weather_table

PURPOSE: Final = "delay forecasts in a travel app 出行应用的延误预测"
LICENCE_PURPOSE: Final = "make and provide derived products 制作并提供衍生产品"
CATALOGUE: Final = """query Find($text: String!) { catalogue(text: $text, first: 5) { nodes {
  id productVersion { titleEn profile { rows columns { name } } sample { rows } } } } }"""
WHOLE: Final = """query Whole($id: ID!) { node(id: $id) { ... on Deal {
  state amount { amount currency minorUnits } division { role party amount { amount currency minorUnits } }
  rights { kind grant { id } } signatures { side termsHash } settlementVerdict { outcome }
  escrows { state settlement { kind moves { amount } } } vouchers { number } } } }"""


@dataclass(frozen=True, slots=True)
class Resources:
    """The two real resources and the shelves on which they are licensed."""

    flights: str
    weather: str
    flights_shelf: Shelf
    weather_shelf: Shelf


@dataclass(frozen=True, slots=True)
class Bare:
    """Three shelves on which forbidden trades will be tried: each lacks one fact."""

    notes: Shelf
    travellers: Shelf
    opening: Shelf


def play(stage: Stage, operator: Api, url: str, files: Path) -> tuple[Cast, Outcome, Findings]:
    """Play all six acts and return who played, what came of it, and what an outsider finds."""
    stage.act("1  Seven organisations, and the resources they register 主体与资源登记")
    cast = _open_market(stage, operator, url)
    registered = register(stage, cast, _first_applications(cast))
    take_certificate(stage, cast.airport, registered[0]["id"], files)
    resources, forbidden = _stock(stage, cast, registered)
    stage.act("2  Two licences against a share of income, and a product derived under them 许可与衍生产品")
    shelf, product_sha = _derive(stage, cast, resources)
    stage.act("3  A buyer takes the product: quote, check, signatures, money, file, settlement 交易与结算")
    deal_id, matches = _sell(stage, cast, shelf, product_sha)
    stage.act("4  Three trades the law forbids, and what mends them 禁止交易与补正")
    refusals = _forbidden(stage, cast, forbidden)
    stage.act("5  The evidence, verified offline 离线验证证据")
    outcome = _prove(stage, cast, deal_id, files, refusals, matches=matches)
    stage.act("6  An outsider audits the log 局外人审计日志")
    key = cast.regulator.api.query("{ logKey }")["logKey"]
    people = {part for organisation in cast.all() for person in organisation.people for part in person.name.rsplit(" ", 1)}
    return cast, outcome, audit_as_outsider(stage, url=url, key=key, folder=files, people=sorted(people))


def _open_market(stage: Stage, operator: Api, url: str) -> Cast:
    operator.mutate(
        "feeSchedulePublish", "feeSchedule { number }", platformPpm=20_000, institutionPpm=10_000, gatewayPpm=0, gatewayFixedMinor="0"
    )
    cast = admit(operator, url)
    for organisation in (cast.airport, cast.weather, cast.analytics, cast.buyer):
        give_signing_key(organisation, organisation.first)
    permit = cast.weather.api.mutate(
        "sectorPermitFile",
        "sectorPermit { id }",
        sector="WEATHER",
        number="QX-DEMO-0001",
        validFrom="2026-01-01",
        validUntil="2031-12-31",
        documentSha256=digest("meteorological service permit"),
    )
    cast.institution.api.mutate("sectorPermitCheck", "sectorPermit { accepted }", permitId=permit["sectorPermit"]["id"], accepted=True)
    people = sum(len(organisation.people) for organisation in cast.all())
    stage.step(f"{len(cast.all())} organisations and {people} people admitted, identities verified, four signing keys registered")
    return cast


def _first_applications(cast: Cast) -> list[Application]:
    weather = {"industry": "M74", "sector": "WEATHER"}
    return [
        Application(
            cast.airport, "2013-NYC-aviation-flights-table", "Every departure from three airports in one year", {"volumeRows": "336776"}
        ),
        Application(
            cast.weather, "2013-NYC-weather-hourly-table", "Hourly observations at three airports", weather | {"volumeRows": "26115"}
        ),
        Application(
            cast.weather, "2013-NYC-weather-station-notes", "Notes of observers, held and used in-house", weather, rights=("HOLD", "USE")
        ),
        Application(
            cast.airport, "2013-NYC-travellers-frequency", "How often named travellers fly", {"sourceCategory": "PERSONAL", "piKind": "PI"}
        ),
        Application(
            cast.airport, "2013-NYC-terminal-opening-hours", "Opening hours as a public service", {"sourceCategory": "PUBLIC_SERVICE"}
        ),
    ]


def _stock(stage: Stage, cast: Cast, registered: list[dict[str, Any]]) -> tuple[Resources, Bare]:
    flights, weather, notes, travellers, opening = (filing["object"]["id"] for filing in registered)
    owners = {flights: cast.airport, weather: cast.weather}
    assets = {
        flights: _upload(stage, cast.airport, flights, flights_table()),
        weather: _upload(stage, cast.weather, weather, weather_table()),
    }
    jobs = {object_id: start_profile(owners[object_id].api, asset) for object_id, asset in assets.items()}
    for owner, object_id in (
        *zip(owners.values(), owners, strict=True),
        (cast.weather, notes),
        (cast.airport, travellers),
        (cast.airport, opening),
    ):
        state_source(owner, object_id, "collected in the firm's own business 自有业务采集")
    measured = [json.loads(await_job(owners[object_id].api, job)["result"])["rows"] for object_id, job in jobs.items()]
    stage.step(f"measured, not declared: {' and '.join(str(rows) for rows in measured)} rows")
    shelves = [_license_shelf(owners[object_id], object_id, asset) for object_id, asset in assets.items()]
    stage.step("both licences are screened and listed; price: 30 % of the licensee's net income from derived products")
    bare = Bare(
        notes=_bare_shelf(cast.weather, notes, "Station notes"),
        travellers=_bare_shelf(cast.airport, travellers, "Traveller frequency"),
        opening=_bare_shelf(cast.airport, opening, "Opening hours"),
    )
    return Resources(flights, weather, *shelves), bare


def _upload(stage: Stage, owner: Organisation, object_id: str, table: bytes) -> str:
    asset, _ = upload(owner.api, table)
    owner.api.mutate("assetAttach", "asset { id }", assetId=asset, objectId=object_id)
    stage.step(f"{owner.name_en} uploads {len(table):,} bytes")
    return asset


def _license_shelf(owner: Organisation, object_id: str, asset: str) -> Shelf:
    plan = pick_plan(owner, "收益分成三成", "30 % of income", "income_share", {"currency": "CNY", "share_ppm": 300_000})
    title = "Licence to make and provide derived products"
    return put_on_shelf(
        owner, object_id, Offering("制作并提供衍生产品的许可", title, asset, "FILE", {"share": plan}, derive=True, term_months=36)
    )


def _bare_shelf(owner: Organisation, object_id: str, title: str) -> Shelf:
    price = {"kind": "one_off", "currency": "CNY", "price": "500.00"}
    plan = pick_plan(owner, "一次性", "One-off", "fixed", price)
    return put_on_shelf(owner, object_id, Offering(title, title, None, "GRANT", {"one_off": plan}), publish=False)


def _derive(stage: Stage, cast: Cast, resources: Resources) -> tuple[Shelf, str]:
    grants, tables = [], []
    for owner, shelf in ((cast.airport, resources.flights_shelf), (cast.weather, resources.weather_shelf)):
        deal = license_use(stage, cast, owner, shelf.offers["share"], LICENCE_PURPOSE)
        tables.append(fetch(cast.analytics.first, str(uuid_of(deal["id"]))))
        grants.append((shelf.object_id, _grant_of(cast, deal["id"])))
    product = delay_table(*tables)
    stage.step(f"{cast.analytics.name_en} derives {len(product.splitlines()) - 1} rows: delay by airport, hour and weather")
    facts = {"objectKind": "PRODUCT", "sourceKind": "DERIVED", "situation": "DERIVED", "industry": "I65"}
    application = Application(
        cast.analytics, "2013-NYC-delay-by-hour-and-weather", "Departure delay by airport, hour and weather", facts, made_from=tuple(grants)
    )
    object_id = register(stage, cast, [application])[0]["object"]["id"]
    asset = _upload(stage, cast.analytics, object_id, product)
    await_job(cast.analytics.api, start_profile(cast.analytics.api, asset))
    sample = take_sample(cast.analytics.api, asset)
    state_source(cast.analytics, object_id, "derived from two licensed resources 依两项许可衍生")
    one_off = pick_plan(cast.analytics, "一次性文件", "One-off file", "fixed", {"kind": "one_off", "currency": "CNY", "price": "11999.99"})
    tiers = [{"up_to": "1000", "unit_price": "2"}, {"unit_price": "1.5"}]
    metered = pick_plan(cast.analytics, "按次计费", "Metered by call", "metered", {"mode": "graduated", "currency": "CNY", "tiers": tiers})
    offering = Offering(
        "航班延误统计产品",
        "Flight delay statistics",
        asset,
        "FILE",
        {"one_off": one_off, "metered": metered},
        sample_id=sample,
        deliveries={"metered": "API"},
    )
    shelf = put_on_shelf(cast.analytics, object_id, offering)
    stage.step("its own rights registered on the strength of the two licences; listed with two plans")
    return shelf, sha256(product)


def _grant_of(cast: Cast, deal_id: str) -> str:
    deal = cast.analytics.api.query("query G($id: ID!) { node(id: $id) { ... on Deal { rights { grant { id } } } } }", id=deal_id)["node"]
    return str(deal["rights"][0]["grant"]["id"])


def _sell(stage: Stage, cast: Cast, shelf: Shelf, product_sha: str) -> tuple[str, bool]:
    _browse(stage, cast)
    metered = quote(cast.buyer, shelf.offers["metered"], {"quantity": "5000"})
    taken = quote(cast.buyer, shelf.offers["one_off"], {})
    calls, file = metered["amount"]["amount"], taken["amount"]["amount"]
    stage.step(f"two quotes: 5,000 calls {calls}, one-off file {file} {taken['amount']['currency']}; the file it is")
    deal = request(cast.buyer, cast.institution, shelf.offers["one_off"], PURPOSE, taken["id"])
    findings = checked(cast.buyer, deal)["verdict"]["findings"]
    stage.step(f"screening: {len(findings)} findings, none against; both sides sign with keys that the market never holds")
    sign(cast.analytics.first, deal["id"], "SELLER")
    deal = sign(cast.buyer.first, deal["id"], "BUYER")
    cast.buyer.api.mutate("dealFund", "deal { id }", dealId=deal["id"], paymentMethod="pm_card_visa", expectedVersion=deal["version"])
    await_state(cast.buyer.first, deal["id"], "FUNDED")
    stage.step("the gateway charged the buyer and said so in a signed webhook; the money is in escrow")
    received = sha256(fetch(cast.buyer.first, str(uuid_of(deal["id"]))))
    deal = await_state(cast.buyer.first, deal["id"], "DELIVERED")
    stage.step(f"delivered: SHA-256 {received[:16]}… {'is' if received == product_sha else 'IS NOT'} the one in the contract")
    deal = cast.buyer.api.mutate("dealAccept", DEAL, dealId=deal["id"], receivedSha256=received, expectedVersion=deal["version"])["deal"]
    settled = cast.institution.api.mutate("dealSettle", DEAL, dealId=deal["id"], expectedVersion=deal["version"])["deal"]
    stage.step(f"accepted and settled: {settled['amount']['amount']} {settled['amount']['currency']} released in one posting")
    return deal["id"], received == product_sha


def _browse(stage: Stage, cast: Cast) -> None:
    found = cast.buyer.api.query(CATALOGUE, text="delay")["catalogue"]["nodes"]
    if not found:
        message = "the catalogue does not show the product"
        raise DemoFailed(message)
    version = found[0]["productVersion"]
    profile, sample = version["profile"], version["sample"]
    measured = f"{profile['rows']} rows, {len(profile['columns'])} columns measured, {len(sample['rows'])} sample rows"
    stage.step(f"the buyer finds “{version['titleEn']}”: {measured}")


def _forbidden(stage: Stage, cast: Cast, bare: Bare) -> tuple[Refusal, ...]:
    application = Application(
        cast.weather,
        "2013-NYC-weather-station-notes",
        "Operation of the notes",
        {"industry": "M74", "sector": "WEATHER"},
        rights=("OPERATE",),
        object_id=bare.notes.object_id,
    )
    return (
        no_operating_right(stage, cast, bare.notes, application),
        personal_data(stage, cast, bare.travellers),
        public_data(stage, cast, bare.opening),
    )


def _prove(stage: Stage, cast: Cast, deal_id: str, files: Path, refusals: tuple[Refusal, ...], *, matches: bool) -> Outcome:
    regulator = cast.regulator.api
    path = files / "evidence.zip"
    bundle = fetch_bundle(cast.institution.api, f"deals/{uuid_of(deal_id)}", path)
    log, trusted = regulator.query("{ checkpoint { size } ledgerBalanced }"), trusted_keys(regulator)
    verdict = verify(path, trusted)
    stage.step(f"the verifier, with no database and no Django, says: {verdict}")
    found = {}
    for number, (name, forged) in enumerate(forgeries(bundle).items()):
        copy = files / f"forged-{number}.zip"
        copy.write_bytes(forged)
        found[name] = verify(copy, trusted)
        stage.step(f"a copy with {name}: {found[name].problems[0] if found[name].problems else 'NOT FOUND'}")
    whole = cast.institution.api.query(WHOLE, id=deal_id)["node"]
    title = files / "right.zip"
    fetch_bundle(cast.buyer.api, f"rights/{uuid_of(whole['rights'][0]['grant']['id'])}", title)
    right = verify(title, trusted)
    stage.step(f"the chain of title of the buyer's right, down to its first filings: {right}")
    return Outcome(
        state=whole["state"],
        amount=whole["amount"]["amount"],
        amount_minor=int(whole["amount"]["minorUnits"]),
        currency=whole["amount"]["currency"],
        lines=tuple(line for line in whole["division"] if int(line["amount"]["minorUnits"])),
        ledger_balanced=log["ledgerBalanced"],
        refusals=refusals,
        events=int(log["checkpoint"]["size"]),
        evidence=_short(path),
        verdict=verdict,
        right=right,
        forgeries=found,
        file_matches=matches,
        complete=_complete(whole),
        jumps=tuple(stage.jumps),
    )


def _complete(whole: dict[str, Any]) -> bool:
    """Whether the one query shows a registered right, two signatures, a passing verdict and a balanced settlement entry."""
    moved = sum(int(move["amount"]) for escrow in whole["escrows"] for move in escrow["settlement"]["moves"])
    return (
        all(right["grant"] for right in whole["rights"])
        and {signature["side"] for signature in whole["signatures"]} == {"SELLER", "BUYER"}
        and whole["settlementVerdict"]["outcome"] in {"PASS", "ALLOW_IF"}
        and moved == int(whole["amount"]["minorUnits"])
        and len(whole["vouchers"]) == 1
    )


def _short(path: Path) -> str:
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
