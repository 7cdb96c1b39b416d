"""Many buyers and many sellers of one copy each: McAfee's truthful rule and the k-double auction, as pure functions on integers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from pricing.engines.auctions.outcome import Outcome


@dataclass(frozen=True, slots=True)
class Cleared:
    """What an exchange decided. Indices are places in the bids and in the asks; amounts are minor units.

    Attributes:
        trades: buyer and seller of each trade; the best bid with the best ask, and so on.
        buyer_price: what each buyer pays.
        seller_price: what each seller receives; never more than the buyers' price.
        efficient_trades: how many trades would bring the most.
        gains: bids less asks of the trades.
        most_gains: the same for the efficient trades.
    """

    trades: tuple[tuple[int, int], ...]
    buyer_price: int
    seller_price: int
    efficient_trades: int
    gains: int
    most_gains: int

    def outcome(self, buyers: int, sellers: int) -> Outcome:
        """Return the outcome of all participants, the sellers after the buyers."""
        units, pays = [0] * (buyers + sellers), [0] * (buyers + sellers)
        for buyer, seller in self.trades:
            units[buyer], pays[buyer] = 1, self.buyer_price
            units[buyers + seller], pays[buyers + seller] = -1, -self.seller_price
        return Outcome(tuple(units), tuple(pays))


@dataclass(frozen=True, slots=True)
class _Book:
    """Bids from the highest and asks from the lowest, the earlier first where they are equal, and how many pairs still gain."""

    bids: Sequence[int]
    asks: Sequence[int]
    buyers: tuple[int, ...]
    sellers: tuple[int, ...]
    crossing: int

    @classmethod
    def of(cls, bids: Sequence[int], asks: Sequence[int]) -> _Book:
        buyers = sorted(range(len(bids)), key=lambda index: (-bids[index], index))
        sellers = sorted(range(len(asks)), key=lambda index: (asks[index], index))
        crossing = sum(bids[buyer] >= asks[seller] for buyer, seller in zip(buyers, sellers, strict=False))
        return cls(bids, asks, tuple(buyers), tuple(sellers), crossing)

    def bid(self, place: int) -> int | None:
        """Return the bid at a place in the ranking, from 0; None beyond its end."""
        return self.bids[self.buyers[place]] if 0 <= place < len(self.buyers) else None

    def ask(self, place: int) -> int | None:
        """Return the ask at a place in the ranking, from 0; None beyond its end."""
        return self.asks[self.sellers[place]] if 0 <= place < len(self.sellers) else None

    def cleared(self, trades: int, buyer_price: int, seller_price: int) -> Cleared:
        pairs = tuple(zip(self.buyers[: self.crossing], self.sellers[: self.crossing], strict=True))
        gains = [self.bids[buyer] - self.asks[seller] for buyer, seller in pairs]
        return Cleared(pairs[:trades], buyer_price, seller_price, self.crossing, sum(gains[:trades]), sum(gains))


def mcafee(bids: Sequence[int], asks: Sequence[int]) -> Cleared:
    """Clear so that nobody gains by a false report, at the cost of at most the least valuable of the efficient trades.

    With k efficient trades, the price p is the mean of bid k + 1 and ask k + 1, rounded down. If bid k and ask k accept it, all k trade at
    p; otherwise, or where one of those two is missing, k - 1 trade: buyers pay bid k, sellers receive ask k, and the difference is a
    surplus. Every price comes from those who do not trade at it. O(n log n).

    Args:
        bids: what each buyer pays at most, in minor units; shape ``(n,)``.
        asks: what each seller wants at least, in minor units; shape ``(m,)``.

    Source: McAfee, A dominant strategy double auction, Journal of Economic Theory 56 (1992).
    """
    book = _Book.of(bids, asks)
    last = book.crossing - 1
    bid, ask, next_bid, next_ask = book.bid(last), book.ask(last), book.bid(last + 1), book.ask(last + 1)
    if bid is None or ask is None:
        return book.cleared(0, 0, 0)
    if next_bid is not None and next_ask is not None and ask <= (price := (next_bid + next_ask) // 2) <= bid:
        return book.cleared(book.crossing, price, price)
    return book.cleared(last, bid, ask) if last else book.cleared(0, 0, 0)


def clearing_interval(bids: Sequence[int], asks: Sequence[int]) -> tuple[int, int] | None:
    """Return the lowest and the highest price at which as many want to buy as to sell, in minor units; None without a trade."""
    book = _Book.of(bids, asks)
    last = book.crossing - 1
    bid, ask, next_bid, next_ask = book.bid(last), book.ask(last), book.bid(last + 1), book.ask(last + 1)
    if bid is None or ask is None:
        return None
    return max(ask, ask if next_bid is None else next_bid), min(bid, bid if next_ask is None else next_ask)


def k_double_auction(bids: Sequence[int], asks: Sequence[int], weight: Fraction) -> Cleared:
    """Clear all efficient trades at one price between the lowest and the highest clearing price: a call market.

    The price is ``weight`` times the lowest plus (1 - weight) times the highest, rounded half to even; with one buyer and one seller that
    is weight times ask plus (1 - weight) times bid. Who sets the price gains by a false report. O(n log n).

    Args:
        bids: what each buyer pays at most, in minor units; shape ``(n,)``.
        asks: what each seller wants at least, in minor units; shape ``(m,)``.
        weight: k, from 0 to 1.

    Source: Chatterjee and Samuelson, Bargaining under incomplete information, Operations Research 31 (1983); Satterthwaite and Williams,
    Bilateral trade with the sealed bid k-double auction, Journal of Economic Theory 48 (1989).
    """
    book = _Book.of(bids, asks)
    interval = clearing_interval(bids, asks)
    if interval is None:
        return book.cleared(0, 0, 0)
    price = round(weight * interval[0] + (1 - weight) * interval[1])
    return book.cleared(book.crossing, price, price)
