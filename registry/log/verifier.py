"""Proves or refutes a deal's evidence bundle without Egret: this one file, the standard library and `cryptography`.

    python verifier.py bundle.zip --log-key '<name>+<key id>+<base64>' [--json]        exit code 0: verified, 1: not

Trust comes from outside only: the log's key, and whoever gave it. The bundle is taken as an attacker's work; whatever this
file does not know (a member, a field, an event, a version) refuses it. Members of the zip (in one byte form, see ``zip_of``):

  manifest.json          SHA-256 of every other member; JSON members are RFC 8785 and have the forms named in FORMS
  checkpoint             the log's signed note: origin, size, root
  entries/<index>.json   a leaf of the log, byte for byte: LEAF, with ``data`` as EVENTS has it for its schema
  proofs/<index>.json    its RFC 6962 inclusion proof for the checkpoint's size, hashes in hex
  disclosures.json       salt (hex) and value of each sealed member of the entries; ``path`` is the member's name in ``data``
  contract.json          the terms: at least what CONTRACT names; other keys are the parties' own
  deal.json              what is claimed of the deal; each claim must be found in the log
  keys.txt               for people; must say what was checked (see ``Case.check_keys``)

A sealed member stands in its leaf as {"_h": base64url(SHA-256(salt || canonical(value)))}. Amounts are decimal strings of
minor units. A side signs, with Ed25519, the lines egret-contract-v1, hash of contract.json in hex, deal, seller or buyer.
"""

import argparse
import json
import re
import struct
import sys
from base64 import b64decode, b64encode, urlsafe_b64encode
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, NamedTuple, NoReturn, TypeAlias
from zlib import crc32

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

Json: TypeAlias = Any  # whatever a parsed member holds; ``conform`` has checked it against its form

BUNDLE_BYTES_MAX: Final = 16 * 1024 * 1024
MEMBERS_MAX: Final = 500
LIST_MAX: Final = 500
SIGNATURES_MAX: Final = 100
HASH_BYTES: Final = 32

TEXT: Final = re.compile(r"[^\x00-\x1f]{1,200}")
UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
AMOUNT: Final = re.compile(r"0|[1-9][0-9]{0,29}")
CURRENCY: Final = re.compile(r"[A-Z]{3}")
HASH: Final = re.compile(r"[0-9a-f]{64}")
SALT: Final = re.compile(r"[0-9a-f]{32}")
KEY: Final = re.compile(r"[A-Za-z0-9+/]{43}=")
SIGNATURE: Final = re.compile(r"[A-Za-z0-9+/]{86}==")
INSTANT: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2}))?")
ROLE: Final = re.compile(r"platform_fee|institution_fee|share|tax")
KIND: Final = re.compile(r"HOLD|USE|OPERATE")
NUMBERED: Final = re.compile(r"(entries|proofs)/(0|[1-9][0-9]{0,18})\.json")
FIXED: Final = frozenset({"checkpoint", "contract.json", "deal.json", "disclosures.json", "keys.txt", "manifest.json"})

