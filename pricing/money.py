"""Money is integer minor units and a currency, never a float; every split here is exact to the minor unit."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar, Final, Literal, Self

Language = Literal["en", "zh"]

BIGINT_MAX: Final = 2**63 - 1
PPM: Final = 1_000_000
MAX_HOLDERS: Final = 10_000
MAX_TEXT: Final = 64
MAX_WEIGHT_BITS: Final = 4096

_DECIMAL: Final = re.compile(r"(?P<sign>-?)(?P<whole>[0-9]+)(?:\.(?P<fraction>[0-9]+))?")
_NOT_FINITE: Final = re.compile(r"[+-]?(?:s?nan[0-9]*|inf(?:inity)?)", re.IGNORECASE)


class PricingError(ValueError):
    """Something asked of the pricing floor that it refuses: a stable code, its parameters, and its sentence in both languages.

    Attributes:
        code: stable, upper case; what a program tests for.
        params: what the sentence needs; integers and text, of what the caller wrote a short part at most.
    """

    texts: ClassVar[Mapping[str, tuple[str, str]]] = {}

    def __init__(self, code: str, **params: str | int) -> None:
        """Carry a code that the class has a sentence for, and that sentence's parameters."""
        self.code = code
        self.params = params
        super().__init__(self.text("en"))

    def text(self, language: Language) -> str:
        """Return the sentence for a person, in English or Chinese."""
        english, chinese = self.texts[self.code]
        return (english if language == "en" else chinese).format(**self.params)


class MoneyError(PricingError):
    """An amount, currency, weight or rate that money cannot accept."""

    texts: ClassVar[Mapping[str, tuple[str, str]]] = {
        "CURRENCY_UNKNOWN": ("Currency {currency} is not supported.", "不支持货币 {currency}。"),
        "CURRENCY_MISMATCH": ("Expected {expected}, got {currency}.", "货币应为 {expected}，实为 {currency}。"),
        "AMOUNT_NOT_TEXT": ("An amount is given as decimal text, such as 12.50.", "金额须以十进制文本给出，例如 12.50。"),
        "AMOUNT_NOT_A_NUMBER": ("An amount is plain decimal digits, such as 12.50.", "金额须为普通十进制数字，例如 12.50。"),
        "AMOUNT_NOT_FINITE": ("An amount must be finite.", "金额必须是有限数。"),
        "AMOUNT_OVER_PRECISE": (
            "{currency} has {digits} decimal places; the amount has more.",
            "{currency} 只有 {digits} 位小数，金额超出此精度。",
        ),
        "AMOUNT_NEGATIVE": ("The amount must not be negative.", "金额不得为负。"),
        "AMOUNT_OVERFLOW": ("The amount is too large.", "金额过大。"),
        "AMOUNT_NOT_INTEGER": ("Minor units are an integer.", "最小货币单位须为整数。"),
        "WEIGHTS_EMPTY": ("There is nobody to split between.", "没有可分配的对象。"),
        "WEIGHTS_TOO_MANY": ("At most {limit} holders can share one amount.", "一笔金额最多由 {limit} 方分配。"),
        "WEIGHT_NOT_EXACT": ("Weight {index} must be an integer or a fraction.", "第 {index} 个权重须为整数或分数。"),
        "WEIGHT_NEGATIVE": ("Weight {index} must not be negative.", "第 {index} 个权重不得为负。"),
        "WEIGHT_TOO_FINE": ("The weights have too many digits.", "权重位数过多。"),
        "WEIGHTS_ALL_ZERO": ("At least one weight must be positive.", "至少须有一个权重为正。"),
        "PPM_OUT_OF_RANGE": ("A share is between 0 and 1000000 parts per million.", "份额须在百万分之 0 至 1000000 之间。"),
        "REFUND_TOO_LARGE": ("Only {remaining} minor units remain to be refunded.", "可退余额仅为 {remaining} 最小货币单位。"),
    }


