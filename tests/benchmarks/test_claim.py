"""The benchmarks' arithmetic: what is scaled, what a ratio means, and when a claim holds. Nothing here is timed."""

from contextlib import nullcontext

import pytest

from benchmarks.claim import Absolute, Better, Claim, Contest, Round, VersusPeer, goal_here, holds, ratio, scale, significant, verdict
from benchmarks.claims import CLAIMS


def claim(better=Better.HIGHER, goal=None, peer=None):
    absolute = Absolute(100.0, scaled_by="node_hashes_per_s")
    return Claim(
        says="", unit="x/s", better=better, goal=goal or absolute, open=lambda _plain: nullcontext(Contest(ours=lambda: 1.0)), peer=peer
    )


def measured(value, *, peer=None, limit=None, hashes=2_000_000.0):
    return Round(value, peer, limit, {"node_hashes_per_s": hashes, "select_1_per_s": 9_000.0})


@pytest.mark.parametrize(
    ("hashes", "factor"), [(2_000_000.0, 1.0), (1_000_000.0, 0.5), (3_000_000.0, 1.5), (100_000.0, 1 / 3), (9_000_000.0, 3.0)]
)
def test_the_scale_is_the_machine_s_speed_within_a_factor_of_three(hashes, factor):
    assert scale({"node_hashes_per_s": hashes}, "node_hashes_per_s") == pytest.approx(factor)


def test_a_measure_without_a_reference_scales_nothing():
    with pytest.raises(KeyError):
        scale({"select_1_per_s": 9_000.0}, "select_1_per_s")


def test_on_half_the_machine_a_rate_may_halve_and_a_time_may_double():
    slow = measured(1.0, hashes=1_000_000.0)
    assert goal_here(claim(Better.HIGHER), slow) == 50.0
    assert goal_here(claim(Better.LOWER), slow) == 200.0


def test_a_goal_against_a_peer_is_never_scaled():
    assert goal_here(claim(goal=VersusPeer(0.7)), measured(1.0, hashes=1_000_000.0)) == 0.7


def test_a_size_is_scaled_by_nothing():
    size = claim(Better.LOWER, goal=Absolute(75.0, scaled_by=None))
    assert goal_here(size, measured(1.0, hashes=1_000_000.0)) == 75.0
    assert verdict("c", size, [measured(75.0)] * 5)["scaled_by"] is None


@pytest.mark.parametrize(("better", "expected"), [(Better.HIGHER, 0.5), (Better.LOWER, 2.0)])
def test_a_ratio_above_one_is_better_whichever_way_the_unit_improves(better, expected):
    assert ratio(claim(better), measured(10.0, peer=20.0)) == expected


@pytest.mark.parametrize(
    ("better", "value", "expected"),
    [(Better.HIGHER, 100.0, True), (Better.HIGHER, 99.9, False), (Better.LOWER, 100.0, True), (Better.LOWER, 100.1, False)],
)
def test_a_goal_reached_exactly_holds(better, value, expected):
    assert holds(claim(better), measured(value)) is expected


def test_a_claim_against_a_peer_that_is_not_there_is_neither_held_nor_broken():
    line = verdict("c", claim(goal=VersusPeer(0.7), peer="p"), [measured(1.0)] * 5, not_measured="p was not found")
    assert (line["holds"], line["ratio"], line["peer_value"], line["not_measured"]) == (None, None, None, "p was not found")


@pytest.mark.parametrize(("good", "expected"), [(5, True), (3, True), (2, False), (0, False)])
def test_a_goal_must_hold_in_three_of_five_rounds(good, expected):
    line = verdict("c", claim(), [measured(150.0)] * good + [measured(50.0)] * (5 - good))
    assert (line["holds"], line["held"]) == (expected, f"{good} of 5")


def test_the_line_gives_medians_spread_and_calibration():
    rounds = [measured(value, peer=value / 2, limit=1000.0, hashes=hashes) for value, hashes in [(90.0, 1e6), (110.0, 3e6), (100.0, 2e6)]]
    line = verdict("c", claim(peer="p"), rounds)
    assert list(line)[:9] == ["claim", "value", "unit", "peer", "peer_value", "limit_value", "ratio", "goal", "holds"]
    assert (line["value"], line["peer_value"], line["limit_value"], line["ratio"]) == (100.0, 50.0, 1000.0, 2.0)
    assert (line["spread"], line["peer_spread"], line["goal"], line["goal_here"]) == ([90.0, 110.0], [45.0, 55.0], 100.0, 100.0)
    assert line["calibration"] == {"node_hashes_per_s": 2_000_000.0, "select_1_per_s": 9_000.0}
    assert line["reference"] == {"node_hashes_per_s": 2_000_000.0}
    assert "not_measured" not in line


def test_numbers_keep_four_significant_digits():
    assert [significant(value) for value in (1_234_567.0, 0.00123456, 16.18435)] == [1_235_000.0, 0.001235, 16.18]


def test_every_claim_stands_in_a_module_of_its_name():
    assert {name: f"benchmarks.{name}" for name in CLAIMS} == dict(CLAIMS)
