"""What can be said of a division, and the counterexample where it cannot; each claim is its checker's answer on this very game."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Final

from pricing import money
from pricing.engines.checkers import sharing as checkers
from pricing.engines.checkers.property import Witness
from pricing.engines.result import Claim, Standing, exact_text
from pricing.engines.shapes import JsonObject
from pricing.engines.sharing import games
from pricing.engines.sharing.divide import Division, values_of
from pricing.engines.sharing.forms import Game, table_game
from pricing.engines.sharing.robust import Similarity, parts_of
from pricing.engines.sharing.sampling import CONFIDENCE
from pricing.engines.sharing.share_plan import CORE_RULES

SEMIVALUE_RULES: Final = ("shapley", "banzhaf", "beta", "leave_one_out")
TWO_COPIES: Final = 8
"""Most holders for whom two copies of each are tried and not only one; each copy doubles the table."""

_CLAIMS_GAME: Final = {"game": "a group is worth what the others' claims leave of what can be awarded; before rounding"}
_EXACT_PARTS: Final = {"of": "the exact parts, before whole minor units"}
_EXACT_VALUES: Final = {"of": "the rule's values, before zeroing, scaling and rounding"}


def claims_of(
    params: JsonObject, division: Division, holders: Sequence[str], amount_minor: int, parts: Mapping[str, Fraction]
) -> list[Claim]:
    """Return every claim of one division.

    Args:
        params: of the plan.
        division: what was divided and how.
        holders: their keys.
        amount_minor: what was divided.
        parts: by key, with what they leave; sum to one.
    """
    claims = [claim(checkers.CENTS, checkers.cents_exact(amount_minor, parts, money.split_keyed), holders, 1)]
    if params["rule"] in SEMIVALUE_RULES and division.game is not None:
        claims += [Claim(checkers.SEMIVALUE, Standing.PROVEN)]
        claims += [Claim(name, Standing.PROVEN, _EXACT_VALUES) for name in (checkers.LINEAR, checkers.STRONG_MONOTONE)]
    if params["rule"] == "banzhaf":
        claims.append(Claim(checkers.TWO_EFFICIENT, Standing.PROVEN, _EXACT_VALUES))
    if division.by_claims:
        claims.append(Claim(checkers.IN_CORE, Standing.PROVEN, _CLAIMS_GAME))
    if division.sample is not None:
        claims.append(claim(checkers.EFFICIENT, checkers.efficient(division.parts.parts, Fraction(1)), holders, 1))
        assumed = {"confidence": exact_text(CONFIDENCE), "assumes": "the orders drawn are independent and uniform; each holder alone"}
        claims += [Claim(checkers.UNBIASED, Standing.PROVEN), Claim(checkers.WITHIN_HALF_WIDTH, Standing.PROVEN, assumed)]
    if division.game is not None:
        claims += _of_game(params, division, division.game, holders)
    return claims


def _of_game(params: JsonObject, division: Division, game: Game, holders: Sequence[str]) -> list[Claim]:
    shares = [part * game.worth for part in division.parts.parts]
    claims = [_exactly(checkers.EFFICIENT, checkers.efficient(shares, Fraction(game.worth)), holders, game.unit)]
    if game.table is None:
        return [*claims, *_copying_formula(params, division, game, holders)]
    claims += [
        _exactly(name, check(game.table, shares), holders, game.unit)
        for name, check in (
            (checkers.SYMMETRIC, checkers.symmetric),
            (checkers.NULL_PLAYER, checkers.null_player),
            (checkers.DUMMY_PLAYER, checkers.dummy_player),
        )
    ]
    return [*claims, *_of_core(division, game, game.table, shares, holders), *_of_copying(params, division, game, game.table, holders)]


def _of_core(division: Division, game: Game, table: Sequence[int], shares: list[Fraction], holders: Sequence[str]) -> list[Claim]:
    """Say whether the shares are in the core, of costs: in the core of what is saved; and whether their greatest excess is least."""
    if len(holders) == 1:
        return []
    sign = -1 if game.costs else 1
    table, shares = [sign * worth for worth in table], [sign * share for share in shares]
    inside = checkers.efficient(shares, Fraction(table[-1] - table[0])) or checkers.in_core(table, shares)
    claims = [_exactly(checkers.IN_CORE, inside, holders, sign * game.unit)]
    if division.point is not None:
        least = checkers.least_excess(table, shares, division.point.excess, division.point.balance)
        claims.append(_exactly(checkers.LEAST_EXCESS, least, holders, sign * game.unit))
    return claims


def _of_copying(params: JsonObject, division: Division, game: Game, table: Sequence[int], holders: Sequence[str]) -> list[Claim]:
    """Say whether a holder would gain by copies: only the rule made against it claims that nobody does."""
    if params["rule"] in CORE_RULES or game.costs:
        return []
    robust = params["rule"] == "robust_shapley"
    copies = 2 if len(holders) <= TWO_COPIES else 1
    alike = division.similarity or [[Fraction(0)] * len(holders)] * len(holders)
    witness = checkers.replication_robust(mechanism(params), table, alike, copies)
    return [robust_claim(witness, copies, holders)] if robust or witness else []


def robust_claim(witness: Witness | None, copies: int, holders: Sequence[str]) -> Claim:
    """Return the claim that up to so many exact copies of one's own data gain nothing, as its checker has decided it."""
    if witness is not None:
        return claim(checkers.REPLICATION, witness, holders, 1)
    assumed = {"copies": str(copies), "assumes": "copies are exact and similar by one; the residual is left aside"}
    return Claim(checkers.REPLICATION, Standing.CHECKED, assumed)


