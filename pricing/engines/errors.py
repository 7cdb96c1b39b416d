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
        "FEATURES_DIFFER": (
            "Every point and test needs the same number of features, {expected}.",
            "每个数据点和测试点的特征数须同为 {expected}。",
        ),
        "HOLDERS_TOO_MANY": ("At most {limit} different holders are accepted.", "最多接受 {limit} 个不同的持有方。"),
        "TWO_CLASSES_ONLY": (
            "Logistic regression tells two classes apart; choose a nearest-neighbour method.",
            "逻辑回归仅区分两类；多类请选用最近邻方法。",
        ),
        "TOO_MUCH_WORK": (
            "This would train {work} models; at most {limit} are accepted. Use fewer points or rounds.",
            "将训练 {work} 个模型，最多接受 {limit} 个；请减少数据点或轮数。",
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
