"""The main job as a person runs it: it succeeds, survives being killed half-way, and leaves no server behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import pytest

from marketplace.demo.client.people import PLAYERS, SECOND_PEOPLE
from marketplace.demo.client.story import LICENCE_PURPOSE, PURPOSE
from registry.base.processes import command, working_in
from registry.log.monitor.monitor import Monitor
from registry.log.note import Signer
from registry.log.tiles import readable_entries
from tests.support.children import SECONDS, ending, next_line
from tests.support.leaves import revealed

pytestmark = pytest.mark.longest
ROOT = Path(__file__).resolve().parents[3]
RUN_SECONDS = 600


def start(var: Path) -> subprocess.Popen[str]:
    """A demo of its own: its own files, its own embedded server."""
    dropped = {"DATABASE_URL", "EGRET_ROLE", "SECRET_KEY", "EGRET_MASTER_KEY", "EGRET_LOG_KEY", "EGRET_CERTIFICATE_KEY"}
    kept = {name: value for name, value in os.environ.items() if name not in dropped}
    return subprocess.Popen(
        [sys.executable, "-m", "marketplace.demo"],
        cwd=ROOT,
        env=kept | {"EGRET_VAR": str(var)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def servers(var: Path) -> list[str]:
    """What still runs in the demo's directory."""
    return [command(pid) for pid in working_in(var / "postgres")]


@pytest.fixture(scope="module")
def var() -> Iterator[Path]:
    """Outside pytest's own directory, whose permissions another pytest run on this machine tightens under the server's feet.

    One for both tests, whichever comes first: a demo begins with nothing or with what an earlier one left, and may do so in either.
    """
    with tempfile.TemporaryDirectory(prefix="egret-demo-") as made:
        yield Path(made).resolve()


def copied(folder: Path) -> list[bytes]:
    """The entries of the log that the demo's outsider copied."""
    bundles = sorted(path for path in (folder / "tile" / "entries").rglob("*") if path.is_file())
    return [entry for bundle in bundles for entry in readable_entries(bundle.read_bytes())]


def test_the_demo_killed_half_way_runs_again_and_leaves_nothing(var):
    with ending(start(var)) as first:
        for told in iter(partial(next_line, first), ""):
            if "license" in told:  # in the middle of the second act
                break
        first.kill()
        first.communicate(timeout=SECONDS)
    with ending(start(var)) as second:
        printed, _ = second.communicate(timeout=RUN_SECONDS)
    assert second.returncode == 0, printed[-3000:]
    result = json.loads(printed.strip().splitlines()[-1])
    assert result["settled"] is True
    assert result["verified"] is True
    assert len(result["sm2"]) == (2 if find_spec("tongsuopy") else 0)  # the log's second line, and the certificates
    assert result["ledger_balanced"] is True
    assert sum(int(share["minor"]) for share in result["shares"]) == 1_199_999
    assert [refusal["rule"] for refusal in result["blocked"]] == ["PT-07", "PT-05", "PT-08"]
    assert result["outsider"]["sound"] is True
    assert "was altered" in result["outsider"]["altered"]
    assert result["outsider"]["witness"] == "simulated.example/witness"
    leaves = copied(ROOT / Path(result["evidence"]).parent / "log")
    assert len(leaves) == result["outsider"]["entries"] >= result["events"] > 200  # the log may have grown in between
    introduced = [leaf for leaf in leaves if json.loads(leaf)["schema"] == "certificate.key_introduced"]
    assert len(introduced) == (2 if find_spec("tongsuopy") else 1)  # every certificate is signed with SM2 too, where that can be had
    people = [first for _, _, _, first, _ in PLAYERS.values()] + list(SECOND_PEOPLE.values())
    assert revealed(leaves, names=people, sealed=[PURPOSE, LICENCE_PURPOSE, "11999.99", "1199999", 1199999]) == []
    assert {refusal["relation"] for refusal in result["blocked"]} <= {"binding", "comparable", "policy"}
    assert monitored(var, ROOT / Path(result["evidence"]).parent / "log") == ([], [])
    deadline = time.monotonic() + SECONDS
    while servers(var) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert servers(var) == []


def monitored(var: Path, folder: Path) -> tuple[list[str], list[str]]:
    """What a monitor finds in the log that the demo's outsider copied, and what it leaves open: from files and the key alone."""
    name = (folder / "checkpoint").read_text(encoding="utf-8").split("\n")[0]
    key = Signer.of_seed(name, bytes.fromhex((var / "keys" / "egret_log_key").read_text().strip()))
    monitor = Monitor([key.verifier])
    found = monitor.advance(lambda path: (folder / path).read_bytes() if (folder / path).exists() else None).findings
    assert (len(monitor.deals.over), bool(monitor.rights.rights), bool(monitor.filings.certificates)) == (3, True, True)
    return [str(finding) for finding in found], [str(finding) for finding in monitor.open_questions()]


def test_a_demo_that_is_interrupted_stops_its_servers(var):
    with ending(start(var)) as running:
        for told in iter(partial(next_line, running), ""):
            if "admitted" in told:
                break
        os.killpg(running.pid, signal.SIGINT)
        running.communicate(timeout=SECONDS)
    assert running.returncode != 0
    deadline = time.monotonic() + SECONDS
    while servers(var) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert servers(var) == []
