"""Claim: the proof that an event is in a log of 100,000 takes at most 50 µs from the tree in memory."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from benchmarks.claim import Absolute, Better, Claim, Contest
from benchmarks.peers import PeerFailed, measured_by, python_of
from registry.log.merkle import Tree, leaf_hash

SIZE: Final = 100_000
PROOFS: Final = 5_000


def prove(tree: Tree) -> float:
    """Microseconds for one proof, over leaves chosen by a fixed seed."""
    places = random.Random(SIZE).choices(range(SIZE), k=PROOFS)  # noqa: S311 no secret: the same leaves for every contestant
    began = time.perf_counter()
    for place in places:
        tree.inclusion_proof(place)
    return (time.perf_counter() - began) / PROOFS * 1e6


def prove_by_peer() -> float:
    """The same proofs by pymerkle, from its tree in memory, in its own process."""
    return float(measured_by("pymerkle_proofs", str(SIZE), str(PROOFS))["microseconds"])


@contextmanager
def contest(_plain: str) -> Iterator[Contest]:
    """Our tree, and pymerkle's where its environment can be made."""
    tree = Tree(leaf_hash(number.to_bytes(32, "big")) for number in range(SIZE))
    try:
        python_of("pymerkle_proofs")
    except PeerFailed as error:
        yield Contest(ours=lambda: prove(tree), not_measured=f"pymerkle: {error}")
    else:
        yield Contest(ours=lambda: prove(tree), peer=prove_by_peer)


CLAIM: Final = Claim(
    says="The proof that an event is in a log of 100,000 takes at most 50 µs from the tree in memory.",
    unit="µs",
    better=Better.LOWER,
    goal=Absolute(50, scaled_by="node_hashes_per_s"),
    open=contest,
    peer="pymerkle 7.0.0, in memory",
)
