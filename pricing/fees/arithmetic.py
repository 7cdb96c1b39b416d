"""Net and gross in one function, the same for a listing's preview, a buyer's quote and the settlement, so that they can never differ.

Who bears what. The buyer pays the amount and nothing else. The platform's and the institution's fees are taken from the amount, borne by
the seller. The gateway's fee is borne by the platform out of its own means, outside this amount, unless the schedule says the seller
bears it: then it is a line. Income shares are taken from the licensee's net income, borne by that licensee. Withholding tax is taken from
what each holder keeps, borne by that holder.

Rounding. All fees of an amount are added exactly and rounded down once, so the seller never pays a fraction more than was agreed and a
higher price never leaves it less. Gateway and institution get their own fee rounded down; the platform gets the rest of the total. Shares
and taxes are rounded down; what is left stays with the payer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import ClassVar, Final

from pricing.fees.chain import ShareTerm, apply_terms
from pricing.money import PPM, Currency, PricingError, require_minor, require_ppm, share_ppm

MAX_PARTY_KEY: Final = 200


class FeeError(PricingError):
    """A fee schedule or tax table by which no amount can be divided."""

    texts: ClassVar[Mapping[str, tuple[str, str]]] = {
        "FEE_LIMITS_CROSSED": ("The greatest fee is below the least.", "费用上限低于下限。"),
        "FEES_EXCEED_AMOUNT": ("The fees come to {ppm} parts per million of the amount.", "费用合计为金额的百万分之 {ppm}，超过全部。"),
        "SURPLUS_EXCEEDS_AMOUNT": ("The surplus of {surplus} is more than the amount.", "差额 {surplus} 超过总额。"),
        "JOINT_DOES_NOT_SUM": ("The parts of a joint product do not sum to {amount}.", "共同产品各方所得之和不等于 {amount}。"),
        "PARTY_KIND_UNKNOWN": ("No party kind is given for {party}.", "未给出主体 {party} 的类别。"),
        "TAX_KIND_UNKNOWN": ("The tax table has no rule for the party kind {kind}.", "税表没有主体类别 {kind} 的规则。"),
    }


class Role(StrEnum):
    """What a line of a division is for."""

    PLATFORM_FEE = "platform_fee"
    INSTITUTION_FEE = "institution_fee"
    GATEWAY_FEE = "gateway_fee"
    TAX = "tax"
    SHARE = "share"


class Bearer(StrEnum):
    """Who bears the gateway's fee."""

    PLATFORM = "platform"
    SELLER = "seller"


@dataclass(frozen=True, slots=True)
class Rate:
    """Parts per million of the amount plus a fixed sum, held between a least and a greatest; in minor units. No fee on zero.

    Raises:
        MoneyError: PPM_OUT_OF_RANGE, AMOUNT_*.
        FeeError: FEE_LIMITS_CROSSED.
    """

    ppm: int
    fixed_minor: int = 0
    minimum_minor: int = 0
    maximum_minor: int | None = None

    def __post_init__(self) -> None:
        """Refuse a rate that could come to a negative or contradictory fee."""
        require_ppm(self.ppm)
        require_minor(self.fixed_minor)
        require_minor(self.minimum_minor)
        if self.maximum_minor is not None and require_minor(self.maximum_minor) < self.minimum_minor:
            raise FeeError("FEE_LIMITS_CROSSED")

    def exact(self, amount_minor: int) -> Fraction:
        """Return the fee before rounding."""
        if amount_minor == 0:
            return Fraction(0)
        fee = max(Fraction(amount_minor * self.ppm, PPM) + self.fixed_minor, Fraction(self.minimum_minor))
        return fee if self.maximum_minor is None else min(fee, Fraction(self.maximum_minor))


@dataclass(frozen=True, slots=True)
class Fee:
    """Who takes a fee, by stable key, and at what rate."""

    party: str
    rate: Rate