# Forms: a dict has exactly these keys, a list any number of its one form, a one-tuple may be null, a pattern is a text, int is
# a non-negative integer, bool is true or false, object is anything, and any other value is itself.
SEALED: Final = {"_h": re.compile(r"[A-Za-z0-9_-]{43}")}
LINES: Final = [{"role": ROLE, "party": TEXT, "amount": AMOUNT}]
SIGNED: Final = {
    "deal": UUID, "terms_hash": HASH, "seller": TEXT, "buyer": TEXT, "seller_key": KEY, "buyer_key": KEY,
    "seller_signature": SIGNATURE, "buyer_signature": SIGNATURE,
}  # fmt: skip
GRANT: Final = {
    "grant": UUID, "object": TEXT, "kind": KIND, "holder": TEXT, "parent": (UUID,), "deal": (UUID,), "exclusive": bool,
    "valid_from": INSTANT, "valid_to": (INSTANT,), "income_share_ppm": SEALED, "terms": SEALED,
}  # fmt: skip
EVENTS: Final[dict[str, Json]] = {
    "key.registered": {"key": TEXT, "party": TEXT, "person": SEALED, "public_key": KEY},
    "right.granted": GRANT,
    "deal.signed": SIGNED,
    "deal.funded": {"deal": UUID, "currency": CURRENCY, "amount": SEALED},
    "deal.delivered": {"deal": UUID, "sha256": HASH},
    "deal.accepted": {"deal": UUID},
    "deal.settled": {"deal": UUID, "currency": CURRENCY, "amount": SEALED, "lines": SEALED},
}
REQUIRED: Final = ("deal.signed", "deal.funded", "deal.delivered", "deal.accepted", "deal.settled")
DISCLOSED: Final[dict[str, Json]] = {"amount": AMOUNT, "lines": LINES}
ABOUT: Final = {"type": TEXT, "id": TEXT}
LEAF: Final = {"schema": TEXT, "version": 1, "id": TEXT, "at": INSTANT, "actor": SEALED, "subject": ABOUT, "data": object}
PROMISED: Final = {"object": TEXT, "kind": KIND, "exclusive": bool, "valid_from": INSTANT, "valid_until": INSTANT, "scope": object}
CONTRACT: Final = {"seller": TEXT, "buyer": TEXT, "currency": CURRENCY, "amount": (AMOUNT,), "rights": [PROMISED]}
MOVES: Final = [{"move": TEXT, "source": TEXT, "destination": TEXT, "amount": AMOUNT, "line": (int,)}]  # line null: into escrow
SUBJECT: Final = {"type": "deal", "id": UUID}
FORMS: Final[dict[str, Json]] = {
    "manifest.json": {"format": "egret-deal-evidence", "version": 1, "subject": SUBJECT, "members": [{"name": TEXT, "sha256": HASH}]},
    "proof": {"index": int, "size": int, "hashes": [HASH]},
    "disclosures.json": [{"index": int, "path": TEXT, "salt": SALT, "value": object}],
    "deal.json": SIGNED
    | {"format": "egret-deal", "version": 1, "currency": CURRENCY, "amount": AMOUNT, "lines": LINES, "rights": [UUID], "moves": MOVES},
}

TEXTS: Final[dict[str, tuple[str, str]]] = {
    "missing": ("is missing", "缺失"),
    "unknown": ("is no known member, or stands there twice", "不是已知成员，或重复出现"),
    "too_big": ("is larger than {0} bytes", "大于 {0} 字节"),
    "cut": ("is cut off, or is no zip of this form, at byte {0}", "在第 {0} 字节处截断，或不是此格式的压缩包"),
    "checksum": ("was changed: it does not have the checksum that the zip gives", "已被改动：与压缩包中的校验和不符"),
    "frame": ("the zip's frame was changed or cut off at byte {0}", "压缩包结构在第 {0} 字节处被改动或截断"),
    "not_json": ("is not JSON in its one canonical form", "不是规范化形式的 JSON"),
    "fields": ("{0}: unknown or missing fields: {1}", "{0}：字段未知或缺失：{1}"),
    "value": ("{0}: {1} is no value that is known here", "{0}：{1} 不是已知取值"),
    "unlisted": ("is not listed in manifest.json", "未列入 manifest.json"),
    "listing": ("does not list each item once, in order", "未按顺序逐一列出"),
    "changed": ("was changed: its SHA-256 is not the one in manifest.json", "已被改动：SHA-256 与 manifest.json 不符"),
    "differs": ("{0} is not what {1} says", "{0} 与 {1} 所载不符"),
    "bad_key": ("is not an Ed25519 verifier key <name>+<id>+<base64>", "不是 Ed25519 验证公钥 <名称>+<编号>+<base64>"),
    "malformed": ("is not a signed checkpoint in its one form", "不是规范形式的已签署检查点"),
    "untrusted": ("is not signed by the trusted log key {0}", "不是由受信日志公钥 {0} 签署"),
    "forged": ("the signature of {0} is wrong: text or signature was changed", "{0} 的签名错误：正文或签名被改动"),
    "not_in_log": ("is not in the signed log: the entry or its proof was changed", "不在已签署日志中：条目或其证明被改动"),
    "event": ("{0} is no event that is known here", "{0} 不是已知事件"),
    "step": ("the required step {0} is there {1} times, not once", "必需步骤 {0} 出现 {1} 次，应为一次"),
    "order": ("{0} does not come after {1}", "{0} 未在 {1} 之后"),
    "other_deal": ("belongs to another deal, {0}", "属于另一交易 {0}"),
    "idle": ("has nothing to do with this deal", "与本交易无关"),
    "sealed": ("{0} of {1}: sealed but not disclosed, or the reverse", "{1} 的 {0}：封存与披露不对应"),
    "altered": ("{0} of {1} was altered: it is not the value that the log sealed", "{1} 的 {0} 被篡改：与日志封存值不符"),
    "contract": ("is not the contract whose hash both sides signed in {0}", "不是双方在 {0} 中签署其哈希的合同"),
    "unbound": ("no key.registered before {0} binds the key of the {1} to {2}", "{0} 之前没有条目将 {1} 的公钥绑定到 {2}"),
    "one_party": ("seller and buyer are the same", "卖方与买方相同"),
    "no_grant": ("the rights granted in the log are not the rights that the contract grants", "日志授予的权利与合同约定的权利不一致"),
    "no_parent": ("no entry before it has the grant {0} that it rests on", "其依据的授权 {0} 未在其之前的条目中"),
    "uncovered": ("it goes beyond the grant {0} that it rests on (operating right, object, holder or time)", "超出其依据的授权 {0}"),
    "line": ("line {0} was altered: {1}, but the log settled {2}", "第 {0} 项被篡改：所载 {1}，日志结算 {2}"),
    "sum": ("shares, fees and taxes sum to {0}, not to the amount {1}", "分成、费用与税款合计 {0}，不等于金额 {1}"),
    "no_holder": ("{0} gets a share but holds no grant in the bundle", "{0} 获得分成，但未见其持有权利"),
    "moves": ("the ledger moves do not make up {0}", "账簿分录与 {0} 不符"),
}
NOT_PROVEN: Final = (
    ("that the key you gave is the log's: this rests on whoever gave it to you", "您给出的公钥确属该日志：取决于向您提供者"),
    ("that the log shows everybody the same history: no witness was asked", "日志对所有人展示同一历史：未询问见证方"),
    ("that nothing happened later, such as revocation, dispute or refund", "其后未发生撤销、争议、退款等事项"),
    ("the times: they are the platform's own word; only the order is shown", "时间：系平台自述，仅证明先后顺序"),
    (
        "how sellers before this one came by their rights: only the entries of their grants are shown",
        "更早的卖方如何取得权利：仅示其授权条目",
    ),
    ("who stands behind the ids, and what is outside the log (bank, data, ledger accounts)", "标识背后的身份，及日志之外的事实"),
)


