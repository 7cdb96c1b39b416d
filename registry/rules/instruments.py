"""The texts that rules rest on, and which of their provisions somebody has read: nothing else may be printed."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from registry.rules.texts import Text


class Relation(StrEnum):
    """What a provision means here: law in force here, law or guidance followed as a model (参照), or the platform's own policy."""

    BINDING = "binding"
    COMPARABLE = "comparable"
    POLICY = "policy"


class Unit(StrEnum):
    """What a provision is counted in. WHOLE cites the instrument without a number."""

    ARTICLE = "article"
    SECTION = "section"
    ITEM = "item"
    CHAPTER = "chapter"
    WHOLE = "whole"


RELATION_TEXTS: Final[Mapping[Relation, Text]] = MappingProxyType(
    {
        Relation.BINDING: Text("binding", "依据"),
        Relation.COMPARABLE: Text("comparable rule", "参照"),
        Relation.POLICY: Text("platform policy", "平台规则"),
    }
)

UNIT_TEXTS: Final[Mapping[Unit, Text]] = MappingProxyType(
    {
        Unit.ARTICLE: Text("art. {}", "第{}条"),
        Unit.SECTION: Text("section {}", "第{}部分"),
        Unit.ITEM: Text("prohibited-trade item {}", "禁止交易情形第{}项"),
        Unit.CHAPTER: Text("chapter {} (article number to be confirmed)", "第{}章（条文号待确认）"),
    }
)


@dataclass(frozen=True, slots=True)
class Instrument:
    """One text.

    ``relation`` is the strongest that a citation may claim. ``numbers`` are the printable provisions by unit; ``reported`` marks a
    text known only through others, which every citation must say.
    """

    title: Text
    relation: Relation
    numbers: Mapping[Unit, frozenset[int]]
    reported: bool = False

    def printable(self, unit: Unit, number: int | None) -> bool:
        """Whether this provision may be cited; the whole text always may."""
        return number is None if unit is Unit.WHOLE else number in self.numbers.get(unit, frozenset())


def _numbers(ranges: str) -> frozenset[int]:
    """``"3, 5-7"`` as the set of 3, 5, 6 and 7."""
    bounds = (part.partition("-") for part in ranges.replace(" ", "").split(",") if part)
    return frozenset(number for first, _, last in bounds for number in range(int(first), int(last or first) + 1))


def _text(en: str, zh: str, relation: Relation, *, reported: bool = False, **ranges: str) -> Instrument:
    numbers = {Unit(unit): _numbers(text) for unit, text in ranges.items()}
    return Instrument(Text(en, zh), relation, MappingProxyType(numbers), reported)


_LAW, _MODEL, _OURS = Relation

INSTRUMENTS: Final[Mapping[str, Instrument]] = MappingProxyType(
    {
        "XIAMEN": _text("Xiamen SEZ Data Regulation", "厦门经济特区数据条例", _LAW, article="2", chapter="3"),
        "DSL": _text("Data Security Law", "数据安全法", _LAW, article="21, 25, 30-33, 36, 45-47"),
        "PIPL": _text("Personal Information Protection Law", "个人信息保护法", _LAW, article="13, 23, 26, 28-31, 38-41, 55-56, 66, 73"),
        "NDSR": _text(
            "Network Data Security Regulation", "网络数据安全管理条例", _LAW, article="8, 12, 18, 20-22, 28-31, 35, 37-38, 55-57, 63"
        ),
        "ESIGN": _text("Electronic Signature Law", "电子签名法", _LAW),
        "PUBLIC_REGISTRATION": _text(
            "Public Data Resource Registration Measures", "公共数据资源登记管理暂行办法", _LAW, article="5, 10-12, 20"
        ),
        "AUTHORISED_OPERATION": _text(
            "Authorised Operation Specification", "公共数据资源授权运营实施规范", _LAW, article="5-6, 12, 14, 16-17, 19, 21"
        ),
        "PUBLIC_PRICE": _text(
            "Price Notice on Authorised Operation of Public Data", "关于建立公共数据资源授权运营价格形成机制的通知", _LAW, section="1-3"
        ),
        "FUJIAN_TRADING": _text(
            "Fujian Data Circulation and Trading Measures", "福建省数据流通交易管理办法（试行）", _LAW, item="1, 2, 4, 6", reported=True
        ),
        "GUIDELINE": _text(
            "Data Property-Rights Registration Guideline", "数据产权登记工作指引（试行）", _MODEL, article="3, 10, 14-29, 31-37, 39"
        ),
        "FLOW_SECURITY": _text(
            "Data-Flow Security Plan", "关于完善数据流通安全治理 更好促进数据要素市场化价值化的实施方案", _MODEL, section="1, 3, 5"
        ),
        "SHENZHEN": _text("Shenzhen SEZ Data Regulation", "深圳经济特区数据条例", _MODEL, article="26-27, 57-70, 94-95"),
        "SHANGHAI": _text("Shanghai Data Regulation", "上海市数据条例", _MODEL, article="41-57, 67"),
        "CONTRACT_TEMPLATE": _text("Model data provision contract", "数据提供合同（示范文本）", _MODEL, reported=True),
        "PLATFORM": _text("Egret platform policy", "白鹭平台规则", _OURS),
    }
)