@dataclass(frozen=True, slots=True)
class Currency:
    """One ISO 4217 currency: its code, how many decimal places its minor unit has, and its names."""

    code: str
    exponent: int
    name_en: str
    name_zh: str

    @property
    def scale(self) -> int:
        """Minor units in one major unit."""
        return int(10**self.exponent)


# ISO 4217 list one; exponents as published there.
CURRENCIES: Final[Mapping[str, Currency]] = {
    row[0]: Currency(*row)
    for row in (
        ("AED", 2, "UAE dirham", "阿联酋迪拉姆"),
        ("AUD", 2, "Australian dollar", "澳大利亚元"),
        ("BHD", 3, "Bahraini dinar", "巴林第纳尔"),
        ("BRL", 2, "Brazilian real", "巴西雷亚尔"),
        ("CAD", 2, "Canadian dollar", "加拿大元"),
        ("CHF", 2, "Swiss franc", "瑞士法郎"),
        ("CNY", 2, "Renminbi", "人民币"),
        ("DKK", 2, "Danish krone", "丹麦克朗"),
        ("EUR", 2, "Euro", "欧元"),
        ("GBP", 2, "Pound sterling", "英镑"),
        ("HKD", 2, "Hong Kong dollar", "港元"),
        ("IDR", 2, "Indonesian rupiah", "印度尼西亚卢比"),
        ("INR", 2, "Indian rupee", "印度卢比"),
        ("JPY", 0, "Japanese yen", "日元"),
        ("KRW", 0, "South Korean won", "韩元"),
        ("KWD", 3, "Kuwaiti dinar", "科威特第纳尔"),
        ("MOP", 2, "Macanese pataca", "澳门元"),
        ("MYR", 2, "Malaysian ringgit", "马来西亚林吉特"),
        ("NOK", 2, "Norwegian krone", "挪威克朗"),
        ("NZD", 2, "New Zealand dollar", "新西兰元"),
        ("PHP", 2, "Philippine peso", "菲律宾比索"),
        ("RUB", 2, "Russian rouble", "俄罗斯卢布"),
        ("SAR", 2, "Saudi riyal", "沙特里亚尔"),
        ("SEK", 2, "Swedish krona", "瑞典克朗"),
        ("SGD", 2, "Singapore dollar", "新加坡元"),
        ("THB", 2, "Thai baht", "泰铢"),
        ("TWD", 2, "New Taiwan dollar", "新台币"),
        ("USD", 2, "US dollar", "美元"),
        ("VND", 0, "Vietnamese dong", "越南盾"),
        ("ZAR", 2, "South African rand", "南非兰特"),
    )
}
CNY: Final = CURRENCIES["CNY"]


def currency(code: str) -> Currency:
    """Return the currency of an ISO 4217 code.

    Raises:
        MoneyError: CURRENCY_UNKNOWN.
    """
    found = CURRENCIES.get(code)
    if found is None:
        raise MoneyError("CURRENCY_UNKNOWN", currency=code[:8])
    return found


