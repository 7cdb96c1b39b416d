"""Act five: a deal's and a right's evidence is verified by a program that knows nothing of the market, and so are three forgeries."""

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from marketplace.demo.client.api import Api, DemoFailed, wait_for
from registry.base.signing import Algorithm, from_base58btc
from registry.base.signing.multibase import PREFIXES

VERIFIER: Final = Path(__file__).resolve().parents[3] / "registry" / "log" / "verifier.py"
VERIFY_SECONDS: Final = 30
ANSWER_SECONDS: Final = 30


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the offline verifier said of one file; ``sm2`` is what SM2 signatures proved of it."""

    verified: bool
    problems: tuple[str, ...]
    sm2: tuple[str, ...] = ()

    def __str__(self) -> str:
        """In one line."""
        said = "VERIFIED 验证通过" if self.verified else f"NOT VERIFIED {self.problems}"
        return f"{said}; with SM2 国密: {'; '.join(self.sm2)}" if self.verified and self.sm2 else said


def trusted_keys(api: Api) -> list[str]:
    """The options by which the verifier is told whom to trust: the keys that the market's log and its issuer of certificates have."""
    log = api.query("{ logKey logSm2Key }")
    did = api.session.get(f"{api.url}.well-known/did.json", timeout=ANSWER_SECONDS).json()
    options = ["--log-key", log["logKey"], *(("--log-sm2-key", log["logSm2Key"]) if log["logSm2Key"] else ())]
    for method in did["verificationMethod"]:
        key = method["publicKeyMultibase"]
        sm2 = from_base58btc(key).startswith(PREFIXES[Algorithm.SM2_SM3])
        options += ["--issuer-sm2-key" if sm2 else "--issuer-key", key]
    return options


def fetch_bundle(api: Api, subject: str, path: Path) -> bytes:
    """Download the evidence bundle of ``deals/<uuid>`` or ``rights/<uuid>`` once a checkpoint covers its last event."""

    def ready() -> Any:
        answer = api.session.get(f"{api.url}{subject}/evidence.zip", headers={"Authorization": f"Bearer {api.token}"}, timeout=30)
        if answer.status_code == 409:  # noqa: PLR2004 not complete yet
            return None
        if not answer.ok:
            message = f"evidence: HTTP {answer.status_code} {answer.text[:500]}"
            raise DemoFailed(message)
        return answer.content

    bundle: bytes = wait_for("the evidence bundle", ready)
    path.write_bytes(bundle)
    return bundle


def verify(path: Path, trusted: Sequence[str]) -> Verdict:
    """Run the verifier as its own process, with an empty environment: no Django, no database, no settings."""
    command = [sys.executable, "-I", str(VERIFIER), str(path), *trusted, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=VERIFY_SECONDS, check=False, env={})  # noqa: S603
    if not done.stdout.strip():
        message = f"the verifier said nothing: {done.stderr[-500:]}"
        raise DemoFailed(message)
    said = json.loads(done.stdout)
    problems = tuple(f"{problem['file']}: {problem['english']}" for problem in said["problems"])
    sm2 = tuple(english for english, _ in said["proven"] if "SM2" in english)
    return Verdict(done.returncode == 0 and said["verified"], problems, sm2)


def forgeries(bundle: bytes) -> dict[str, bytes]:
    """Three copies an attacker could make: one byte changed, one entry dropped, one share altered, the last two with hashes recomputed."""
    return {
        "one byte changed": _one_byte_changed(bundle),
        "one entry dropped": _repacked(bundle, _drop_an_entry),
        "one share altered": _repacked(bundle, _alter_a_share),
    }


def _one_byte_changed(bundle: bytes) -> bytes:
    place = bundle.index(b'"terms_hash"') + len(b'"terms_hash":"')
    return bundle[:place] + (b"0" if bundle[place : place + 1] != b"0" else b"1") + bundle[place + 1 :]


def _drop_an_entry(members: dict[str, bytes]) -> None:
    entry = next(name for name in sorted(members) if name.startswith("entries/") and b'"deal.accepted"' in members[name])
    del members[entry]
    del members[entry.replace("entries/", "proofs/")]


def _alter_a_share(members: dict[str, bytes]) -> None:
    deal = json.loads(members["deal.json"])
    line = next(line for line in deal["lines"] if line["role"] == "share")
    line["amount"] = str(int(line["amount"]) + 1)
    members["deal.json"] = json.dumps(deal, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _repacked(bundle: bytes, change: Callable[[dict[str, bytes]], None]) -> bytes:
    from registry.log.evidence import manifest, pack  # noqa: PLC0415 the forger uses our own packer
    from registry.log.verifier import unzip  # noqa: PLC0415 the same

    members = unzip(bundle)
    subject = json.loads(members.pop("manifest.json"))["subject"]
    change(members)
    return pack(members | {"manifest.json": manifest(subject=subject, members=members)})


def digest(content: bytes) -> str:
    """SHA-256 in hex."""
    return sha256(content).hexdigest()
