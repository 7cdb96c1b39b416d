"""Contestants are measured alike: the peak of a program is its own, and each side has as many runs."""

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import valuation_run
from benchmarks.peers import HERE


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="this kernel keeps no high-water mark")
def test_a_small_program_started_by_a_large_one_is_small():
    large = b"x" * (256 * 2**20)
    told = subprocess.run(
        [sys.executable, "-c", "from benchmarks.peer_programs.peak import peak_mib; print(peak_mib())"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert 0 < float(told.stdout) < len(large) / 2**20 / 2


def test_the_peer_is_timed_in_as_many_runs_as_we_are():
    assert f"\nRUNS = {valuation_run.RUNS}\n" in (HERE / "peer_programs" / "pydvl_values.py").read_text()