class Problem(NamedTuple):
    """One reason not to believe the bundle: which file, and what is wrong with it, in both languages."""

    file: str
    english: str
    chinese: str

    @classmethod
    def of(cls, file: str, code: str, *params: object) -> "Problem":
        """The problem with its two texts; what came from the bundle is made safe for a terminal."""
        shown = ["".join(each if each.isprintable() else "?" for each in str(param)[:200]) for param in params]
        english, chinese = (text.format(*shown) for text in TEXTS[code])
        return cls(file, english, chinese)


class Refused(Exception):
    """A check cannot go on; carries its ``Problem``."""


class Report(NamedTuple):
    """What a verification found; verified if there is no problem. ``proven`` holds pairs of English and Chinese."""

    problems: list[Problem]
    proven: list[tuple[str, str]]

    @property
    def verified(self) -> bool:
        """Whether every check ran and none found anything."""
        return not self.problems

    @property
    def unproven(self) -> list[tuple[str, str]]:
        """What this run did not show, and what no bundle can."""
        return [*((english, chinese) for _, english, chinese in CHECKS[len(self.proven) :]), *NOT_PROVEN]


def fail(file: str, code: str, *params: object) -> NoReturn:
    """Stop the running check."""
    raise Refused(Problem.of(file, code, *params))


def canonical(value: Json) -> bytes:
    """RFC 8785 bytes of a value without floats."""

    def ordered(part: Json) -> Json:
        if isinstance(part, dict):
            return {key: ordered(part[key]) for key in sorted(part, key=lambda key: key.encode("utf-16-be"))}
        if isinstance(part, float) or (isinstance(part, int) and abs(part) >= 2**53):
            raise ValueError(part)
        return [ordered(each) for each in part] if isinstance(part, list) else part

    return json.dumps(ordered(value), ensure_ascii=False, separators=(",", ":")).encode()


def parse(file: str, raw: bytes) -> Json:
    """Read JSON that stands in its one byte form (so that no key can be there twice)."""
    try:
        value = json.loads(raw)
        if canonical(value) == raw:
            return value
    except (ValueError, RecursionError):
        pass
    fail(file, "not_json")


