"""Times shapiq's exact Shapley value from the worth of all coalitions; runs in shapiq's own environment and prints one JSON object."""

import json
import sys
import time

import numpy as np
from peak import peak_mib  # type: ignore[import-not-found]  # the file beside this one
from shapiq import ExactComputer  # type: ignore[import-not-found]  # only in the peer's own environment


def main() -> None:
    """Value a game of the given number of players; the game is one vectorised look-up in a table that stands before the clock starts."""
    players = int(sys.argv[1])
    table = np.random.default_rng(players).random(1 << players)
    table[0] = 0
    places = 1 << np.arange(players)
    began = time.perf_counter()
    computer = ExactComputer(n_players=players, game=lambda coalitions: table[np.asarray(coalitions, dtype=np.int64) @ places])
    values = computer("SV").get_n_order_values(1)
    seconds = time.perf_counter() - began
    print(json.dumps({"seconds": seconds, "peak_mib": peak_mib(), "values": [float(value) for value in values]}))


main()
