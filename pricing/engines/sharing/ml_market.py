"""The market for gains of prediction: sells a buyer a model, weakened as the bid falls short, and pays the sellers of its data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Final, cast

from pricing import money
from pricing.engines import draws, shapes
from pricing.engines.checkers import sharing as checkers
from pricing.engines.errors import InputError
from pricing.engines.model import Answer, Call, Example, Model, Operation, Text, Verb
from pricing.engines.result import Claim, Entry, Line, Standing, exact_text, rounded, shown
from pricing.engines.shapes import Json, JsonObject
from pricing.engines.sharing.divide import values_of
from pricing.engines.sharing.forms import table_game
from pricing.engines.sharing.games import EXACT_PLAYERS
from pricing.engines.sharing.market import GainCurve, draw_price, price_weights, sell, similarity
from pricing.engines.sharing.robust import parts_of
from pricing.engines.sharing.share import LEFT
from pricing.engines.sharing.share_claims import claim, mechanism, robust_claim
from pricing.engines.sharing.share_plan import key
from pricing.engines.validate import exact
from pricing.money import BIGINT_MAX, PPM, currency, split_keyed

GAIN_DIGITS: Final = 6
MOST_PRICES: Final = 50
MOST_POINTS: Final = 200
MOST_DEMAND: Final = 100
MOST_ROWS: Final = 200
MOST_BIDS: Final = 400
FEATURE_LIMIT: Final = 1e9
_ROBUST: Final = {"rule": "robust_shapley"}
_ASSUMED: Final = (
    "a private value for each unit of gain, one purchase, no collusion or false names, a price from earlier buyers only; "
    "before fees and rounding"
)
# theorems for every curve that is accepted, since none rises with the shortfall
_OF_BUYER: Final = (
    Claim(checkers.TRUTHFUL_GAIN, Standing.PROVEN, {"assumes": _ASSUMED}),
    Claim(checkers.WITHIN_VALUE, Standing.PROVEN, {"of": "the payment before rounding"}),
)
_SCALE: Final = 10**GAIN_DIGITS


def _check_params(params: JsonObject) -> None:
    """Refuse prices that do not rise from above zero."""
    _require_rising([exact(price) for price in cast("Sequence[str]", params["prices"])], "params.prices", above=Fraction(0))


def _clear(call: Call) -> Answer:
    params, inputs = call.params, call.inputs
    unit = currency(cast("str", params["currency"]))
    curve = _read_curve(params, inputs)
    prices = [exact(price) for price in cast("Sequence[str]", params["prices"])]
    demand = [(exact(row["bid"]), cast("int", row["buyers"])) for row in cast("Sequence[JsonObject]", inputs.get("demand", ()))]
    weights = price_weights(curve, prices, demand, Fraction(cast("int", params["rate_ppm"]), PPM))
    uniform = Fraction(int(draws.words(cast("int", call.seed), "ml_market price", 1)[0]), 1 << 64)
    price = draw_price(prices, weights, uniform)
    lines, awards = _sell_all(curve, price, _read_bids(inputs), unit)
    amount_minor = sum(line.amount_minor for line in lines)
    if amount_minor > BIGINT_MAX:
        raise InputError("OVERFLOW", "inputs.bids")
    claims, paid = _pay_sellers(inputs, amount_minor, cast("str | None", params.get("residual_to")))
    offered = [{"price": exact_text(each), "weight": shown(float(weight))} for each, weight in zip(prices, weights, strict=True)]
    told: JsonObject = {"awards": awards, "price": exact_text(price), "prices": offered, **paid}
    return Answer(unit, tuple(lines), (*_OF_BUYER, *claims), told)


def _read_bids(inputs: JsonObject) -> list[tuple[str, Fraction]]:
    """Return who bids how much for each unit of gain, each once."""
    bids: dict[str, Fraction] = {}
    for at, row in enumerate(cast("Sequence[Mapping[str, str]]", inputs["bids"])):
        if row["bidder"] in bids:
            raise InputError("DUPLICATE", f"inputs.bids.{at}.bidder")
        bids[row["bidder"]] = exact(row["bid"])
    return list(bids.items())


def _sell_all(
    curve: GainCurve, price: Fraction, bids: Sequence[tuple[str, Fraction]], unit: money.Currency
) -> tuple[list[Line], list[JsonObject]]:
    """Sell to every bidder at the one price; copies have no end, so no sale depends on another. Each is rounded by itself."""
    lines: list[Line] = []
    awards: list[JsonObject] = []
    for bidder, bid in bids:
        sale = sell(curve, price, bid)
        gain = Entry("GAIN", {"bidder": bidder, "gain": exact_text(sale.gain)}, sale.gain, bid)
        own = rounded([gain, Entry("RENT", {"bidder": bidder}, Fraction(1), -sale.rent)], unit)
        lines.extend(own)
        if sale.gain:
            minor = sum(line.amount_minor for line in own)
            awards.append({"bidder": bidder, "minor": str(minor), "gain": exact_text(sale.gain)})
    return lines, awards


def _read_curve(params: JsonObject, inputs: JsonObject) -> GainCurve:
    """Return the gain by shortfall, refusing one that rises: the payment would then reward a lower bid."""
    points = cast("Sequence[JsonObject]", inputs["gains"])
    shortfalls, gains = [exact(point["shortfall"]) for point in points], [exact(point["gain"]) for point in points]
    if shortfalls[0]:
        raise InputError("NOT_ZERO", "inputs.gains.0.shortfall")
    _require_rising(shortfalls, "inputs.gains", member=".shortfall")
    for at in range(1, len(gains)):
        if gains[at] > gains[at - 1]:
            raise InputError("GAIN_RISES", f"inputs.gains.{at}.gain")
    return GainCurve.of(shortfalls, gains, linear=params["curve"] == "linear")


def _require_rising(values: Sequence[Fraction], field: str, *, member: str = "", above: Fraction | None = None) -> None:
    for at, value in enumerate(values):
        before = values[at - 1] if at else above
        if before is not None and value <= before:
            raise InputError("NOT_RISING", f"{field}.{at}{member}")


def _pay_sellers(inputs: JsonObject, amount_minor: int, residual_to: str | None) -> tuple[list[Claim], dict[str, Json]]:
    """Divide the payment by the Shapley value of the sellers' gains, halved for each seller of the same features."""
    sellers, alike = _read_sellers(inputs)
    table = [int(exact(gain) * _SCALE) for gain in cast("Sequence[str]", inputs["coalition_gains"])]
    if len(table) != 1 << len(sellers):
        raise InputError("TABLE_SIZE", "inputs.coalition_gains", expected=1 << len(sellers))
    game = table_game(table)
    if game.worth <= 0:
        raise InputError("WORTHLESS", "inputs.coalition_gains")
    divided = parts_of(values_of(_ROBUST, game, alike), Fraction(game.worth))
    parts = dict(zip(sellers, divided.parts, strict=True))
    parts[LEFT] = 1 - sum(divided.parts, Fraction(0))
    minor = split_keyed(amount_minor, parts)
    left = minor.pop(LEFT)
    if residual_to is not None:
        minor[residual_to] = minor.get(residual_to, 0) + left
    shares = [part * game.worth for part in divided.parts]
    claims = [
        claim(checkers.CENTS, checkers.cents_exact(amount_minor, parts, money.split_keyed), sellers, 1),
        claim(checkers.EFFICIENT, checkers.efficient(shares, Fraction(game.worth)), sellers, _SCALE),
        robust_claim(checkers.replication_robust(mechanism(_ROBUST), table, alike), 1, sellers),
    ]
    told: dict[str, Json] = {
        "receipts": [{"seller": seller, "minor": str(share)} for seller, share in sorted(minor.items())],
        "undistributed_minor": str(0 if residual_to is not None else left),
        "similarity": [[shown(float(like)) for like in row] for row in alike],
    }
    if divided.raised:
        told["negative_to_zero"] = [sellers[player] for player in divided.raised]
    return claims, told


