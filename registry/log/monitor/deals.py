"""The steps of deals as the log tells them: each once, in order, and none that needs a right before it was granted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from registry.log.monitor.reading import Fields, shown
from registry.log.monitor.rights import Right, Tell

BEFORE: Final[Mapping[str, frozenset[str]]] = {
    "deal.requested": frozenset({""}),
    "deal.signed": frozenset({"deal.requested"}),
    "deal.in_force": frozenset({"deal.signed"}),
    "deal.funded": frozenset({"deal.signed"}),
    "deal.delivered": frozenset({"deal.funded"}),
    "deal.accepted": frozenset({"deal.delivered"}),
    "deal.settled": frozenset({"deal.accepted"}),
    "deal.refunded": frozenset({"deal.funded", "deal.delivered"}),
    "deal.cancelled": frozenset({"deal.requested", "deal.signed"}),
}
"""What a step may follow on; an empty text is the beginning."""
ORDER: Final = ("", *BEFORE)
LAST: Final = frozenset({"deal.in_force", "deal.settled", "deal.refunded", "deal.cancelled"})
NEEDS_RIGHT: Final = frozenset({"deal.in_force", "deal.settled"})


@dataclass(slots=True)
class Deal:
    """A deal that goes on: its last step, its sides once it is signed, and how many rights were granted for it."""

    step: str = ""
    seller: int = 0
    buyer: int = 0
    rights: int = 0


class Deals:
    """Deals that go on in full, and of those that are over the last step alone."""

    def __init__(self) -> None:
        """Begin without deals."""
        self.open: dict[int, Deal] = {}
        self.over: dict[int, str] = {}

    def stepped(self, step: str, data: Fields, tell: Tell) -> None:
        """Any of the steps in ``BEFORE``."""
        key = data.uid("deal")
        sides = (data.uid("seller"), data.uid("buyer")) if step == "deal.signed" else None
        deal = self.open.get(key)
        last = deal.step if deal else self.over.get(key, "")
        if last not in BEFORE[step]:
            tell("step", step, shown(key), last or "nothing")
        if last in LAST:
            return
        deal = deal or Deal()
        if step in NEEDS_RIGHT and not deal.rights:
            tell("no_right", step, shown(key))
        if step == "deal.cancelled" and deal.rights:
            tell("right_stays", shown(key))
        if step in LAST:
            self.open.pop(key, None)
            self.over[key] = step
            return
        if sides and last in BEFORE[step]:
            deal.seller, deal.buyer = sides
        deal.step = max(last, step, key=ORDER.index)  # one step out of order is one finding, not one for each step after it
        self.open[key] = deal

    def granted(self, key: int, right: Right, tell: Tell) -> None:
        """Note that a right was granted for a deal; it must be signed, by the holder of the right that it rests on and for the buyer."""
        deal = self.open.get(key)
        if deal is None or deal.step in {"", "deal.requested"}:
            tell("no_deal", shown(key))
            return
        deal.rights += 1
        if right.parent is not None and right.parent.holder != deal.seller:
            tell("licensor", shown(right.parent.key), shown(key))
        if right.holder != deal.buyer:
            tell("licensee", shown(key))