def conform(file: str, value: Json, form: Json, at: str = "") -> Json:
    """Return the value if it is exactly of its form."""
    if isinstance(form, tuple):
        return None if value is None else conform(file, value, form[0], at)
    if isinstance(form, dict):
        if not isinstance(value, dict) or value.keys() != form.keys():
            fail(file, "fields", at or "/", ", ".join(sorted(value.keys() ^ form.keys())) if isinstance(value, dict) else "{}")
        return {key: conform(file, value[key], inner, f"{at}/{key}") for key, inner in form.items()}
    if isinstance(form, list):
        if not isinstance(value, list) or len(value) > LIST_MAX:
            fail(file, "value", at or "/", type(value).__name__)
        return [conform(file, each, form[0], f"{at}/{number}") for number, each in enumerate(value)]
    if isinstance(form, re.Pattern):
        fits = isinstance(value, str) and form.fullmatch(value) is not None
    else:
        typed = type(value) is form and (form is bool or value >= 0)
        fits = form is object or (typed if form in {int, bool} else type(value) is type(form) and value == form)
    return value if fits else fail(file, "value", at, f"{value!r:.80}")


def zip_of(members: dict[str, bytes]) -> bytes:
    """The one byte form of a bundle: sorted, stored, dated 1980-01-01, nothing optional. Source: PKWARE APPNOTE 4.3."""
    body, directory, count = bytearray(), bytearray(), len(members)
    for name, data in sorted(members.items()):
        path = name.encode()
        common = struct.pack("<5H3L2H", 20, 0, 0, 0, 0x21, crc32(data), len(data), len(data), len(path), 0)
        directory += b"PK\x01\x02" + struct.pack("<H", 20) + common + struct.pack("<3H2L", 0, 0, 0, 0, len(body)) + path
        body += b"PK\x03\x04" + common + path + data
    return bytes(body + directory + b"PK\x05\x06" + struct.pack("<4H2LH", 0, 0, count, count, len(directory), len(body), 0))


def unzip(data: bytes) -> dict[str, bytes]:
    """The members of a bundle. Every byte of the file is accounted for; nothing is ever inflated."""
    members: dict[str, bytes] = {}
    at = 0
    if len(data) > BUNDLE_BYTES_MAX:
        fail("bundle.zip", "too_big", BUNDLE_BYTES_MAX)
    while data[at : at + 4] == b"PK\x03\x04":
        if len(data) < at + 30 or len(members) == MEMBERS_MAX:
            fail("bundle.zip", "cut", at)
        crc, _, size, path, extra = struct.unpack_from("<3L2H", data, at + 14)
        name, start = data[at + 30 : at + 30 + path].decode("ascii", "replace"), at + 30 + path + extra
        if name in members or not (name in FIXED or NUMBERED.fullmatch(name)):
            fail(f"{name!r:.80}", "unknown")
        at = start + size
        members[name] = data[start:at]
        if at > len(data):
            fail(name, "cut", len(data))
        if crc != crc32(members[name]):
            fail(name, "checksum")
    expected = zip_of(members)
    if expected != data:
        pairs = enumerate(zip(expected, data, strict=False))
        fail("bundle.zip", "frame", next((number for number, (ours, theirs) in pairs if ours != theirs), min(len(expected), len(data))))
    return members


def is_signed(key: bytes, signature: bytes, message: bytes) -> bool:
    """Whether the Ed25519 signature holds."""
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def open_checkpoint(raw: bytes, vkey: str) -> tuple[int, bytes]:
    """Size and root of a checkpoint that the trusted key signed. Source: C2SP signed-note, tlog-checkpoint."""
    try:
        name, stated, encoded = vkey.split("+", 2)
        typed = b64decode(encoded, validate=True)
        key_id = sha256(name.encode() + b"\n" + typed).digest()[:4]
    except ValueError:
        fail("--log-key", "bad_key")
    if typed[:1] != b"\x01" or len(typed) != 1 + HASH_BYTES or key_id.hex() != stated:
        fail("--log-key", "bad_key")
    try:
        text, _, tail = raw.decode().rpartition("\n\n")
        origin, size, root = text.split("\n")
        signed = [(line.split(" ")[1], b64decode(line.split(" ")[2])) for line in tail.removesuffix("\n").split("\n")]
        state = int(size), b64decode(root)
    except (ValueError, IndexError):
        fail("checkpoint", "malformed")
    lines = "".join(f"\u2014 {who} {b64encode(what).decode()}\n" for who, what in signed)
    again = f"{origin}\n{state[0]}\n{b64encode(state[1]).decode()}\n\n{lines}"
    if again.encode() != raw or len(signed) > SIGNATURES_MAX or len(state[1]) != HASH_BYTES or state[0] < 0:
        fail("checkpoint", "malformed")
    ours = [what[4:] for who, what in signed if (who, what[:4]) == (name, key_id)]
    if origin != name or not ours:
        fail("checkpoint", "untrusted", vkey)
    if not all(is_signed(typed[1:], signature, f"{text}\n".encode()) for signature in ours):
        fail("checkpoint", "forged", name)
    return state