def mechanism(params: JsonObject) -> Callable[[Sequence[int], Similarity], list[Fraction]]:
    """Return the rule of a plan as a function from a table and similarities to parts of the amount."""

    def divided(table: Sequence[int], similarity: Similarity) -> list[Fraction]:
        game = table_game(table)
        return parts_of(values_of(params, game, similarity), Fraction(game.worth)).parts

    return divided


def _copying_formula(params: JsonObject, division: Division, game: Game, holders: Sequence[str]) -> list[Claim]:
    """Say who gains most by one copy under the Shapley rule where there is no table: a copy adds only before the original has come.

    In a game that is not monotone, copies could push others below zero, and then parts would be scaled: nothing is said of it.
    """
    if params["rule"] != "shapley" or not game.monotone or game.costs:
        return []
    before = division.parts.parts
    once = games.semivalues(game.marginals, games.shapley_weights(game.players + 1)[:-1])
    after = [2 * value / game.worth for value in once]
    player = max(range(game.players), key=lambda each: (after[each] - before[each], -each))
    if after[player] <= before[player]:
        return []
    witness: Witness = {"player": player, "copies": 1, "before": str(before[player]), "after": str(after[player])}
    return [claim(checkers.REPLICATION, witness, holders, 1)]


def claim(name: str, witness: Witness | None, holders: Sequence[str], unit: int) -> Claim:
    """Return a claim that its checker has decided on this instance, its counterexample with holders by key and values by ``unit``."""
    return Claim(name, Standing.CHECKED) if witness is None else Claim(name, Standing.NOT_HELD, _said(witness, holders, unit))


def _exactly(name: str, witness: Witness | None, holders: Sequence[str], unit: int) -> Claim:
    """Return ``claim`` of the exact parts: equal ones can differ by a minor unit once they are whole."""
    return Claim(name, Standing.CHECKED, _EXACT_PARTS) if witness is None else claim(name, witness, holders, unit)


def _said(witness: Witness, holders: Sequence[str], unit: int) -> Mapping[str, str]:
    """Return a counterexample with holders by their keys and values in units of the game."""
    said = {}
    for name, value in witness.items():
        if name in {"player", "one", "other"}:
            said[name] = holders[int(value)]
        elif name == "coalition":
            said[name] = "+".join(holder for player, holder in enumerate(holders) if int(value) >> player & 1)
        else:
            said[name] = str(value) if name in {"copies", "balance", "holder"} else exact_text(Fraction(value) / unit)
    return said
