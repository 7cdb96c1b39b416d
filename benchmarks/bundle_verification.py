"""Claim: a bundle is verified offline, from the start of the process to its exit code, within 300 ms."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import tempfile
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from benchmarks.claim import Absolute, Better, Claim, Contest
from registry.log import verifier
from registry.log.canonical import canonical, seal_member
from registry.log.checkpoint import Checkpoint, sign_checkpoint
from registry.log.cosignature import WitnessSigner
from registry.log.evidence import DisclosedMember, Evidence, LoggedEntry, pack_deal
from registry.log.merkle import Tree, leaf_hash
from registry.log.note import Signer

SIZE: Final = 100_000
"""Entries of the log that the deal's ten are taken from."""

SALT: Final = bytes(16)
DEAL, OBJECT, SELLER, BUYER, PLATFORM, OWNED, GRANTED = (f"00000000-0000-7000-8000-{number:012x}" for number in range(1, 8))
DAYS: Final = {"valid_from": "2026-11-01", "valid_to": "2027-11-01"}
LINES: Final = [{"role": "platform_fee", "party": PLATFORM, "amount": "300"}, {"role": "share", "party": SELLER, "amount": "9700"}]
TERMS: Final[dict[str, Any]] = {
    "seller": SELLER, "buyer": BUYER, "currency": "CNY", "amount": "10000",
    "rights": [{"object": OBJECT, "kind": "USE", "exclusive": False, "valid_from": "2026-11-01", "valid_until": "2027-11-01", "scope": {}}],
}  # fmt: skip


def told() -> list[tuple[str, dict[str, Any], dict[str, Any]]]:
    """The events of one deal: schema, open and sealed members."""
    keys = {side: Ed25519PrivateKey.generate() for side in ("seller", "buyer")}
    public = {side: b64encode(key.public_key().public_bytes_raw()).decode() for side, key in keys.items()}
    hashed = sha256(canonical(TERMS)).hexdigest()
    signed: dict[str, Any] = {"deal": DEAL, "terms_hash": hashed, "seller": SELLER, "buyer": BUYER}
    for side, key in keys.items():
        signed[f"{side}_key"] = public[side]
        signed[f"{side}_signature"] = b64encode(key.sign(f"egret-contract-v1\n{hashed}\n{DEAL}\n{side}\n".encode())).decode()
    sealed = {"income_share_ppm": seal_member(0, SALT), "terms": seal_member({}, SALT)}
    right = {"object": OBJECT, "exclusive": False, **DAYS, **sealed}
    bound = [
        {"key": DEAL, "party": signed[side], "person": seal_member(side, SALT), "public_key": public[side]} for side in ("seller", "buyer")
    ]
    return [
        *(("key.registered", each, {}) for each in bound),
        ("right.granted", right | {"grant": OWNED, "kind": "OPERATE", "holder": SELLER, "parent": None, "deal": None}, {}),
        ("deal.signed", signed, {}),
        ("right.granted", right | {"grant": GRANTED, "kind": "USE", "holder": BUYER, "parent": OWNED, "deal": DEAL}, {}),
        ("deal.funded", {"deal": DEAL, "currency": "CNY"}, {"amount": "10000"}),
        ("deal.delivered", {"deal": DEAL, "sha256": hashed}, {}),
        ("deal.accepted", {"deal": DEAL}, {}),
        ("deal.settled", {"deal": DEAL, "currency": "CNY"}, {"amount": "10000", "lines": LINES}),
    ]


def bundle(log: Signer, witnesses: list[WitnessSigner]) -> bytes:
    """The evidence of the deal, spread over a log of ``SIZE`` entries that witnesses have cosigned."""
    events, step = told(), SIZE // 16
    places = {step * number: event for number, event in enumerate(events, start=1)}
    leaves = {place: _leaf(place, *event) for place, event in places.items()}
    tree = Tree(leaf_hash(leaves.get(place) or place.to_bytes(32, "big")) for place in range(SIZE))
    checkpoint = Checkpoint(log.name, SIZE, tree.root())
    note = sign_checkpoint(checkpoint, [log]) + "".join(each.cosign(checkpoint.body, seconds=1).line for each in witnesses).encode()
    evidence = Evidence(
        entries=[LoggedEntry(place, leaf, tree.inclusion_proof(place)) for place, leaf in leaves.items()],
        size=SIZE,
        checkpoint=note,
        logs=[log.verifier],
        disclosures=[DisclosedMember(place, path, SALT, value) for place, event in places.items() for path, value in event[2].items()],
    )
    moves = [(None, "10000"), *((number, line["amount"]) for number, line in enumerate(LINES))]
    claims = events[3][1] | {
        "currency": "CNY", "amount": "10000", "lines": LINES, "rights": [GRANTED],
        "moves": [{"move": DEAL, "source": "a", "destination": "b", "amount": amount, "line": line} for line, amount in moves],
    }  # fmt: skip
    return pack_deal(evidence, claims=claims, contract=canonical(TERMS))


def verify(path: Path, options: list[str]) -> float:
    """Milliseconds from the start of the process to its answer."""
    command = [sys.executable, "-I", verifier.__file__, str(path), *options]
    began = time.perf_counter()
    done = subprocess.run(command, capture_output=True, check=False, timeout=60, env={"PATH": os.environ["PATH"]})  # noqa: S603 our own program
    passed = time.perf_counter() - began
    if done.returncode:
        raise AssertionError(done.stdout.decode(errors="replace"))
    return passed * 1e3


@contextmanager
def contest(_plain: str) -> Iterator[Contest]:
    """One deal's bundle with two witnesses, verified by a process of its own, which knows their keys and the log's."""
    log, witnesses = (
        Signer.of_seed("bench.example/log", secrets.token_bytes(32)),
        [WitnessSigner(f"w{n}", secrets.token_bytes(32)) for n in (1, 2)],
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bundle.zip"
        path.write_bytes(bundle(log, witnesses))
        options = ["--log-key", str(log.verifier), *(word for each in witnesses for word in ("--witness", str(each.key)))]
        yield Contest(ours=lambda: verify(path, options), limit=_bare_python)


def _leaf(place: int, schema: str, opened: dict[str, Any], closed: dict[str, Any]) -> bytes:
    data = opened | {path: seal_member(value, SALT) for path, value in closed.items()}
    about, actor = {"type": "Deal", "id": DEAL}, seal_member("x", SALT)
    body: dict[str, Any] = {"schema": schema, "version": 1, "id": DEAL, "at": f"2026-11-24T00:00:00.{place:06d}+00:00", "actor": actor}
    return canonical(body | {"subject": about, "data": data})


def _bare_python() -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-I", "-c", "import cryptography.hazmat.bindings._rust"], check=True, timeout=60)
    return (time.perf_counter() - began) * 1e3


CLAIM: Final = Claim(
    says="A deal's bundle from a log of 100,000, with two witnesses, is verified within 300 ms, process start included.",
    unit="ms",
    better=Better.LOWER,
    goal=Absolute(300, scaled_by="node_hashes_per_s"),
    open=contest,
)