def root_of(leaf: bytes, index: int, size: int, path: list[bytes]) -> bytes | None:
    """The root that an inclusion proof leads to; None when the proof cannot be one. Source: RFC 9162, 2.1.3.2."""
    node, number, last = sha256(b"\x00" + leaf).digest(), index, size - 1
    for sibling in path:
        if last == 0:
            return None
        if number & 1 or number == last:
            node = sha256(b"\x01" + sibling + node).digest()
            while number and not number & 1:
                number, last = number >> 1, last >> 1
        else:
            node = sha256(b"\x01" + node + sibling).digest()
        number, last = number >> 1, last >> 1
    return node if last == 0 and index < size else None


@dataclass(frozen=True)
class Event:
    """One log entry of the bundle."""

    index: int
    file: str
    schema: str
    data: dict[str, Json]


class Case:
    """A bundle under examination: each check adds to ``problems`` what it finds, or stops with ``Refused``."""

    def __init__(self, members: dict[str, bytes], vkey: str) -> None:
        """Take the members as they came out of the zip, and the trusted key."""
        self.members, self.vkey = members, vkey
        self.problems: list[Problem] = []

    def want(self, holds: object, file: str, code: str, *params: object) -> None:
        """Note a problem unless the condition holds."""
        if not holds:
            self.problems.append(Problem.of(file, code, *params))

    def read(self, name: str, form: Json) -> Json:
        """A JSON member in its form."""
        return conform(name, parse(name, self.members[name]), form) if name in self.members else fail(name, "missing")

    @cached_property
    def events(self) -> list[Event]:
        """The entries in log order, each of a known event."""
        found = []
        for index in sorted(int(name[8:-5]) for name in self.members if name.startswith("entries/")):
            file = f"entries/{index}.json"
            leaf = self.read(file, LEAF)
            data = conform(file, leaf["data"], EVENTS.get(leaf["schema"]) or fail(file, "event", leaf["schema"]), "/data")
            found.append(Event(index, file, leaf["schema"], data))
        return found

    @cached_property
    def deal(self) -> dict[str, Json]:
        """What deal.json claims."""
        return dict(self.read("deal.json", FORMS["deal.json"]))

    @cached_property
    def contract(self) -> dict[str, Json]:
        """The part of contract.json that is read here."""
        terms = conform("contract.json", parse("contract.json", self.members.get("contract.json", b"")), object)
        return dict(conform("contract.json", {key: terms[key] for key in CONTRACT if isinstance(terms, dict) and key in terms}, CONTRACT))

    @cached_property
    def named(self) -> set[Json]:
        """Who is paid because the signed contract says so, without a right of its own: a surplus, and the makers of a joint product."""
        terms = conform("contract.json", parse("contract.json", self.members.get("contract.json", b"")), object)
        surplus, joint = (terms.get(key) if isinstance(terms, dict) else None for key in ("surplus", "joint"))
        found = [surplus.get("to")] if isinstance(surplus, dict) else []
        makers = joint.get("receipts") if isinstance(joint, dict) else None
        found.extend(makers if isinstance(makers, dict) else ())
        return {each for each in found if isinstance(each, str)}

    @cached_property
    def opened(self) -> list[dict[str, Json]]:
        """The disclosures, not yet compared with what was sealed."""
        return list(self.read("disclosures.json", FORMS["disclosures.json"]))

    def all(self, schema: str) -> list[Event]:
        """The entries of one kind."""
        return [event for event in self.events if event.schema == schema]

    def one(self, schema: str) -> Event:
        """The entry of a kind that a deal has once."""
        found = self.all(schema)
        return found[0] if len(found) == 1 else fail("entries/", "step", schema, len(found))

    def value(self, event: Event, path: str) -> Json:
        """The disclosed value of a sealed member."""
        stated = [each["value"] for each in self.opened if (each["index"], each["path"]) == (event.index, path)]
        return conform("disclosures.json", stated[0] if stated else fail("disclosures.json", "sealed", path, event.file), DISCLOSED[path])

    def check_members(self) -> None:
        """The manifest lists exactly the other members with their hashes; every entry has a proof and the reverse."""
        manifest = self.read("manifest.json", FORMS["manifest.json"])
        listed = {each["name"]: each["sha256"] for each in manifest["members"]}
        self.want([each["name"] for each in manifest["members"]] == sorted(listed), "manifest.json", "listing")
        pairs = {f"{kind}/{name.split('/')[1]}" for name in self.members if "/" in name for kind in ("entries", "proofs")}
        for name in sorted((FIXED | pairs | listed.keys()) - self.members.keys()):
            self.want(False, name, "missing")  # noqa: FBT003 - never holds
        for name in sorted(self.members.keys() - {"manifest.json"}):
            code = "changed" if name in listed else "unlisted"
            self.want(listed.get(name) == sha256(self.members[name]).hexdigest(), name, code)
        self.want(manifest["subject"]["id"] == self.deal["deal"], "manifest.json", "differs", "subject", "deal.json")

    def check_log(self) -> None:
        """The trusted key signed the checkpoint, and every entry is in the tree under it."""
        size, root = open_checkpoint(self.members.get("checkpoint", b""), self.vkey)
        for event in self.events:
            file = f"proofs/{event.index}.json"
            proof = self.read(file, FORMS["proof"])
            self.want((proof["index"], proof["size"]) == (event.index, size), file, "differs", "index, size", "checkpoint")
            path = [bytes.fromhex(each) for each in proof["hashes"]]
            self.want(root_of(self.members[event.file], event.index, size, path) == root, event.file, "not_in_log")

    def check_disclosures(self) -> None:
        """Every disclosed value is the one that was sealed, and nothing sealed is kept back."""
        sealed = {(event.index, path): event for event in self.events for path in DISCLOSED if path in event.data}
        places = [(each["index"], each["path"]) for each in self.opened]
        self.want(places == sorted(set(places)), "disclosures.json", "listing")
        for index, path in sorted(sealed.keys() ^ set(places)):
            self.want(False, "disclosures.json", "sealed", path, f"entries/{index}.json")  # noqa: FBT003 - never holds
        for each in self.opened:
            event = sealed.get((each["index"], each["path"]))
            if event:
                digest = sha256(bytes.fromhex(each["salt"]) + canonical(each["value"])).digest()
                same = event.data[each["path"]]["_h"] == urlsafe_b64encode(digest).decode().rstrip("=")
                self.want(same, "disclosures.json", "altered", each["path"], event.file)

    def check_chain(self) -> None:
        """The steps of this deal are all there, once, in order, and nothing of another deal."""
        steps = [self.one(schema) for schema in REQUIRED]
        for before, after in pairwise(steps):
            self.want(before.index < after.index, after.file, "order", after.schema, before.schema)
        for step in steps:
            self.want(step.data["deal"] == self.deal["deal"], step.file, "other_deal", step.data["deal"])

    def check_contract(self) -> None:
        """Both sides signed the hash of contract.json, with keys that the log had bound to them before."""
        contract, event = self.contract, self.one("deal.signed")
        signed = event.data
        self.want(sha256(self.members["contract.json"]).hexdigest() == signed["terms_hash"], "contract.json", "contract", event.file)
        for name in SIGNED:
            self.want(self.deal[name] == signed[name], "deal.json", "differs", name, event.file)
        self.want(signed["seller"] != signed["buyer"] and signed["seller_key"] != signed["buyer_key"], event.file, "one_party")
        keys = {(each.data["party"], each.data["public_key"]): each for each in reversed(self.all("key.registered"))}
        for side in ("seller", "buyer"):
            self.want(contract[side] == signed[side], "contract.json", "differs", side, event.file)
            bound = keys.pop((signed[side], signed[f"{side}_key"]), None)
            self.want(bound and bound.index < event.index, "entries/", "unbound", event.file, side, signed[side])
            message = f"egret-contract-v1\n{signed['terms_hash']}\n{signed['deal']}\n{side}\n".encode()
            holds = is_signed(b64decode(signed[f"{side}_key"]), b64decode(signed[f"{side}_signature"]), message)
            self.want(holds, event.file, "forged", side)
        for idle in keys.values():
            self.want(False, idle.file, "idle")  # noqa: FBT003 - never holds

    def check_rights(self) -> None:
        """The contract's rights, and no others, were granted to the buyer, resting on the seller's own logged operating right."""
        grants = {each.data["grant"]: each for each in reversed(self.all("right.granted"))}
        self.want(len(grants) == len(self.all("right.granted")), "entries/", "listing")
        signed = self.one("deal.signed")
        ours = [each for each in grants.values() if each.data["deal"] == self.deal["deal"]]
        self.want(sorted(self.deal["rights"]) == sorted(each.data["grant"] for each in ours), "deal.json", "no_grant")
        promised = Counter(period(each, "valid_until") for each in self.contract["rights"])
        granted = Counter(period(each.data, "valid_to") for each in ours)
        self.want(promised and promised == granted, "contract.json", "no_grant")
        for event in ours:
            self.want(event.index > signed.index, event.file, "order", event.schema, signed.schema)
            self.want(event.data["holder"] == signed.data["buyer"], event.file, "differs", "holder", signed.file)
        for event in grants.values():
            rests_on, parent = event.data["parent"], grants.get(event.data["parent"])
            if rests_on or event in ours:
                self.want(parent and parent.index < event.index, event.file, "no_parent", rests_on)
                owner = signed.data["seller"] if event in ours else None
                self.want(not parent or covers(parent.data, event.data, owner), event.file, "uncovered", rests_on)

    def check_settlement(self) -> None:
        """What the log settled is what was funded, sums to the amount, and is what deal.json claims, line by line."""
        funded, settled = self.one("deal.funded"), self.one("deal.settled")
        amount, lines = self.value(settled, "amount"), self.value(settled, "lines")
        total = sum(int(line["amount"]) for line in lines)
        self.want(total == int(amount), settled.file, "sum", total, amount)
        self.want(self.value(funded, "amount") == amount, funded.file, "differs", "amount", settled.file)
        self.want(self.contract["amount"] in {None, amount}, "contract.json", "differs", "amount", settled.file)
        self.want(self.deal["amount"] == amount, "deal.json", "differs", "amount", settled.file)
        for file, stated in ((funded.file, funded.data), ("contract.json", self.contract), ("deal.json", self.deal)):
            self.want(stated["currency"] == settled.data["currency"], file, "differs", "currency", settled.file)
        claimed = self.deal["lines"]
        for number in range(max(len(lines), len(claimed))):
            ours, theirs = (canonical(each[number : number + 1]).decode() for each in (claimed, lines))
            self.want(ours == theirs, "deal.json", "line", number, ours, theirs)
        holders = {event.data["holder"] for event in self.all("right.granted")} | self.named
        for line in lines:
            self.want(line["role"] != "share" or line["party"] in holders, settled.file, "no_holder", line["party"])
        moved: Counter[int | None] = Counter()
        for move in self.deal["moves"]:
            moved[move["line"]] += int(move["amount"])
        wanted = Counter({None: int(amount)} | {number: int(line["amount"]) for number, line in enumerate(lines)})
        self.want(moved == wanted, "deal.json", "moves", amount)

    def check_keys(self) -> None:
        """keys.txt is only for people, so it must show them exactly the keys that were checked; a log that changes keys has two."""
        raw = self.members.get("keys.txt", b"")
        lines = raw.decode(errors="replace").split("\n")[:SIGNATURES_MAX]
        logs = [line[4:] for line in lines if line.startswith("log ")]
        shown = [f"log {vkey}" for vkey in logs] + [f"{side} {self.deal[side]} {self.deal[f'{side}_key']}" for side in ("seller", "buyer")]
        holds = self.vkey in logs and all(vkey == self.vkey or self.has_signed(vkey) for vkey in logs)
        holds = holds and raw == "".join(f"{line}\n" for line in shown).encode(errors="replace")
        self.want(holds, "keys.txt", "differs", "text", "deal.json, --log-key")

    def has_signed(self, vkey: str) -> bool:
        """Whether a key signed the checkpoint."""
        try:
            open_checkpoint(self.members.get("checkpoint", b""), vkey)
        except Refused:
            return False
        return True


