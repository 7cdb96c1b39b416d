"""A small real log with one whole deal in it, so that bundles can be packed honestly and forged every way."""

from __future__ import annotations

import json
from base64 import b64encode
from copy import deepcopy
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from registry.log import verifier
from registry.log.canonical import canonical, seal_member
from registry.log.checkpoint import Checkpoint, sign_checkpoint
from registry.log.evidence import DisclosedMember, Evidence, LoggedEntry, manifest, pack, pack_deal
from registry.log.merkle import Tree, leaf_hash
from registry.log.note import Signer

if TYPE_CHECKING:
    from collections.abc import Callable

LOG = Signer.of_seed("log.example/one", b"\x01" * 32)
VKEY = str(LOG.verifier)
SELLER_KEY = Ed25519PrivateKey.from_private_bytes(b"\x0a" * 32)
BUYER_KEY = Ed25519PrivateKey.from_private_bytes(b"\x0b" * 32)


def uuid(number: int) -> str:
    return str(UUID(int=number))


DEAL, SELLER, BUYER, OWNER, OBJECT = uuid(0xD), uuid(0x5), uuid(0xB), uuid(0x0), uuid(0xE)
PLATFORM, INSTITUTION, TAX = uuid(0x1), uuid(0x2), uuid(0x3)
OWNER_GRANT, SELLER_GRANT, DEAL_GRANT = uuid(0x61), uuid(0x62), uuid(0x63)
SOMEBODY = seal_member(uuid(0x81), b"\x00" * 16)  # in the leaf, never disclosed in a bundle
LINES = [
    {"role": "platform_fee", "party": PLATFORM, "amount": "500"},
    {"role": "institution_fee", "party": INSTITUTION, "amount": "300"},
    {"role": "tax", "party": TAX, "amount": "600"},
    {"role": "share", "party": OWNER, "amount": "2580"},
    {"role": "share", "party": SELLER, "amount": "6020"},
]
TERMS = {
    "seller": SELLER,
    "buyer": BUYER,
    "currency": "CNY",
    "amount": "10000",
    "rights": [
        {"object": OBJECT, "kind": "USE", "exclusive": False, "valid_from": "2026-11-01", "valid_until": "2027-11-01", "scope": {}},
    ],
    "purpose": "机场延误预测",
}


def public(key: Ed25519PrivateKey) -> str:
    return b64encode(key.public_key().public_bytes_raw()).decode()


def signature(key: Ed25519PrivateKey, terms_hash: str, deal: str, side: str) -> str:
    return b64encode(key.sign(f"egret-contract-v1\n{terms_hash}\n{deal}\n{side}\n".encode())).decode()


def grant(number: str, holder: str, parent: str | None, **changed: Any) -> dict[str, Any]:
    shape = {"grant": number, "object": OBJECT, "kind": "OPERATE", "holder": holder, "parent": parent, "deal": None, "exclusive": False}
    sealed = {name: seal_member(0, b"\x00" * 16) for name in ("income_share_ppm", "terms")}  # in the leaf, never disclosed in a bundle
    return shape | {"valid_from": "2026-01-01", "valid_to": "2030-01-01"} | sealed | changed


@dataclass(frozen=True)
class Beside:
    """What comes into a bundle beside the entries: lines under the checkpoint, a timestamp of it, certificates."""

    lines: Callable[[str], str] = lambda _body: ""
    stamp: Callable[[bytes], bytes | None] = lambda _signed: None
    certificates: dict[str, Any] = field(default_factory=dict)

    def added(self, evidence: Evidence) -> Evidence:
        note = evidence.checkpoint.decode()
        lines, token = self.lines(note.partition("\n\n")[0] + "\n"), self.stamp(evidence.checkpoint)
        return replace(evidence, checkpoint=(note + lines).encode(), timestamp=token, certificates=self.certificates)


