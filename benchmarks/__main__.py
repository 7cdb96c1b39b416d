"""Measures the claims and prints one JSON line for each: ``python -m benchmarks [NAME]``."""

from __future__ import annotations

import argparse
import json
import sys

from benchmarks.calibrate import Calibration
from benchmarks.claim import REFERENCE, ROUNDS, Claim, Contest, Round, significant, verdict
from benchmarks.claims import CLAIMS, claim_of
from benchmarks.house import house


def main() -> int:
    """Measure one claim or all; 1 if a claim does not hold."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=main.__doc__)
    parser.add_argument(
        "name", nargs="?", choices=["calibrate", *CLAIMS], help="one claim, or only the machine; nothing measures all claims"
    )
    name = parser.parse_args().name
    with house() as plain:
        calibration = Calibration(plain)
        if name == "calibrate":
            _print({"calibration": {key: significant(value) for key, value in calibration.measure().items()}, "reference": dict(REFERENCE)})
            return 0
        answers = [_measure(each, claim_of(each), calibration) for each in ([name] if name else CLAIMS)]
    return 1 if False in answers else 0


def _measure(name: str, claim: Claim, calibration: Calibration) -> bool | None:
    with claim.open(calibration.url) as contest:
        rounds = [_round(claim, contest, calibration, number) for number in range(ROUNDS)]
        line = verdict(name, claim, rounds, beside=contest.beside(), not_measured=contest.not_measured)
    _print(line)
    held: bool | None = line["holds"]
    return held


def _round(claim: Claim, contest: Contest, calibration: Calibration, number: int) -> Round:
    state = calibration.measure()
    contestants = [("ours", contest.ours), ("peer", contest.peer), ("limit", contest.limit)]
    # who goes first finds the machine as the one before left it, so the order turns round by round
    turn = number % len(contestants)
    values = {who: run() for who, run in contestants[turn:] + contestants[:turn] if run is not None}
    said = ", ".join(f"{who} {significant(value)}" for who, value in values.items())
    print(f"round {number + 1} of {ROUNDS}: {said} {claim.unit}", file=sys.stderr, flush=True)
    return Round(values["ours"], values.get("peer"), values.get("limit"), state)


def _print(line: dict[str, object]) -> None:
    print(json.dumps(line, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    sys.exit(main())