def _read_sellers(inputs: JsonObject) -> tuple[list[str], list[list[Fraction]]]:
    """Return the sellers' keys, and how alike their features are."""
    rows = cast("Sequence[Mapping[str, Json]]", inputs["sellers"])
    sellers = [cast("str", row["seller"]) for row in rows]
    features = [[Fraction(value) for value in cast("Sequence[float]", row["features"])] for row in rows]
    for at, (seller, column) in enumerate(zip(sellers, features, strict=True)):
        if seller in sellers[:at]:
            raise InputError("DUPLICATE", f"inputs.sellers.{at}.seller")
        if len(column) != len(features[0]):
            raise InputError("LENGTHS_DIFFER", f"inputs.sellers.{at}.features", expected=len(features[0]))
    return sellers, similarity(features)


_GAIN: Final = shapes.decimal(("Gain", "增益"), digits=6, decimals=GAIN_DIGITS)
_POINT: Final = shapes.record(
    ("Gain at a shortfall", "缺口处的增益"),
    {"shortfall": shapes.price(("Price less bid", "价格减出价")), "gain": _GAIN},
    required=["shortfall", "gain"],
)
_DEMAND: Final = shapes.record(
    ("Earlier bids", "以往出价"),
    {"bid": shapes.price(("Bid", "出价")), "buyers": shapes.integer(("How many made it", "出价人数"), least=1, most=1_000_000)},
    required=["bid", "buyers"],
)
_BID: Final = shapes.record(
    ("Bid", "出价"),
    {"bidder": key(("Buyer", "买方")), "bid": shapes.price(("Bid for each unit of gain", "每单位增益出价"))},
    required=["bidder", "bid"],
)
_SELLER: Final = shapes.record(
    ("Seller", "卖方"),
    {
        "seller": key(("Seller", "卖方")),
        "features": shapes.array(
            ("Feature, one number for each row", "特征（每行一个数）"),
            shapes.number(("Number", "数值"), least=-FEATURE_LIMIT, most=FEATURE_LIMIT),
            least=1,
            most=MOST_ROWS,
        ),
    },
    required=["seller", "features"],
)

