"""What part of an amount each holder receives under each rule, exact and before whole minor units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import cast

from pricing.engines.errors import InputError
from pricing.engines.model import Call
from pricing.engines.shapes import JsonObject
from pricing.engines.sharing import claims_rules, games, sampling
from pricing.engines.sharing.core import CorePoint, least_core, nucleolus
from pricing.engines.sharing.forms import Game
from pricing.engines.sharing.robust import Parts, Similarity, normalised, parts_of, penalised
from pricing.engines.sharing.sampling import Sample
from pricing.engines.sharing.share_plan import CORE_RULES, read_game, read_numbers, read_similarity, read_voting
from pricing.engines.validate import exact, read_amount
from pricing.money import Currency


@dataclass(frozen=True, slots=True)
class Division:
    """The parts of an amount, and how they came about.

    Attributes:
        parts: of the amount, by holder.
        values: what the rule gives each holder, in units of the game; empty where there is no game.
        game: the game that was divided by, if there was one and it could be counted.
        similarity: as read; empty but for the robust rule.
        point: the proof of the core family.
        sample: the estimate, where the game was sampled.
        by_claims: the amount was divided among claims on it, nobody above the claim.
    """

    parts: Parts
    values: Sequence[Fraction] = ()
    game: Game | None = None
    similarity: Similarity = ()
    point: CorePoint | None = None
    sample: Sample | None = None
    by_claims: bool = False


def divide(call: Call, holders: Sequence[str], unit: Currency) -> Division:
    """Return the division that is asked for; the seed is there where the plan allows sampling.

    Raises:
        InputError: as reading the inputs, or NEEDS_SAMPLING.
    """
    params, inputs = call.params, call.inputs
    if inputs["form"] == "weights":
        weights = read_numbers(inputs, "weight")
        if not any(weights):
            raise InputError("WORTHLESS", "inputs.holders")
        return Division(parts_of(weights, sum(weights, Fraction(0))))
    if inputs["form"] == "claims":
        return Division(_by_claims(params, inputs, unit), by_claims=True)
    game = read_game(inputs, holders)
    if game is None:
        return _sampled(call, len(holders))
    if params["rule"] in CORE_RULES:
        return _by_core(params, game)
    similarity = read_similarity(inputs, holders) if params["rule"] == "robust_shapley" else []
    values = values_of(params, game, similarity)
    return Division(parts_of(values, Fraction(game.worth)), values, game, similarity)


def values_of(params: JsonObject, game: Game, similarity: Similarity) -> list[Fraction]:
    """Return what a semivalue, normalised or penalised if the rule says so, gives each player of a game."""
    values = games.semivalues(game.marginals, weights_of(params, game.players))
    if params["rule"] == "banzhaf_normalised":
        return normalised(values, Fraction(game.worth))
    return penalised(values, similarity) if params["rule"] == "robust_shapley" else values


def weights_of(params: JsonObject, players: int) -> list[Fraction]:
    """Return the weights by size of the semivalue that a rule uses."""
    if params["rule"] == "beta":
        return games.beta_weights(players, exact(params["alpha"]), exact(params["beta"]))
    if params["rule"] == "leave_one_out":
        return games.leave_one_out_weights(players)
    banzhaf = params["rule"] in {"banzhaf", "banzhaf_normalised"}
    return games.banzhaf_weights(players) if banzhaf else games.shapley_weights(players)


def _by_claims(params: JsonObject, inputs: JsonObject, unit: Currency) -> Parts:
    """Divide by claims; nobody receives more than the claim, so that an amount above all claims stays undistributed in part."""
    amount = read_amount(inputs["amount"], unit, "inputs.amount")
    rows = cast("Sequence[JsonObject]", inputs["holders"])
    claims = [read_amount(row["claim"], unit, f"inputs.holders.{at}.claim") for at, row in enumerate(rows)]
    whole = sum(claims, Fraction(0))
    divided = min(amount, whole)
    if not divided:
        return Parts([Fraction(0)] * len(claims), (), scaled=False)
    awards = claims_rules.talmud(claims, divided) if params["rule"] == "talmud" else [claim * divided / whole for claim in claims]
    return parts_of(awards, amount)


def _by_core(params: JsonObject, game: Game) -> Division:
    """Divide by the core family; of costs, by the game of what is saved."""
    sign = -1 if game.costs else 1
    table = [sign * worth for worth in game.table or ()]
    point = nucleolus(table) if params["rule"] == "nucleolus" else least_core(table)
    values = [sign * share for share in point.shares]
    return Division(parts_of(values, Fraction(game.worth)), values, game, point=point)


def _sampled(call: Call, players: int) -> Division:
    """Estimate the Shapley value of weighted voting, if the plan allows it."""
    plan = cast("Mapping[str, int] | None", call.params.get("sampling"))
    if plan is None or call.seed is None:
        raise InputError("NEEDS_SAMPLING", "params.sampling")
    weights, quota = read_voting(call.inputs)
    gains = sampling.voting_gains(weights, quota)
    sample = sampling.sampled_shapley(gains, players, pairs=plan["pairs"], seed=call.seed, spread=1, progress=call.progress)
    return Division(parts_of(sample.values, Fraction(1)), sample.values, sample=sample)
