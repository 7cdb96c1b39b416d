"""The arithmetic of metered plans: the exact rows of a bill, and the tiers as a curve whose properties can be decided."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from pricing.engines.curve import Curve, Piece
from pricing.engines.metered_plan import Commitments, PackagePlan, PercentPlan, TierPlan
from pricing.engines.result import Entry, exact_text, exact_total

ONE: Final = Fraction(1)
MAX_PACKAGES_DECIDED: Final = 200


@dataclass(frozen=True, slots=True)
class TierRows:
    """The rows that the bills of a graduated plan repeat, written once.

    Attributes:
        ends: the last step of each tier but the last.
        words: the words of each tier's rows.
        whole: for each tier, the rows of all tiers before it, each used whole.
    """

    ends: tuple[int, ...]
    words: tuple[Mapping[str, str], ...]
    whole: tuple[tuple[Entry, ...], ...]

    @classmethod
    def of(cls, plan: TierPlan) -> TierRows:
        """Write the rows of a plan's tiers."""
        ends = tuple(tier.last for tier in plan.tiers if tier.last is not None)
        starts = (0, *ends)
        above = (exact_text(Fraction(start, plan.steps_per_unit)) for start in starts)
        words = tuple({"tier": str(index + 1), "above": text} for index, text in enumerate(above))
        whole: list[tuple[Entry, ...]] = [()]
        for index, end in enumerate(ends):
            whole.append((*whole[-1], *_tier_entries(plan, index, words[index], end - starts[index])))
        return cls(ends, words, tuple(whole))


def graduated_entries(plan: TierPlan, rows: TierRows, steps: int) -> list[Entry]:
    """Return the rows for a quantity, each unit at its tier's price plus the flat fee of every tier entered.

    The first tier is entered at zero usage too, so its flat fee is always billed.
    """
    index = bisect_left(rows.ends, steps)
    inside = steps - rows.ends[index - 1] if index else steps
    return [*rows.whole[index], *_tier_entries(plan, index, rows.words[index], inside)]


def _tier_entries(plan: TierPlan, index: int, words: Mapping[str, str], inside: int) -> list[Entry]:
    tier = plan.tiers[index]
    units = Entry("TIER_UNITS", words, Fraction(inside, plan.steps_per_unit), tier.unit_price)
    return [units, Entry("TIER_FLAT", words, ONE, tier.flat)] if tier.flat else [units]


def volume_entries(plan: TierPlan, curve: Curve, steps: int, tier_steps: int) -> list[Entry]:
    """Return the rows for a quantity, all units at the price of the tier that ``tier_steps`` reaches; ``curve`` is the plan's."""
    index = next(position for position, tier in enumerate(plan.tiers) if tier.last is None or tier_steps <= tier.last)
    tier = plan.tiers[index]
    params = {"tier": str(index + 1)}
    entries = [Entry("VOLUME_UNITS", params, Fraction(steps, plan.steps_per_unit), tier.unit_price)]
    if tier.flat:
        entries.append(Entry("TIER_FLAT", params, ONE, tier.flat))
    if plan.lower_envelope:
        cheapest = curve.cheapest_from(steps)
        gain = curve.at(cheapest) - curve.at(steps)
        if gain:
            at = exact_text(Fraction(cheapest, plan.steps_per_unit))
            entries.append(Entry("LOWER_ENVELOPE", {"quantity": at}, ONE, gain))
    return entries


def tier_curve(plan: TierPlan) -> Curve:
    """Return the plan's exact charge, in major units, over whole steps; before lower envelope and commitments."""
    pieces: list[Piece] = []
    before, paid = 0, Fraction(0)
    for index, tier in enumerate(plan.tiers):
        slope = tier.unit_price / plan.steps_per_unit
        base = tier.flat if plan.volume else paid + tier.flat - slope * before
        piece = Piece(before + 1 if index else 0, tier.last, base, slope)
        pieces.append(piece)
        if tier.last is not None:
            before, paid = tier.last, piece.at(tier.last)
    return Curve.of(pieces)