@dataclass
class Deal:
    """What happens, event by event; a test changes what it likes before the log is made of it."""

    terms: dict[str, Any] = field(default_factory=lambda: deepcopy(TERMS))
    events: list[tuple[str, dict[str, Any], dict[str, Any]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        if not self.events:
            self.events = self.told()

    def told(self) -> list[tuple[str, dict[str, Any], dict[str, Any]]]:
        """Schema, public fields and sealed fields of each event, in order."""
        hashed = sha256(canonical(self.terms)).hexdigest()
        signed = {"deal": DEAL, "terms_hash": hashed, "seller": SELLER, "buyer": BUYER}
        signed |= {"seller_key": public(SELLER_KEY), "buyer_key": public(BUYER_KEY)}
        signed |= {"seller_signature": signature(SELLER_KEY, hashed, DEAL, "seller")}
        signed |= {"buyer_signature": signature(BUYER_KEY, hashed, DEAL, "buyer")}
        granted = grant(DEAL_GRANT, BUYER, SELLER_GRANT, kind="USE", deal=DEAL, valid_from="2026-11-01", valid_to="2027-11-01")
        return [
            ("key.registered", {"key": uuid(0x71), "party": SELLER, "person": SOMEBODY, "public_key": public(SELLER_KEY)}, {}),
            ("key.registered", {"key": uuid(0x72), "party": BUYER, "person": SOMEBODY, "public_key": public(BUYER_KEY)}, {}),
            ("right.granted", grant(OWNER_GRANT, OWNER, None, valid_to=None), {}),
            ("right.granted", grant(SELLER_GRANT, SELLER, OWNER_GRANT), {}),
            ("deal.signed", signed, {}),
            ("right.granted", granted, {}),
            ("deal.funded", {"deal": DEAL, "currency": "CNY"}, {"amount": "10000"}),
            ("deal.delivered", {"deal": DEAL, "sha256": "ab" * 32}, {}),
            ("deal.accepted", {"deal": DEAL}, {}),
            ("deal.settled", {"deal": DEAL, "currency": "CNY"}, {"amount": "10000", "lines": deepcopy(LINES)}),
        ]

    def index(self, schema: str) -> int:
        """The place of the last event of a kind; every second leaf of the log belongs to somebody else."""
        return 2 * max(number for number, event in enumerate(self.events) if event[0] == schema) + 1

    def change(self, schema: str, **public_fields: Any) -> Deal:
        """Change public fields of the last event of a kind."""
        self.events[self.index(schema) // 2][1].update(public_fields)
        return self

    def claims(self) -> dict[str, Any]:
        """What deal.json says of this deal, taken from its events."""
        settled = self.events[self.index("deal.settled") // 2]
        lines, amount = settled[2]["lines"], settled[2]["amount"]
        moves = [{"move": uuid(0x900), "source": "gateway", "destination": "escrow", "amount": amount, "line": None}]
        moves += [
            {"move": uuid(0x901 + number), "source": "escrow", "destination": line["party"], "amount": line["amount"], "line": number}
            for number, line in enumerate(lines)
        ]
        rights = [event[1]["grant"] for event in self.events if event[0] == "right.granted" and event[1]["deal"] == DEAL]
        money = {"currency": settled[1]["currency"], "amount": amount, "lines": lines, "rights": rights, "moves": moves}
        return deepcopy(self.events[self.index("deal.signed") // 2][1] | money)

    def bundle(self, signer: Signer = LOG, beside: Beside = Beside()) -> bytes:
        """Log everything, sign the checkpoint, pack the evidence."""
        return pack_deal(beside.added(self.evidence(signer)), claims=self.claims(), contract=canonical(self.terms))

    def evidence(self, signer: Signer = LOG) -> Evidence:
        """What the log has to show."""
        salts = {(n, path): sha256(f"{n}{path}".encode()).digest()[:16] for n, event in enumerate(self.events) for path in event[2]}
        leaves = [leaf(n, *event, salts) for n, event in enumerate(self.events)]
        tree = Tree(hashed for each in leaves for hashed in (leaf_hash(b"somebody else's"), leaf_hash(each)))
        checkpoint = Checkpoint(origin=signer.name, size=tree.size, root=tree.root())
        return Evidence(
            entries=[LoggedEntry(2 * n + 1, each, tree.inclusion_proof(2 * n + 1)) for n, each in enumerate(leaves)],
            size=tree.size,
            checkpoint=sign_checkpoint(checkpoint, [signer, Signer.of_seed("witness.example", b"\x02" * 32)]),
            logs=[signer.verifier],
            disclosures=[DisclosedMember(2 * n + 1, path, salt, self.events[n][2][path]) for (n, path), salt in salts.items()],
        )


def leaf(number: int, schema: str, opened: dict[str, Any], closed: dict[str, Any], salts: dict[tuple[int, str], bytes]) -> bytes:
    data = opened | {path: seal_member(value, salts[number, path]) for path, value in closed.items()}
    actor = seal_member({"person": uuid(0x81), "organisation": SELLER}, sha256(f"{number}".encode()).digest()[:16])
    about = {"type": schema.partition(".")[0], "id": DEAL}
    at = f"2026-11-24T03:25:{number:02d}.123456+00:00"
    return canonical({"schema": schema, "version": 1, "id": uuid(0x100 + number), "at": at, "actor": actor, "subject": about, "data": data})


def repacked(bundle: bytes, change: Callable[[dict[str, bytes]], object]) -> bytes:
    """What an attacker makes of a bundle who also recomputes the manifest and the zip."""
    members = verifier.unzip(bundle)
    subject = json.loads(members.pop("manifest.json"))["subject"]
    change(members)
    return pack(members | {"manifest.json": manifest(subject=subject, members=members)})


def found(bundle: bytes, vkey: str | verifier.Trust = VKEY) -> list[tuple[str, str]]:
    """File and English text of each problem."""
    return [(problem.file, problem.english) for problem in verifier.verify(bundle, vkey).problems]
