"""Claim: the exact Shapley value of 20 players, from a table of what all coalitions are worth, comes 1,000 times as fast as from shapiq."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.claim import Better, Claim, Contest, VersusPeer
from benchmarks.peer_programs.peak import peak_mib
from benchmarks.peers import PeerFailed, measured_by, measured_here, python_of
from pricing.engines.sharing.games import float_semivalues, shapley_weights

PLAYERS: Final = 20
AGREES: Final = 1e-12
"""Most by which two values of one player may differ; no coalition is worth more than one."""

PEER: Final = "shapiq 1.4.1, ExactComputer"


def worth() -> NDArray[np.float64]:
    """The worth of every coalition by its bits: the same numbers for both, made before the clock starts."""
    table = np.random.default_rng(PLAYERS).random(1 << PLAYERS)
    table[0] = 0
    return table


def ours() -> dict[str, Any]:
    """Seconds and peak MiB of the first call in a process of its own, imports and table before the clock, as for the peer."""
    return measured_here("benchmarks.shapley_exact")


def theirs() -> dict[str, Any]:
    """The same by shapiq, whose game is one vectorised look-up in the same table; refused if its values are not ours."""
    answer = measured_by("shapiq_exact", str(PLAYERS))
    if not np.allclose(answer["values"], float_semivalues(worth(), shapley_weights(PLAYERS)), rtol=0, atol=AGREES):
        raise PeerFailed("shapiq's values are not ours")
    return answer


def contest_of(measure: str) -> Callable[[str], AbstractContextManager[Contest]]:
    """What opens the contest in ``seconds`` or ``peak_mib``, with shapiq where its environment can be made."""

    @contextmanager
    def contest(_plain: str) -> Iterator[Contest]:
        try:
            python_of("shapiq_exact")
        except PeerFailed as error:
            yield Contest(ours=lambda: float(ours()[measure]), not_measured=f"shapiq: {error}")
        else:
            yield Contest(ours=lambda: float(ours()[measure]), peer=lambda: float(theirs()[measure]))

    return contest


def main() -> None:
    """Value the game once and print what it took as one JSON object."""
    table, weights = worth(), shapley_weights(PLAYERS)
    began = time.perf_counter()
    float_semivalues(table, weights)
    seconds = time.perf_counter() - began
    print(json.dumps({"seconds": seconds, "peak_mib": peak_mib()}))


CLAIM: Final = Claim(
    says="The exact Shapley value of 20 players, from a table of what all coalitions are worth, comes 1,000 times as fast as from shapiq.",
    unit="s",
    better=Better.LOWER,
    goal=VersusPeer(1_000),
    open=contest_of("seconds"),
    peer=PEER,
)

if __name__ == "__main__":
    main()