def covers(parent: dict[str, Json], child: dict[str, Json], owner: str | None) -> bool:
    """Whether a grant stays within the one it rests on: an operating right in the same object, of the owner, for the whole time."""
    starts = instant(parent["valid_from"]) <= instant(child["valid_from"])
    ends = parent["valid_to"] is None or (child["valid_to"] is not None and instant(child["valid_to"]) <= instant(parent["valid_to"]))
    return starts and ends and parent["kind"] == "OPERATE" and parent["object"] == child["object"] and owner in {None, parent["holder"]}


def period(right: dict[str, Json], until: str) -> tuple[str, str, bool, datetime, datetime | None]:
    """What a right is in, of which kind, whether nobody else may have it, and from when to before when."""
    ends = instant(right[until]) if right[until] else None
    return right["object"], right["kind"], right["exclusive"], instant(right["valid_from"]), ends


def instant(text: str) -> datetime:
    """A day (its first moment) or an instant, in UTC unless it says otherwise."""
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        fail("entries/", "value", "valid_from, valid_to", text)
    return read if read.tzinfo else read.replace(tzinfo=UTC)


CHECKS: Final = (
    (Case.check_members, "the bundle is complete and each file is the one that the manifest lists", "证据包完整，各文件与清单一致"),
    (Case.check_log, "every event in it is an entry of the log that the trusted key signed, byte for byte", "各事件均在受信日志中"),
    (Case.check_disclosures, "the amounts shown are the ones that the log sealed", "所披露金额即日志封存的金额"),
    (Case.check_chain, "the deal was signed, funded, delivered, accepted, settled, in that order", "交易依次签署、托管、交付、验收、结算"),
    (Case.check_contract, "both sides signed this contract with keys that the log had bound to them", "双方以日志已绑定的公钥签署本合同"),
    (
        Case.check_rights,
        "the contract's rights were granted, within the seller's operating right in the log",
        "合同权利已授予，未超出卖方经营权",
    ),
    (Case.check_settlement, "shares, fees and taxes sum to the amount and are those of the log", "各项合计等于金额，且与日志一致"),
    (Case.check_keys, "keys.txt shows the keys that were checked", "keys.txt 所示即所验公钥"),
)