def committed(curve: Curve, commitments: Commitments) -> Curve:
    """Return a curve within the commitments of a closed period."""
    lifted = curve.at_least(commitments.minimum)
    return lifted if commitments.maximum is None else lifted.at_most(commitments.maximum)


def package_count(plan: PackagePlan, steps: int) -> int:
    """Return how many packages a quantity fills or starts, beyond the free units."""
    return -(-max(steps - plan.free, 0) // plan.size)


def package_entries(plan: PackagePlan, steps: int) -> list[Entry]:
    """Return the row for a quantity; a started package counts whole."""
    params = {
        "size": exact_text(Fraction(plan.size, plan.steps_per_unit)),
        "free": exact_text(Fraction(min(plan.free, steps), plan.steps_per_unit)),
    }
    return [Entry("PACKAGES", params, Fraction(package_count(plan, steps)), plan.price)]


def package_charge(plan: PackagePlan, steps: int) -> Fraction:
    """Return the exact charge of a closed period, in major units."""
    return plan.commitments.apply(package_count(plan, steps) * plan.price, closes_period=True)


def package_curve(plan: PackagePlan) -> Curve | None:
    """Return the charge of a closed period as a curve, or None if it has too many pieces to decide anything by.

    Only a positive price and a maximum make the pieces finite.
    """
    maximum = plan.commitments.maximum
    if not plan.price or maximum is None or maximum > MAX_PACKAGES_DECIDED * plan.price:
        return None
    last = -(-maximum // plan.price)
    pieces = [Piece(0, plan.free, Fraction(0), Fraction(0))]
    for count in range(1, last + 1):
        start = plan.free + (count - 1) * plan.size + 1
        pieces.append(Piece(start, start + plan.size - 1, count * plan.price, Fraction(0)))
    pieces.append(Piece(plan.free + last * plan.size + 1, None, maximum, Fraction(0)))
    return committed(Curve.of(pieces), plan.commitments)


def percentage_entries(plan: PercentPlan, events: Sequence[Fraction]) -> list[Entry]:
    """Return the rows for events in order: rate, fixed fees, and what the limits per event add or take."""
    running = base = raised = lowered = Fraction(0)
    paying = 0
    for index, amount in enumerate(events):
        paid = _paid_part(plan, index, running, amount)
        running += amount
        if paid is None:
            continue
        charge = paid * plan.rate + plan.fixed
        base, paying = base + paid, paying + 1
        raised += max(plan.event_minimum - charge, Fraction(0))
        if plan.event_maximum is not None:
            lowered += min(plan.event_maximum - charge, Fraction(0))
    entries = [Entry("PERCENT", {"percent": exact_text(plan.rate * 100)}, base, plan.rate)]
    if plan.fixed:
        entries.append(Entry("EVENT_FIXED", {"events": str(len(events))}, Fraction(paying), plan.fixed))
    if raised:
        entries.append(Entry("EVENT_MINIMUM", {"minimum": exact_text(plan.event_minimum)}, ONE, raised))
    if lowered:
        entries.append(Entry("EVENT_MAXIMUM", {"maximum": exact_text(plan.event_maximum or Fraction(0))}, ONE, lowered))
    return entries


def _paid_part(plan: PercentPlan, index: int, running: Fraction, amount: Fraction) -> Fraction | None:
    """Return the part of an event that is charged, or None if the event is free as a whole."""
    if (plan.free_events is None and plan.free_amount is None) or (plan.free_events is not None and index >= plan.free_events):
        return amount
    if plan.free_amount is None or running + amount <= plan.free_amount:
        return None
    return amount - max(plan.free_amount - running, Fraction(0))


def with_commitments(entries: Sequence[Entry], commitments: Commitments, *, closes_period: bool) -> list[Entry]:
    """Return the rows with one more where a commitment changes the sum."""
    if not commitments.minimum and commitments.maximum is None:
        return list(entries)
    charge = exact_total(entries)
    change = commitments.apply(charge, closes_period=closes_period) - charge
    if not change:
        return list(entries)
    return [*entries, Entry("MINIMUM_COMMITMENT" if change > 0 else "MAXIMUM_COMMITMENT", {}, ONE, change)]