ML_MARKET: Final = Model(
    key="ml_market",
    version=1,
    name=Text("Market for gains of prediction", "预测增益市场"),
    help=Text(
        "Sells a model trained on several sellers' data to buyers who bid for each unit of accuracy gained; a bid below the price gets a "
        "weakened model. Bidding the true value is best. Exact copies of a seller's data gain nothing where no data make the model worse; "
        "each sale states whether they would. At most 12 sellers; whoever trains the model measures gains and features. The price is "
        "drawn by a seed that nobody who bids may choose.",
        "将多个卖方数据训练的模型出售给按每单位精度增益出价的买方；出价低于价格者得到弱化的模型。如实出价最优。若加入任何数据都不降低增益，"
        "卖方原样复制数据不会多得；每次出售均载明是否如此。最多 12 个卖方；增益与特征由训练方测得。价格由种子抽取，出价方不得选定种子。",
    ),
    params_schema=shapes.record(
        ("Market for gains of prediction", "预测增益市场"),
        {
            "currency": shapes.CURRENCY,
            "prices": shapes.array(
                ("Prices to learn among, for each unit of gain, rising", "候选单价（递增）"),
                shapes.price(("Price", "单价")),
                least=1,
                most=MOST_PRICES,
            ),
            "rate_ppm": shapes.integer(("Learning rate, parts per million", "学习率（百万分比）"), least=1, most=500_000, default=100_000),
            "curve": shapes.choice(("Gain between the points", "点间增益"), ["steps", "linear"], default="steps"),
            "residual_to": key(("Who receives what similarity withholds; else who sells", "相似度扣减余额归属方（未填则归出售方）")),
        },
        required=["currency", "prices"],
    ),
    operations={
        Verb.CLEAR: Operation(
            shapes.record(
                ("Sales of one model", "同一模型的销售"),
                {
                    "bids": shapes.array(("Bids", "出价"), _BID, least=1, most=MOST_BIDS),
                    "gains": shapes.array(("Gain by shortfall, from zero", "各缺口的增益（自零起）"), _POINT, least=1, most=MOST_POINTS),
                    "demand": shapes.array(
                        ("Earlier bids in sum, no buyer named", "以往出价汇总（不含身份）"), _DEMAND, least=0, most=MOST_DEMAND
                    ),
                    "sellers": shapes.array(("Sellers", "卖方"), _SELLER, least=1, most=EXACT_PLAYERS),
                    "coalition_gains": shapes.array(
                        ("Gain from every group of sellers: entry m for the bits set in m", "各卖方组合的增益：第 m 项对应 m 的二进制位"),
                        _GAIN,
                        least=2,
                        most=1 << EXACT_PLAYERS,
                    ),
                },
                required=["bids", "gains", "sellers", "coalition_gains"],
            ),
            _clear,
            seeded=True,
        )
    },
    sentences={
        "GAIN": ("{bidder}: the bid for a gain of {gain}", "{bidder}：按出价计 {gain} 的增益"),
        "RENT": ("{bidder}: less what the rule leaves the buyer", "{bidder}：减去规则留给买方的部分"),
    },
    examples=(
        Example(
            title=Text("A bid of 6 at a price of 10: half the gain", "价格 10、出价 6：得一半增益"),
            verb=Verb.CLEAR,
            params={"currency": "CNY", "prices": ["10"], "residual_to": "platform"},
            inputs={
                "bids": [{"bidder": "bank", "bid": "6"}],
                "gains": [{"shortfall": "0", "gain": "40"}, {"shortfall": "2", "gain": "20"}, {"shortfall": "5", "gain": "0"}],
                "sellers": [
                    {"seller": "north", "features": [1, 2, 3]},
                    {"seller": "south", "features": [1, 2, 3]},
                    {"seller": "west", "features": [3, 0, -1]},
                ],
                "coalition_gains": ["0", "20", "20", "20", "20", "40", "40", "40"],
            },
            amount_minor=10_000,
            seed=1,
        ),
    ),
    check_params=_check_params,
)
