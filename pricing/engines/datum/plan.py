"""The forms of ``datum``: what whoever picks the model sets once, and the points and tests that each use supplies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pricing.engines import shapes
from pricing.engines.datum.reading import DECIMALS, MAX_FEATURE, MAX_FEATURES, MAX_POINTS, MAX_TESTS
from pricing.engines.shapes import Schema

MAX_ROUNDS: Final = 2_000
MAX_BETA: Final = 16
MAX_LOGISTIC_POINTS: Final = 300
KEY: Final = r"^[A-Za-z0-9_.:-]+$"

_K: Final = shapes.integer(("Neighbours that vote (K)", "参与投票的近邻数 K"), least=1, most=MAX_POINTS, default=5)
_ALPHA: Final = shapes.integer(("Alpha; larger looks at smaller coalitions", "α，越大越看重小联盟"), least=1, most=MAX_BETA, default=16)
_BETA: Final = shapes.integer(("Beta; larger looks at larger coalitions", "β，越大越看重大联盟"), least=1, most=MAX_BETA, default=1)
_RADIUS: Final = shapes.decimal(("Radius within which points vote", "参与投票的半径"), digits=5, decimals=DECIMALS)
_PENALTY: Final[Schema] = {
    **shapes.decimal(("Inverse strength of the penalty (C)", "正则化强度的倒数 C"), digits=3, decimals=3),
    "default": "1",  # text, like every number of a plan that need not be whole: plans go into the log, which takes no floats
}
_ROUNDS: Final = shapes.integer(("Rounds of sampling", "抽样轮数"), least=2, most=MAX_ROUNDS, default=100)
_CONFIDENCE: Final = shapes.choice(("Confidence of the stated half-widths", "所列半宽的置信水平"), ["0.9", "0.95", "0.99"], default="0.95")
_SAMPLED: Final[Mapping[str, Schema]] = {"rounds": _ROUNDS, "confidence": _CONFIDENCE, "penalty": _PENALTY}

METHODS: Final[Mapping[str, tuple[tuple[str, str], Mapping[str, Schema]]]] = {
    "knn_shapley": (("Nearest neighbours, Shapley", "最近邻，夏普利值"), {"k": _K}),
    "knn_soft_shapley": (("Nearest neighbours with soft labels, Shapley", "软标签最近邻，夏普利值"), {"k": _K}),
    "knn_threshold_shapley": (("Neighbours within a radius, Shapley", "半径内近邻，夏普利值"), {"radius": _RADIUS}),
    "knn_beta_shapley": (("Nearest neighbours, Beta Shapley", "最近邻，贝塔夏普利值"), {"k": _K, "alpha": _ALPHA, "beta": _BETA}),
    "knn_banzhaf": (("Nearest neighbours, Banzhaf", "最近邻，班扎夫值"), {"k": _K}),
    "knn_leave_one_out": (("Nearest neighbours, leave one out", "最近邻，留一法"), {"k": _K}),
    "logistic_shapley": (("Logistic regression, sampled Shapley", "逻辑回归，抽样夏普利值"), _SAMPLED),
    "logistic_beta_shapley": (
        ("Logistic regression, sampled Beta Shapley", "逻辑回归，抽样贝塔夏普利值"),
        {**_SAMPLED, "alpha": _ALPHA, "beta": _BETA},
    ),
    "logistic_banzhaf": (("Logistic regression, sampled Banzhaf", "逻辑回归，抽样班扎夫值"), _SAMPLED),
    "logistic_leave_one_out": (("Logistic regression, leave one out", "逻辑回归，留一法"), {"penalty": _PENALTY}),
}

DRAWING: Final = frozenset(method for method, (_, own) in METHODS.items() if "rounds" in own)
"""The methods that draw at random, and so need a seed."""


def _branch(method: str) -> Schema:
    title, own = METHODS[method]
    required = ["method", "currency", *(["radius"] if "radius" in own else [])]
    return shapes.record(
        title,
        {
            "method": shapes.constant(method, title),
            "currency": shapes.CURRENCY,
            "negative": shapes.choice(
                ("What counts as zero when negative: a holder's total, or each point", "负值按零计：按持有方合计，或按单个数据点"),
                ["total", "point"],
                default="total",
            ),
            **own,
        },
        required=required,
    )


PARAMS: Final = shapes.one_of(("Data valuation", "数据估值"), "method", [_branch(method) for method in METHODS])

_FEATURES: Final = shapes.array(
    ("Features, on one scale, at most five decimal places", "特征（同一尺度，最多五位小数）"),
    shapes.number(("Feature", "特征"), least=-MAX_FEATURE, most=MAX_FEATURE),
    least=1,
    most=MAX_FEATURES,
)
_LABEL: Final = shapes.text(("Label", "标签"), pattern=KEY, longest=64)

INPUTS: Final = shapes.record(
    ("Points to value and tests to value them by", "待估值的数据点与测试点"),
    {
        "amount": shapes.amount(("Amount to divide", "待分配金额")),
        "points": shapes.array(
            ("Training points", "训练数据点"),
            shapes.record(
                ("Point", "数据点"),
                {"holder": shapes.text(("Holder", "持有方"), pattern=KEY, longest=64), "x": _FEATURES, "y": _LABEL},
                required=["holder", "x", "y"],
            ),
            least=1,
            most=MAX_POINTS,
        ),
        "tests": shapes.array(
            ("Test points, which the holders must not have seen", "测试点（持有方不得事先知晓）"),
            shapes.record(("Test", "测试点"), {"x": _FEATURES, "y": _LABEL}, required=["x", "y"]),
            least=1,
            most=MAX_TESTS,
        ),
    },
    required=["amount", "points", "tests"],
)
