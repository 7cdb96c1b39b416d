"""Act six: an outsider, with the log's key and address alone, copies the log, audits it, and shows it to a witness of their own."""

import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import copytree
from typing import Final

import requests

from marketplace.demo.client.api import DemoFailed, wait_for
from marketplace.demo.client.stage import Stage
from registry.base.processes import die_with_parent
from registry.log.checkpoint import BadCheckpoint, open_checkpoint
from registry.log.cosignature import WitnessKey
from registry.log.note import BadNote, Verifier
from registry.log.tiles import readable_entries

ROOT: Final = Path(__file__).resolve().parents[3]
WITNESS: Final = "simulated.example/witness"
COMMAND_SECONDS: Final = 30
ANSWER_SECONDS: Final = 10


@dataclass(frozen=True, slots=True)
class Findings:
    """What the outsider found.

    Attributes:
        entries: how many the copy has.
        sound: whether the audit over HTTP found nothing wrong.
        altered: what the audit said of a copy with one byte changed; empty if it noticed nothing.
        witnessed: whether the simulated witness cosigned the very checkpoint that was copied.
        named: the people of the market whose names stand in an entry that everybody may read.
    """

    entries: int
    sound: bool
    altered: str
    witnessed: bool
    named: tuple[str, ...]

    def problems(self) -> list[str]:
        """What does not hold; empty if the log is what it should be."""
        checks = {
            "an outsider's audit of the log found something": self.sound,
            "an outsider's audit did not notice one changed byte": bool(self.altered),
            "the witness did not cosign the log's checkpoint": self.witnessed,
            "entries of the log name people: " + ", ".join(self.named): not self.named,
        }
        return [problem for problem, holds in checks.items() if not holds]


def audit_as_outsider(stage: Stage, *, url: str, key: str, folder: Path, people: Iterable[str]) -> Findings:
    """Copy the log into ``folder/log``, each command a process of its own that has neither a database nor a key of the market's.

    Args:
        stage: where progress is printed.
        url: of the market.
        key: the log's verifier key, from a source that is trusted.
        folder: for the copies and for what the witness keeps.
        people: names that no entry may hold.

    Raises:
        DemoFailed: a command did not end, the log could not be copied, or the witness did not start.
    """
    address, copy = f"{url}log/{Verifier.parse(key).name.rpartition('/')[2]}/", folder / "log"
    with _witness(folder, key) as (witness, port):
        copying, auditing = _log("mirror", "--url", address, "--key", key, "--to", str(copy)), _log("audit", "--url", address, "--key", key)
        failed, why = _ended(copying)
        if failed:
            message = f"an outsider cannot copy the log: {why}"
            raise DemoFailed(message)
        again = _log("audit", "--folder", str(_altered(copy)), "--key", key)
        unsound, told = _ended(auditing)
        stage.step(f"an outsider copies and audits the log over HTTP: {told}")
        entries = _entries(copy)
        named = tuple(name for name in people if any(name.encode() in entry for entry in entries))
        stage.step(f"its {len(entries)} entries " + (f"NAME {', '.join(named)}" if named else "name none of the people 条目中未见人名"))
        witnessed = _cosigned(witness, port, (copy / "checkpoint").read_bytes(), key)
        verdict = "cosigned the checkpoint 已见证检查点" if witnessed else "DID NOT COSIGN the checkpoint 未见证检查点"
        stage.step(f"a witness of the outsider's, simulated here 模拟见证方: {verdict}")
        noticed, told = _ended(again)
        altered = told if noticed else ""
        stage.step(f"the copy with one byte changed 改动一个字节的副本: {altered or 'NOT NOTICED 未发现'}")
    return Findings(len(entries), not unsound, altered, witnessed, named)


def _log(*arguments: str, **environment: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(  # noqa: S603 this interpreter and our own arguments
        [sys.executable, "manage.py", "log", *arguments],
        cwd=ROOT,
        env={"NO_PROXY": "127.0.0.1", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        preexec_fn=die_with_parent,  # noqa: PLW1509 it calls one system function
    )


def _ended(process: "subprocess.Popen[str]") -> tuple[int, str]:
    """Status and first line of a command."""
    try:
        told, _ = process.communicate(timeout=COMMAND_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        message = f"{' '.join(map(str, process.args))} did not end within {COMMAND_SECONDS} s"  # type: ignore[arg-type]
        raise DemoFailed(message) from None
    return process.returncode, told.partition("\n")[0]


def _altered(copy: Path) -> Path:
    """A second copy, with one byte of its first bundle changed."""
    folder = copy.with_name("log-altered")
    copytree(copy, folder)
    bundle = _bundles(folder)[0]
    content = bundle.read_bytes()
    middle = len(content) // 2
    bundle.write_bytes(content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :])
    return folder


def _entries(copy: Path) -> list[bytes]:
    return [entry for bundle in _bundles(copy) for entry in readable_entries(bundle.read_bytes())]


def _bundles(copy: Path) -> list[Path]:
    return sorted(path for path in (copy / "tile" / "entries").rglob("*") if path.is_file())


@contextmanager
def _witness(folder: Path, key: str) -> "Iterator[tuple[subprocess.Popen[str], int]]":
    """A witness that watches this log; the process, which prints its key when it starts, and its port."""
    policy = folder / "watched"
    policy.write_text(f"log {key}\nquorum none\n")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    arguments = ["--name", WITNESS, "--policy", str(policy), "--folder", str(folder / "witness"), "--port", str(port)]
    process = _log("witness", *arguments, EGRET_WITNESS_KEY=secrets.token_hex(32))
    try:
        yield process, port
    finally:
        process.terminate()
        process.communicate()


def _cosigned(witness: "subprocess.Popen[str]", port: int, note: bytes, key: str) -> bool:
    """Show the checkpoint to the witness, and check its answer with its key."""
    try:
        trusted = WitnessKey.parse((witness.stdout.readline() if witness.stdout else "").strip())
    except BadNote as error:
        message = "the witness did not start"
        raise DemoFailed(message) from error

    def ask() -> requests.Response | None:
        try:
            return requests.post(f"http://127.0.0.1:{port}/add-checkpoint", data=b"old 0\n\n" + note, timeout=ANSWER_SECONDS)
        except requests.ConnectionError:
            time.sleep(0.05)
            return None

    answer = wait_for("the witness", ask)
    try:
        _, signed = open_checkpoint(note + answer.content, log=Verifier.parse(key), witnesses=[trusted])
    except BadCheckpoint:
        return False
    return trusted in signed