def verify(data: bytes, vkey: str) -> Report:
    """Examine a bundle with the log key that you trust; never raises for what is in the bundle."""
    try:
        case = Case(unzip(data), vkey)
    except Refused as refusal:
        return Report([refusal.args[0]], [])
    proven: list[tuple[str, str]] = []
    for check, english, chinese in CHECKS:
        try:
            check(case)
        except Refused as refusal:
            case.problems.append(refusal.args[0])
        if not case.problems:  # what rests on a failed check is not proven
            proven.append((english, chinese))
    return Report(list(dict.fromkeys(case.problems)), proven)


def main(arguments: list[str] | None = None) -> int:
    """Verify one bundle, say what was found, and return the exit code."""
    parser = argparse.ArgumentParser(description="Verify a deal's evidence bundle offline. 离线验证交易证据包")
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--log-key", required=True, help="the log's public key, from a source you trust 可信来源的日志公钥")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    try:
        with given.bundle.open("rb") as file:
            report = verify(file.read(BUNDLE_BYTES_MAX + 1), given.log_key)
    except OSError:
        report = Report([Problem.of(str(given.bundle), "missing")], [])
    if given.json:
        problems = [problem._asdict() for problem in report.problems]
        shown = {"verified": report.verified, "problems": problems, "proven": report.proven, "not_proven": report.unproven}
        lines = [json.dumps(shown, ensure_ascii=False)]
    else:
        lines = ["VERIFIED 验证通过" if report.verified else "NOT VERIFIED 验证未通过"]
        lines += [f"  wrong 有误   {p.file}: {p.english} / {p.chinese}" for p in report.problems]
        lines += [f"  proven 已证明   {english} / {chinese}" for english, chinese in report.proven]
        lines += [f"  not proven 未证明   {english} / {chinese}" for english, chinese in report.unproven]
    sys.stdout.buffer.write(("\n".join(lines) + "\n").encode(errors="replace"))
    return 0 if report.verified else 1


if __name__ == "__main__":
    sys.exit(main())
