"""Times pymerkle's inclusion proofs from a tree in memory; runs in pymerkle's own environment and prints one JSON object."""

import json
import random
import sys
import time

from pymerkle import InmemoryTree  # type: ignore[import-not-found]  # only in the peer's own environment


def main() -> None:
    """Build a tree of the given size and prove the given number of leaves, chosen by a fixed seed."""
    size, proofs = int(sys.argv[1]), int(sys.argv[2])
    tree = InmemoryTree(algorithm="sha256")
    tree.append_entries([number.to_bytes(32, "big") for number in range(size)])
    places = random.Random(size).choices(range(1, size + 1), k=proofs)  # noqa: S311 no secret: the same leaves for every contestant
    began = time.perf_counter()
    for place in places:
        tree.prove_inclusion(place, size)
    print(json.dumps({"microseconds": (time.perf_counter() - began) / proofs * 1e6}))


main()
