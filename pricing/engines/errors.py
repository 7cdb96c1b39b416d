"""What a pricing model refuses, always naming the field, with the sentence in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final

from pricing.money import MoneyError, PricingError


class UnknownModelError(PricingError):
    """No pricing model has this key, version or verb."""

    texts: ClassVar[Mapping[str, tuple[str, str]]] = {
        "MODEL_UNKNOWN": ("There is no pricing model {key}.", "没有定价模型 {key}。"),
        "VERSION_UNKNOWN": ("Pricing model {key} has no version {version}.", "定价模型 {key} 没有版本 {version}。"),
        "VERB_UNKNOWN": ("Pricing model {key} cannot {verb}.", "定价模型 {key} 不支持操作 {verb}。"),
        "SEED_REQUIRED": ("Pricing model {key} draws at random and needs a seed.", "定价模型 {key} 含随机抽样，须给出种子。"),
        "SEED_UNUSED": ("Pricing model {key} draws nothing at random and takes no seed.", "定价模型 {key} 不含随机抽样，不接受种子。"),
        "SEED_OUT_OF_RANGE": ("A seed is an integer from 0 to 9007199254740991.", "种子须为 0 至 9007199254740991 的整数。"),
    }


class InputError(PricingError):
    """A parameter or input that does not fit the model's schema or its meaning.

    Attributes:
        field: dotted path of the offending value, such as ``params.tiers.2.up_to``.
    """

    texts: ClassVar[Mapping[str, tuple[str, str]]] = {
        "REQUIRED": ("This field is required.", "此项必填。"),
        "UNKNOWN_FIELD": ("This model has no such field.", "此模型没有该字段。"),
        "WRONG_TYPE": ("Expected {expected}.", "类型应为 {expected}。"),
        "NOT_ALLOWED": ("Choose one of: {allowed}.", "只能取：{allowed}。"),
        "TOO_SMALL": ("Must be at least {limit}.", "不得小于 {limit}。"),
        "TOO_LARGE": ("Must be at most {limit}.", "不得大于 {limit}。"),
        "TOO_FEW": ("At least {limit} entries are needed.", "至少需要 {limit} 项。"),
        "TOO_MANY": ("At most {limit} entries are accepted.", "最多接受 {limit} 项。"),
        "TOO_SHORT": ("At least {limit} characters are needed.", "至少需要 {limit} 个字符。"),
        "TOO_LONG": ("At most {limit} characters are accepted.", "最多接受 {limit} 个字符。"),
        "BAD_FORMAT": ("The text does not have the required form.", "文本格式不符合要求。"),
        "BAD_TEXT": ("The text holds characters that cannot be stored.", "文本含有无法存储的字符。"),
        "NOT_A_NUMBER": ("Must be plain decimal digits, such as 12.50.", "须为普通十进制数字，例如 12.50。"),
        "NOT_FINITE": ("Must be a finite number.", "必须是有限数。"),
        "NEGATIVE": ("Must not be negative.", "不得为负。"),
        "OVER_PRECISE": ("At most {limit} decimal places are accepted.", "最多接受 {limit} 位小数。"),
        "OVERFLOW": ("The resulting amount is too large.", "计算结果金额过大。"),
        "TIERS_NOT_RISING": ("Each tier must end above the one before it.", "每一阶梯的上限必须高于前一阶梯。"),
        "TIERS_NOT_OPEN": ("The last tier, and only the last, has no upper end.", "仅最后一个阶梯不设上限。"),
        "LIMITS_CROSSED": ("The maximum is below the minimum.", "上限低于下限。"),
        "NEEDS_WHOLE_PERIOD": (
            "A volume tariff can fall as usage grows, so it is charged once a period; the lower envelope can be charged as you go.",
            "总量计价可能随用量增加而下降，只能整期一次计费；如需分次计费，请选用下包络。",
        ),
        "BILLED_EXCEEDS_CHARGE": ("More was billed before than the whole usage costs.", "先前已计费金额超过全部用量的费用。"),
        "NOT_FOR_THIS_PLAN": ("This plan does not use this field.", "该方案不使用此字段。"),
        "ENDS_BEFORE_START": ("The end must come after the start.", "结束时间必须晚于开始时间。"),
        "OFFSETS_DIFFER": ("Start and end must have the same offset from UTC.", "开始与结束须使用相同的时区偏移。"),
        "NOT_RISING": ("Each must be greater than the one before it.", "每一项必须大于前一项。"),
        "NOT_POSITIVE": ("Must be greater than zero.", "必须大于零。"),
        "DUPLICATE": ("This was given before; each may appear once.", "此项重复，每项只能出现一次。"),
        "HEADER_DIFFERS": ("The first row must name the columns in order: {columns}.", "首行须按顺序列出列名：{columns}。"),
        "ROW_WIDTH": ("This row has {count} values; {expected} are needed.", "该行有 {count} 个值，应为 {expected} 个。"),
        "JOIN_TYPES_DIFFER": (
            "Only columns of the same type and decimal places can be joined.",
            "只有类型与小数位数相同的列才能连接。",
        ),
        "QUERY_TOO_LARGE": ("The query joins more than {limit} values; filter it more.", "查询连接超过 {limit} 个值，请增加筛选条件。"),
        "PRICE_POINTS_CONFLICT": (
            "No prices meet these points: a view costs more than the views it follows from, or less than its separate parts. Adjust them.",
            "无法同时满足这些价格点：某视图的价格高于可推出它的视图，或低于其互不重叠部分之和，请调整。",
        ),
        "COMPENSATION_EXCEEDS_PRICE": (
            "The owners would be owed {needed} minor units and the answer costs {price}; raise the rate or lower the variance.",
            "应补偿数据主体 {needed} 最小货币单位，而答案价格仅 {price}；请提高费率或降低方差。",
        ),
    }

    def __init__(self, code: str, field: str, **params: str | int) -> None:
        """Refuse the value at ``field`` for the reason ``code``."""
        self.field = field
        super().__init__(code, **params)

    def __str__(self) -> str:
        """Return the field and the English sentence."""
        return f"{self.field}: {self.text('en')}"


_FROM_MONEY: Final[Mapping[str, str]] = {
    "AMOUNT_NOT_TEXT": "NOT_A_NUMBER",
    "AMOUNT_NOT_A_NUMBER": "NOT_A_NUMBER",
    "AMOUNT_NOT_FINITE": "NOT_FINITE",
    "AMOUNT_NEGATIVE": "NEGATIVE",
    "AMOUNT_OVERFLOW": "OVERFLOW",
}


def at_field(error: MoneyError, field: str) -> InputError:
    """Return a money error as the same complaint about one field."""
    if error.code == "AMOUNT_OVER_PRECISE":
        return InputError("OVER_PRECISE", field, limit=error.params["digits"])
    return InputError(_FROM_MONEY[error.code], field)
