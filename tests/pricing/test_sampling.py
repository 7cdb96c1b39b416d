"""Sampled Shapley values are right on average, within what they state, and repeat from their seed."""

import math
from fractions import Fraction

from pricing.engines.checkers import sharing as checkers
from pricing.engines.sharing import forms, games, sampling


def shapley(marginals):
    return games.semivalues(marginals, games.shapley_weights(len(marginals)))


FOUR = [0, 3, 1, 9, 0, 3, 7, 10, 2, 5, 8, 12, 2, 6, 9, 20]
EXACT = shapley(forms.table_game(FOUR).marginals)


def averaged(gains):
    def average(orders):
        return [Fraction(int(total), len(orders)) for total in gains(orders).sum(axis=0)]

    return average


def test_sampling_is_unbiased_and_a_biased_sampler_is_caught():
    assert checkers.unbiased(averaged(sampling.table_gains(FOUR)), EXACT) is None
    votes = sampling.voting_gains([50, 49, 1, 0], 51)
    assert checkers.unbiased(averaged(votes), [Fraction(2, 3), Fraction(1, 6), Fraction(1, 6), Fraction(0)]) is None
    biased = checkers.unbiased(lambda orders: averaged(sampling.table_gains(FOUR))(orders[:12]), EXACT)
    assert biased is not None
    assert biased["player"] == 0


def runs_of(weights, quota, pairs, seeds):
    gains = sampling.voting_gains(weights, quota)
    return [sampling.sampled_shapley(gains, len(weights), pairs=pairs, seed=seed, spread=1) for seed in range(seeds)]


def test_the_stated_half_width_holds_in_the_stated_share_of_seeds_and_a_bold_one_is_caught():
    exact = shapley(forms.weighted_voting([4, 4, 4, 2, 2, 1], 12).marginals)
    samples = runs_of([4, 4, 4, 2, 2, 1], 12, pairs=200, seeds=120)
    assert all(sum(sample.values) == 1 for sample in samples)
    assert checkers.within_half_width([(sample.values, sample.half_widths) for sample in samples], exact) is None
    bold = [(sample.values, [width / 6 for width in sample.half_widths]) for sample in samples]
    assert checkers.within_half_width(bold, exact)["runs"] == 120


def test_a_sample_repeats_from_its_seed_and_says_how_wide_it_is():
    first, second = (runs_of([5, 3, 2], 6, pairs=3_000, seeds=2) for _ in range(2))
    assert first == second
    assert first[0].values != first[1].values
    assert first[0].orders == 6_000
    # Hoeffding at 2.5 % a side of half the risk: sqrt(ln(80) / 6000)
    assert max(first[0].half_widths) <= math.sqrt(math.log(80) / 6_000)