@dataclass(frozen=True, slots=True)
class Money:
    """An exact amount: integer minor units (fen for CNY) of one currency. May be negative; parsing refuses that unless allowed.

    Raises:
        MoneyError: AMOUNT_NOT_INTEGER, AMOUNT_OVERFLOW (outside a signed 64-bit integer).
    """

    minor: int
    currency: Currency

    def __post_init__(self) -> None:
        """Refuse what a bigint column could not hold."""
        require_minor(self.minor, signed=True)

    @classmethod
    def of(cls, minor: int, code: str) -> Self:
        """Return an amount in minor units of the currency with this ISO code."""
        return cls(minor, currency(code))

    @classmethod
    def parse(cls, text: object, expected: Currency, *, signed: bool = False) -> Self:
        """Read decimal text in major units, such as ``12.50``.

        Plain ASCII digits with at most as many decimal places as the currency has; no exponent, grouping, plus sign or blanks.

        Raises:
            MoneyError: AMOUNT_NOT_TEXT, AMOUNT_NOT_FINITE, AMOUNT_NOT_A_NUMBER, AMOUNT_NEGATIVE, AMOUNT_OVER_PRECISE, AMOUNT_OVERFLOW.
        """
        if not isinstance(text, str):
            raise MoneyError("AMOUNT_NOT_TEXT")
        if len(text) > MAX_TEXT:
            raise MoneyError("AMOUNT_OVERFLOW")
        if _NOT_FINITE.fullmatch(text):
            raise MoneyError("AMOUNT_NOT_FINITE")
        match = _DECIMAL.fullmatch(text)
        if match is None:
            raise MoneyError("AMOUNT_NOT_A_NUMBER")
        fraction = match["fraction"] or ""
        if match["sign"] and not signed:
            raise MoneyError("AMOUNT_NEGATIVE")
        if len(fraction) > expected.exponent:
            raise MoneyError("AMOUNT_OVER_PRECISE", currency=expected.code, digits=expected.exponent)
        minor = int(match["whole"] + fraction.ljust(expected.exponent, "0"))
        return cls(-minor if match["sign"] else minor, expected)

    def format(self) -> str:
        """Return decimal text in major units with all the currency's decimal places, such as ``12.50``."""
        whole, part = divmod(abs(self.minor), self.currency.scale)
        sign = "-" if self.minor < 0 else ""
        return f"{sign}{whole}.{part:0{self.currency.exponent}d}" if self.currency.exponent else f"{sign}{whole}"

    def __str__(self) -> str:
        """Return the currency code and the amount, such as ``CNY 12.50``."""
        return f"{self.currency.code} {self.format()}"

    def __add__(self, other: Money) -> Money:
        """Return the sum; raises MoneyError CURRENCY_MISMATCH or AMOUNT_OVERFLOW."""
        return Money(self.minor + require_currency(other, self.currency).minor, self.currency)

    def __sub__(self, other: Money) -> Money:
        """Return the difference, which may be negative; raises MoneyError CURRENCY_MISMATCH or AMOUNT_OVERFLOW."""
        return Money(self.minor - require_currency(other, self.currency).minor, self.currency)


def require_currency(amount: Money, expected: Currency) -> Money:
    """Return the amount if it is in the expected currency.

    Raises:
        MoneyError: CURRENCY_MISMATCH.
    """
    if amount.currency != expected:
        raise MoneyError("CURRENCY_MISMATCH", expected=expected.code, currency=amount.currency.code)
    return amount


def require_minor(minor: int, *, signed: bool = False) -> int:
    """Return the minor units if they are an integer that a bigint holds, and not negative unless ``signed``.

    Raises:
        MoneyError: AMOUNT_NOT_INTEGER, AMOUNT_NEGATIVE, AMOUNT_OVERFLOW.
    """
    if not isinstance(minor, int) or isinstance(minor, bool):
        raise MoneyError("AMOUNT_NOT_INTEGER")
    if minor < 0 and not signed:
        raise MoneyError("AMOUNT_NEGATIVE")
    if abs(minor) > BIGINT_MAX:
        raise MoneyError("AMOUNT_OVERFLOW")
    return minor


def require_ppm(ppm: int) -> int:
    """Return the parts per million if they are an integer from 0 to 1 000 000.

    Raises:
        MoneyError: PPM_OUT_OF_RANGE.
    """
    if not isinstance(ppm, int) or isinstance(ppm, bool) or not 0 <= ppm <= PPM:
        raise MoneyError("PPM_OUT_OF_RANGE")
    return ppm


def share_ppm(amount_minor: int, ppm: int) -> int:
    """Return ``ppm`` parts per million of an amount, rounded down; what rounding leaves over stays with the payer.

    Monotone in both arguments and never above the amount.

    Raises:
        MoneyError: AMOUNT_NOT_INTEGER, AMOUNT_NEGATIVE, AMOUNT_OVERFLOW, PPM_OUT_OF_RANGE.
    """
    return require_minor(amount_minor) * require_ppm(ppm) // PPM


