"""The float arrays: the fast walk is the plain one, near-ties included, and both are the exact one."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_breast_cancer
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import KNeighborsClassifier

from pricing.engines import draws, kernels
from pricing.engines.datum import knn, ladder
from pricing.engines.datum.exact import ladder_values, nearest_first, squared_distances
from pricing.engines.datum.neighbours import float_values

RULES = {
    "shapley": (lambda *arrays: knn.knn_shapley(*arrays, 3), lambda ranks: ladder.shapley(ranks, 3)),
    "soft": (lambda *arrays: knn.knn_soft_shapley(*arrays, 3, classes=2), lambda ranks: ladder.soft_shapley(ranks, 3, 2)),
    "beta": (lambda *arrays: knn.knn_beta_shapley(*arrays, 3, alpha=4, beta=2), lambda ranks: ladder.beta_shapley(ranks, 3, 4, 2)),
    "banzhaf": (lambda *arrays: knn.knn_banzhaf(*arrays, 3), lambda ranks: ladder.banzhaf(ranks, 3)),
    "leave_one_out": (lambda *arrays: knn.knn_leave_one_out(*arrays, 3), lambda ranks: ladder.leave_one_out(ranks, 3)),
}


def drawn(seed, count, tests, width, spread):
    """Return whole-numbered points and tests; a small spread makes many ties and duplicates."""
    cells = draws.integers(seed, "cells", (count + tests) * width, spread).reshape(-1, width)
    labels = draws.integers(seed, "labels", count + tests, 2)
    return cells[:count], labels[:count], cells[count:], labels[count:]


@pytest.fixture(autouse=True)
def compiled_where_numba_is():
    kernels.compiled()


@pytest.mark.parametrize("compiled", [True, False])
@pytest.mark.parametrize("rule", RULES)
def test_every_rule_on_floats_is_the_exact_one_among_ties(monkeypatch, rule, compiled):
    if not compiled:
        monkeypatch.setattr(kernels, "compiled", lambda: False)
    values, rungs = RULES[rule]
    for seed, (count, tests, width, spread) in enumerate([(1, 1, 1, 3), (2, 3, 1, 2), (40, 5, 2, 3), (60, 4, 3, 100)]):
        x, y, x_test, y_test = drawn(seed, count, tests, width, spread)
        order = nearest_first(squared_distances(x, x_test))
        exact = ladder_values(order, y_test[:, None] == y[None, :], rungs(ladder.exact_ranks(count)))
        np.testing.assert_allclose(values(x, y, x_test, y_test), exact.floats(), atol=1e-14)


@settings(max_examples=40)
@given(
    seed=st.integers(0, 2**40),
    offset=st.sampled_from([0.0, 1e3, 1e7]),
    unit=st.sampled_from([1.0, 1e-9, 1e30, 1e-140, 1e140]),
    nudge=st.sampled_from([0.0, 1e-12, 1e-7]),
)
def test_the_fast_walk_is_the_plain_one_where_float32_cannot_tell_neighbours_apart(seed, offset, unit, nudge):
    x, y, x_test, y_test = drawn(seed, 50, 4, 3, 4)
    wobble = draws.uniforms(seed, "wobble", 150).reshape(50, 3) * nudge
    points, tests = (offset + x + wobble) * unit, (offset + x_test.astype(np.float64)) * unit
    rungs = ladder.shapley(ladder.float_ranks(50), 3)
    given_ = (points, y.astype(np.int64), tests, y_test.astype(np.int64), rungs)
    np.testing.assert_allclose(knn.walk_fast(*given_), knn.walk_plain(*given_), atol=1e-13)


def test_a_walk_without_the_repair_would_be_caught(monkeypatch):
    x, y, x_test, y_test = drawn(3, 400, 3, 2, 50)
    points = x + draws.uniforms(3, "wobble", 800).reshape(400, 2) * 1e-7
    rungs = ladder.shapley(ladder.float_ranks(400), 3)
    given_ = (points, y, x_test.astype(np.float64), y_test, rungs)
    repaired, plain = knn.walk_fast(*given_), knn.walk_plain(*given_)
    squares = knn.reference_squares(points, x_test.astype(np.float64)).astype(np.float32)
    unrepaired = float_values(nearest_first(squares), y_test[:, None] == y[None, :], rungs) * len(y_test)
    assert np.abs(repaired - plain).max() < 1e-13
    assert np.abs(unrepaired - plain).max() > 1e-3


def test_all_points_in_one_place_stay_in_the_order_of_their_index():
    x, y = np.zeros((1000, 2)), np.arange(1000) % 2
    values = knn.knn_shapley(x, y, [[1.0, 1.0]], [1], 1)
    rungs = ladder.shapley(ladder.float_ranks(1000), 1)
    np.testing.assert_allclose(values, knn.walk_plain(x, y, np.ones((1, 2)), np.array([1]), rungs), atol=1e-15)
    assert values.sum() == pytest.approx(0.0, abs=1e-12)  # the nearest, by index, is point 0 of the other class


def test_threads_and_blocks_change_nothing(monkeypatch):
    x, y, x_test, y_test = drawn(7, 90, 11, 3, 50)
    one = knn.knn_shapley(x, y, x_test, y_test, 5)
    np.testing.assert_allclose(knn.knn_shapley(x, y, x_test, y_test, 5, threads=2), one, atol=1e-15)
    assert (knn.knn_shapley(x, y, x_test, y_test, 5, threads=2) == knn.knn_shapley(x, y, x_test, y_test, 5, threads=2)).all()
    monkeypatch.setattr(knn, "BLOCK", 200)
    np.testing.assert_allclose(knn.knn_shapley(x, y, x_test, y_test, 5), one, atol=1e-15)


def test_without_numba_or_with_one_that_does_not_take_this_numpy_the_twins_answer():
    """In a process of its own, where numba fails to be imported as it does for a numpy that is too new."""
    program = (
        "import sys; sys.modules['numba'] = None\n"
        "from pricing.engines import kernels\n"
        "from pricing.engines.datum.knn import knn_shapley\n"
        "print(kernels.compiled(), knn_shapley([[0.0], [1.0]], [0, 1], [[0.0]], [1], 1).tolist())"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert told.stdout == "False [-0.5, 0.5]\n"


def test_a_test_label_that_no_point_has_gives_nothing():
    assert knn.knn_shapley([[0.0], [1.0]], [0, 1], [[0.0]], [7], 1).tolist() == [0.0, 0.0]
    assert knn.knn_soft_shapley([[0.0], [1.0]], [0, 1], [[0.0]], [7], 1, classes=3) == pytest.approx([-1 / 6, -1 / 6])


@pytest.fixture(scope="module")
def noisy_cancer():
    """Breast cancer with every tenth training label turned, by a seed of ours."""
    features, labels = load_breast_cancer(return_X_y=True)
    features = (features - features.mean(axis=0)) / features.std(axis=0)
    order = draws.permutations(999, "split", 1, len(labels))[0]
    train, test = order[:400], order[400:]
    turned = np.arange(400) % 10 == 0
    return features[train], np.where(turned, 1 - labels[train], labels[train]), features[test], labels[test], turned


def test_the_values_sum_to_the_accuracy_of_scikit_learn(noisy_cancer):
    x, y, x_test, y_test, _ = noisy_cancer
    chances = KNeighborsClassifier(n_neighbors=5).fit(x, y).predict_proba(x_test)
    assert knn.knn_shapley(x, y, x_test, y_test, 5).sum() == pytest.approx(chances[np.arange(len(y_test)), y_test].mean(), abs=1e-12)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("shapley", 0.9732),
        ("soft", 0.9599),
        ("threshold", 0.9903),
    ],
)
def test_turned_labels_have_the_lowest_values(noisy_cancer, rule, expected):
    """Areas under the curve as measured here with our own seed, to notice when they change."""
    x, y, x_test, y_test, turned = noisy_cancer
    values = {
        "shapley": lambda: knn.knn_shapley(x, y, x_test, y_test, 5),
        "soft": lambda: knn.knn_soft_shapley(x, y, x_test, y_test, 5, classes=2),
        "threshold": lambda: knn.knn_threshold_shapley(*_on_sphere(x, y, x_test, y_test), 1.0, classes=2),
    }[rule]()
    assert roc_auc_score(turned, -values) == pytest.approx(expected, abs=0.002)


def _on_sphere(x, y, x_test, y_test):
    """Return points and tests of length one: within distance 1 is then a cosine of at least one half."""
    return x / np.linalg.norm(x, axis=1, keepdims=True), y, x_test / np.linalg.norm(x_test, axis=1, keepdims=True), y_test


ONE = {"x": [[1.0]], "y": [0], "x_test": [[1.0]], "y_test": [0]}


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: knn.knn_threshold_shapley(**ONE, radius=float("nan"), classes=1), "radius"),
        (lambda: knn.knn_threshold_shapley(**ONE, radius=-1.0, classes=1), "radius"),
        (lambda: knn.knn_threshold_shapley(**ONE, radius=1.0, classes=0), "below 1"),
        (lambda: knn.knn_soft_shapley(**ONE, k=1, classes=0), "below 1"),
        (lambda: knn.knn_beta_shapley(**ONE, k=1, alpha=0, beta=1), "below 1"),
        (lambda: knn.knn_beta_shapley(**ONE, k=1, alpha=1, beta=0), "below 1"),
    ],
    ids=["nan radius", "negative radius", "no class", "no soft class", "alpha", "beta"],
)
def test_parameters_that_mean_nothing_are_refused(call, match):
    with pytest.raises(ValueError, match=match):
        call()


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"x": [[1.0, 2.0]]}, "do not fit"),
        ({"y": [0, 1]}, "do not fit"),
        ({"x": np.zeros((0, 1)), "y": []}, "do not fit"),
        ({"x": [[float("inf")]]}, "finite"),
        ({"x_test": [[float("nan")]]}, "finite"),
        ({"x": [[1e151]]}, "1e-150 to 1e\\+150"),
        ({"x": [[1e-151]], "x_test": [[0.0]]}, "1e-150 to 1e\\+150"),
        ({"k": 0}, "below 1"),
        ({"threads": 0}, "below 1"),
    ],
    ids=["width", "labels", "empty", "infinite", "nan", "huge", "tiny", "k", "threads"],
)
def test_arrays_that_make_no_sense_are_refused(change, match):
    with pytest.raises(ValueError, match=match):
        knn.knn_shapley(**{"x": [[1.0]], "y": [0], "x_test": [[1.0]], "y_test": [0], "k": 1, **change})
