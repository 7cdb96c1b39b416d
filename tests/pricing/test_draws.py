"""Draws repeat from the seed alone, and are what they say they are."""

import hashlib

import numpy as np
import pytest

from pricing.engines import draws


def test_words_are_the_shake_256_stream_that_anybody_can_recompute():
    stream = hashlib.shake_256(b"egret-draws-v1\n7\nhalves").digest(24)
    assert draws.words(7, "halves", 3).tolist() == [int.from_bytes(stream[at : at + 8], "little") for at in (0, 8, 16)]
    assert draws.words(7, "halves", 3).tolist() != draws.words(7, "other", 3).tolist()
    assert draws.words(7, "halves", 0).tolist() == []


def test_permutations_are_permutations_and_every_first_place_is_as_likely():
    rows = draws.permutations(11, "order", 6000, 5)
    assert (np.sort(rows, axis=1) == np.arange(5)).all()
    counts = np.bincount(rows[:, 0], minlength=5)
    assert ((counts > 1080) & (counts < 1320)).all()  # 1200 expected; four standard deviations are 124


def test_coins_uniforms_and_integers_stay_in_range_and_are_balanced():
    assert abs(draws.bits(3, "coins", 100, 100).mean() - 0.5) < 0.02
    uniform = draws.uniforms(3, "u", 10_000)
    assert (uniform >= 0).all()
    assert (uniform < 1).all()
    assert abs(uniform.mean() - 0.5) < 0.012
    counts = np.bincount(draws.integers(3, "i", 7_000, 7), minlength=7)
    assert counts.sum() == 7_000
    assert ((counts > 880) & (counts < 1120)).all()


@pytest.mark.parametrize(
    ("draw", "given"),
    [(draws.words, (-1, "x", 1)), (draws.words, (1, "x", draws.DRAWS_MAX + 1)), (draws.integers, (1, "x", 1, 0))],
    ids=["negative seed", "too many", "below one"],
)
def test_what_cannot_be_drawn_is_refused(draw, given):
    with pytest.raises(ValueError, match="out of range"):
        draw(*given)