@dataclass(frozen=True, slots=True)
class FeeSchedule:
    """One version of what the market takes.

    Raises:
        FeeError: FEES_EXCEED_AMOUNT if the rates borne by the seller come to more than the whole.
    """

    platform: Fee
    institution: Fee | None = None
    gateway: Fee | None = None
    gateway_borne_by: Bearer = Bearer.PLATFORM

    def __post_init__(self) -> None:
        """Refuse rates that take more than there is."""
        fees = [self.platform, self.institution, self.gateway if self.gateway_borne_by is Bearer.SELLER else None]
        total = sum(fee.rate.ppm for fee in fees if fee is not None)
        if total > PPM:
            raise FeeError("FEES_EXCEED_AMOUNT", ppm=total)


@dataclass(frozen=True, slots=True)
class TaxRule:
    """What is withheld from one kind of party, in parts per million of what it keeps, and the key of the authority it goes to."""

    authority: str
    ppm: int


@dataclass(frozen=True, slots=True)
class Parties:
    """Who sells, which shares rest on the sale, and the kind of each holder for the tax table.

    An empty tax table withholds nothing; otherwise every holder needs a kind and every kind a rule, even of zero.

    Attributes:
        surplus: who gets what part of the amount, in minor units, that a two-sided round cleared above the seller's own price.
        joint: divides what the seller keeps among the makers of a joint product; its parts sum to what it is given.
    """

    seller: str
    terms: tuple[ShareTerm, ...] = ()
    kinds: Mapping[str, str] | None = None
    taxes: Mapping[str, TaxRule] | None = None
    surplus: tuple[str, int] | None = None
    joint: Callable[[int], Sequence[tuple[str, int]]] | None = None


@dataclass(frozen=True, slots=True)
class FeeLine:
    """One part of the amount: what for, to whom, how much, who bears it; ``licence`` names the licence a share or its tax rests on.

    May be zero: a share too small for one minor unit is still stated.
    """

    role: Role
    party: str
    minor: int
    borne_by: str
    licence: str = ""


@dataclass(frozen=True, slots=True)
class Division:
    """An amount divided completely. The lines sum to the amount and none is negative."""

    amount_minor: int
    currency: Currency
    lines: tuple[FeeLine, ...]
    net_minor: int
    kept_minor: int
    gateway_fee_minor: int
    gateway_borne_by: Bearer

    def total(self, role: Role) -> int:
        """Return the sum of the lines of one role."""
        return sum(line.minor for line in self.lines if line.role is role)

    def paid_to(self, party: str) -> int:
        """Return everything one party receives of the amount."""
        return sum(line.minor for line in self.lines if line.party == party)

    def to_json(self) -> dict[str, object]:
        """Return the division as JSON; minor units are text, since JSON numbers are not exact beyond 2^53."""
        return {
            "amount_minor": str(self.amount_minor),
            "currency": self.currency.code,
            "net_minor": str(self.net_minor),
            "gateway_fee_minor": str(self.gateway_fee_minor),
            "gateway_borne_by": self.gateway_borne_by.value,
            "lines": [
                {
                    "role": line.role.value,
                    "party": line.party,
                    "minor": str(line.minor),
                    "borne_by": line.borne_by,
                    "licence": line.licence,
                }
                for line in self.lines
            ],
        }