def split(total_minor: int, weights: Sequence[int | Fraction]) -> list[int]:
    """Split an amount in proportion to weights, exact to the minor unit.

    Largest remainder; ties go to the lower index. O(n log n). Floats are refused: two platforms must compute the same split.

    Args:
        total_minor: amount in minor units, non-negative.
        weights: 1 to 10 000 non-negative integers or fractions, at least one positive.

    Returns:
        One share per weight, in order; they sum to ``total_minor``, and each is within one unit of the exact share.

    Raises:
        MoneyError: AMOUNT_*, WEIGHTS_EMPTY, WEIGHTS_TOO_MANY, WEIGHT_NOT_EXACT, WEIGHT_NEGATIVE (naming the first bad index),
            WEIGHT_TOO_FINE, WEIGHTS_ALL_ZERO.

    Source: Hamilton's method; Balinski and Young, Fair Representation (1982), ch. 3.
    """
    require_minor(total_minor)
    whole = _whole_weights(weights)
    weight_sum = sum(whole)
    parts = [divmod(total_minor * weight, weight_sum) for weight in whole]
    shares = [share for share, _ in parts]
    by_remainder = sorted(range(len(parts)), key=lambda index: (-parts[index][1], index))
    for index in by_remainder[: total_minor - sum(shares)]:
        shares[index] += 1
    return shares


def split_keyed(total_minor: int, weights: Mapping[str, int | Fraction]) -> dict[str, int]:
    """Split like ``split``, with ties going to the smaller key, so that the order of the holders changes nobody's share.

    Args:
        total_minor: amount in minor units, non-negative.
        weights: stable key of each holder (as written in the contract) to weight.

    Returns:
        Share by key, in the order of the sorted keys.

    Raises:
        MoneyError: as ``split``; an index in it counts the sorted keys.
    """
    keys = sorted(weights)
    return dict(zip(keys, split(total_minor, [weights[key] for key in keys]), strict=True))


def split_refund(refund_minor: int, remaining: Mapping[str, int]) -> dict[str, int]:
    """Divide a partial refund among holders in proportion to what each still holds of the original split.

    No holder is asked for more than remains, and refunds that together return everything take from each holder exactly the original
    share, in whatever order and sizes they come. (Splitting by the original weights each time would not guarantee either.)

    Args:
        refund_minor: amount to return now, in minor units, non-negative.
        remaining: stable key to the holder's share less what was refunded before.

    Raises:
        MoneyError: REFUND_TOO_LARGE, carrying what remains; otherwise as ``split``.
    """
    left = sum(require_minor(minor) for minor in remaining.values())
    if require_minor(refund_minor) > left:
        raise MoneyError("REFUND_TOO_LARGE", remaining=left)
    if refund_minor == 0:
        return dict.fromkeys(sorted(remaining), 0)
    return split_keyed(refund_minor, remaining)


def _whole_weights(weights: Sequence[int | Fraction]) -> list[int]:
    """Scale weights to integers in the same proportion, within the limits on count and digits."""
    if not weights:
        raise MoneyError("WEIGHTS_EMPTY")
    if len(weights) > MAX_HOLDERS:
        raise MoneyError("WEIGHTS_TOO_MANY", limit=MAX_HOLDERS)
    common = 1
    for index, weight in enumerate(weights):
        if not isinstance(weight, int | Fraction) or isinstance(weight, bool):
            raise MoneyError("WEIGHT_NOT_EXACT", index=index)
        if weight < 0:
            raise MoneyError("WEIGHT_NEGATIVE", index=index)
        common = math.lcm(common, weight.denominator)
        if common.bit_length() > MAX_WEIGHT_BITS or weight.numerator.bit_length() > MAX_WEIGHT_BITS:
            raise MoneyError("WEIGHT_TOO_FINE")
    if not any(weights):
        raise MoneyError("WEIGHTS_ALL_ZERO")
    return [int(weight * common) for weight in weights]