def divide(*, amount_minor: int, currency: Currency, schedule: FeeSchedule, parties: Parties) -> Division:
    """Divide what a buyer pays into fees, taxes and shares; the one place where net and gross are computed.

    Fees never exceed the amount: where least fees would, gateway (if the seller bears it), institution and platform are served in this
    order.

    Args:
        amount_minor: what the buyer pays, in minor units, non-negative.
        currency: its currency; the schedule's fixed sums are in the same.
        schedule: what the market takes.
        parties: seller, share terms, party kinds and tax table.

    Returns:
        Lines that sum exactly to the amount, none negative. ``net_minor`` is the seller's net income: the amount less surplus and fees,
        before shares and tax; the seller bears no fee on a surplus. ``gateway_fee_minor`` is the schedule's gateway fee whoever bears it
        (rounded down); it is a line only if the seller bears it. As the amount grows, the net income, the institution's fee and what every
        share term receives never fall.

    Raises:
        MoneyError: AMOUNT_*, PPM_OUT_OF_RANGE.
        FeeError: PARTY_KIND_UNKNOWN, TAX_KIND_UNKNOWN, SURPLUS_EXCEEDS_AMOUNT, JOINT_DOES_NOT_SUM.
        ChainError: TERMS_INVALID, SHARES_EXCEED_INCOME, CHAIN_TOO_WIDE.
    """
    require_minor(amount_minor)
    surplus = _surplus_lines(amount_minor, parties)
    received = amount_minor - sum(line.minor for line in surplus)
    fees = _fee_lines(received, schedule, parties.seller)
    net = received - sum(line.minor for line in fees)
    seller_keeps, shares = apply_terms(net, parties.seller, parties.terms)
    lines = [*fees, *surplus]
    for holder, minor in _makers(parties, seller_keeps):
        lines.extend(_holder_lines(parties, holder, minor, parties.seller, ""))
    for share in shares:
        lines.extend(_holder_lines(parties, share.term.holder, share.kept_minor, share.payer, share.term.licence))
    gateway = schedule.gateway.rate.exact(received) if schedule.gateway is not None else Fraction(0)
    return Division(amount_minor, currency, tuple(lines), net, seller_keeps, int(gateway), schedule.gateway_borne_by)


def _surplus_lines(amount_minor: int, parties: Parties) -> list[FeeLine]:
    if parties.surplus is None:
        return []
    holder, minor = parties.surplus
    if require_minor(minor) > amount_minor:
        raise FeeError("SURPLUS_EXCEEDS_AMOUNT", surplus=minor)
    return [FeeLine(Role.SHARE, holder, minor, "buyer")]


def _makers(parties: Parties, kept_minor: int) -> Sequence[tuple[str, int]]:
    """Return who made the product and what each keeps: the seller alone, or all whom the agreement of a joint product names."""
    if parties.joint is None:
        return [(parties.seller, kept_minor)]
    parts = parties.joint(kept_minor)
    if sum(require_minor(minor) for _, minor in parts) != kept_minor:
        raise FeeError("JOINT_DOES_NOT_SUM", amount=kept_minor)
    return parts


def _fee_lines(amount_minor: int, schedule: FeeSchedule, seller: str) -> list[FeeLine]:
    """Return the fees the seller bears: added exactly, rounded down once, never above the amount."""
    first: list[tuple[Role, Fee]] = []
    if schedule.gateway is not None and schedule.gateway_borne_by is Bearer.SELLER:
        first.append((Role.GATEWAY_FEE, schedule.gateway))
    if schedule.institution is not None:
        first.append((Role.INSTITUTION_FEE, schedule.institution))
    exact = [fee.rate.exact(amount_minor) for _, fee in first]
    left = min(int(schedule.platform.rate.exact(amount_minor) + sum(exact, Fraction(0))), amount_minor)
    lines: list[FeeLine] = []
    for (role, fee), own in zip(first, exact, strict=True):
        minor = min(int(own), left)
        left -= minor
        lines.append(FeeLine(role, fee.party, minor, seller))
    return [FeeLine(Role.PLATFORM_FEE, schedule.platform.party, left, seller), *lines]


def _holder_lines(parties: Parties, holder: str, kept_minor: int, borne_by: str, licence: str) -> Sequence[FeeLine]:
    """Return a holder's share, and the tax withheld from it."""
    if not parties.taxes:
        return [FeeLine(Role.SHARE, holder, kept_minor, borne_by, licence)]
    kind = (parties.kinds or {}).get(holder)
    if kind is None:
        raise FeeError("PARTY_KIND_UNKNOWN", party=holder[:MAX_PARTY_KEY])
    rule = parties.taxes.get(kind)
    if rule is None:
        raise FeeError("TAX_KIND_UNKNOWN", kind=kind)
    tax = share_ppm(kept_minor, rule.ppm)
    share = FeeLine(Role.SHARE, holder, kept_minor - tax, borne_by, licence)
    return [share, FeeLine(Role.TAX, rule.authority, tax, holder, licence)] if rule.ppm else [share]
