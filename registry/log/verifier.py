"""Proves or refutes an evidence bundle, of a deal or of a right, without Egret: this file, Python from 3.11, and `cryptography` from 42.

    python verifier.py bundle.zip --log-key '<name>+<key id>+<base64>' [--json]        exit code 0: verified, 1: not, 2: misused

      --log-key KEY     repeatable: a log that has changed its key has several
      --witness KEY     repeatable, with --quorum N (default: all): that many of these witnesses must have cosigned the checkpoint
      --policy FILE     instead: logs, witnesses, groups and quorum as in C2SP tlog-policy
      --tsa-root FILE   PEM: an authority under one of these roots must have timestamped the checkpoint (RFC 3161)
      --issuer-key KEY  repeatable, multibase: one of these must have signed every certificate
      --log-sm2-key KEY, --issuer-sm2-key KEY    repeatable: the same once more, by SM2 with SM3 (GB/T 32918)

Trust comes from outside only: from these options, and from whoever gave them. The bundle is taken as an attacker's work; whatever
this file does not know (a member, a field, an event, a version) refuses it, and so does whatever an option asks for and the bundle
lacks. What no option asks for is read, and named as not proven. Members of the zip (in one byte form, see ``zip_of``):

  manifest.json          SHA-256 of every other member; JSON members are RFC 8785 and have the forms named in FORMS
  checkpoint             the log's signed note: origin, size, root; below the log's line may stand its second, by SM2 (type ff, see
                         ``SM2_KIND``), and those of witnesses (type 04)
  entries/<index>.json   a leaf of the log, byte for byte: LEAF, with ``data`` as the subject's events have it for its schema
  proofs/<index>.json    its RFC 6962 inclusion proof for the checkpoint's size, hashes in hex
  disclosures.json       salt (hex) and value of sealed members of the entries; ``path`` is the member's name in ``data``
  contract.json          of a deal, the terms: at least what CONTRACT names; other keys are the parties' own
  deal.json, right.json  what is claimed of the deal or the right; each claim must be found in the log
  keys.txt               for people; shows only keys that have signed (see ``Case.check_keys``)
  timestamp.tsr          may be there: an RFC 3161 answer over the first lines of checkpoint, each with its line feed: its three lines,
                         the blank one, and those by which the log signed it, of which one has to be by a trusted key
  certificates/<no>.json may be there, each for one entry certificate.issued, and then for all of them; beside one may stand
                         <no>.sm2.json, a detached SM2 signature over its SM2_CONTEXT and the certificate without its proof

A sealed member stands in its leaf as {"_h": base64url(SHA-256(salt || canonical(value)))}. Amounts are decimal strings of
minor units. A side signs, with Ed25519, the lines egret-contract-v1, hash of contract.json in hex, deal, seller or buyer.
"""

import sys

if __name__ == "__main__" and not sys.flags.safe_path:
    del sys.path[0]  # the folder of this file: what lies beside it, ours or an attacker's, must not stand for a module of Python

import argparse
import json
import re
import struct
from base64 import b64decode, b64encode, urlsafe_b64encode
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from hashlib import sha1, sha256, sha384, sha512
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, NamedTuple, NoReturn, TypeAlias
from zlib import crc32

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding

Json: TypeAlias = Any  # whatever a parsed member holds; ``conform`` has checked it against its form

BUNDLE_BYTES_MAX: Final = 16 * 1024 * 1024
OPTION_BYTES_MAX: Final = 1024 * 1024
MEMBERS_MAX: Final = 500
LIST_MAX: Final = 500
SIGNATURES_MAX: Final = 100
NAMES_MAX: Final = 256
ELEMENTS_MAX: Final = 64
INTEGER_BYTES_MAX: Final = 64
LONG_FORM: Final = 0x80  # in DER: the length stands in as many bytes more as are added to this
LENGTH_BYTES_MAX: Final = 3
HIGH_TAG: Final = 0x1F
CMS_VERSION: Final = 3
CHAIN_MAX: Final = 8
RSA_BITS_MIN: Final = 2048
EC_BITS_MIN: Final = 256
HASH_BYTES: Final = 32
POINT_BYTES: Final = 65
SIZE_MAX: Final = 2**63 - 1
TEXT_MAX: Final = 200
BASE58: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
LEEWAY: Final = timedelta(minutes=5)  # what clocks may differ by before a time counts as being in the future

TEXT: Final = re.compile(r"[^\x00-\x1f]{1,200}")
WORDS: Final = re.compile(r"[^\x00]{0,4000}")
UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
AMOUNT: Final = re.compile(r"0|[1-9][0-9]{0,29}")
CURRENCY: Final = re.compile(r"[A-Z]{3}")
HASH: Final = re.compile(r"[0-9a-f]{64}")
SALT: Final = re.compile(r"[0-9a-f]{32}")
KEY: Final = re.compile(r"[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=")  # the last digit carries no bits that are not of the key
SIGNATURE: Final = re.compile(r"[A-Za-z0-9+/]{85}[AQgw]==")
DAY: Final = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])")
INSTANT: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2}))?")
ROLE: Final = re.compile(r"platform_fee|institution_fee|share|tax")
KIND: Final = re.compile(r"HOLD|USE|OPERATE")
NUMBERED: Final = re.compile(r"(entries|proofs)/(0|[1-9][0-9]{0,18})\.json")
CERTIFICATE: Final = re.compile(r"certificates/(EGR-[0-9]{6}-[0-9]{4})\.json")
DETACHED: Final = re.compile(r"certificates/(EGR-[0-9]{6}-[0-9]{4})\.sm2\.json")
ALWAYS: Final = frozenset({"checkpoint", "disclosures.json", "keys.txt", "manifest.json"})
STAMP: Final = "timestamp.tsr"
KNOWN: Final = ALWAYS | {"contract.json", "deal.json", "right.json", STAMP}

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
SHARED: Final[dict[str, Json]] = {
    "key.registered": {"key": TEXT, "party": TEXT, "person": SEALED, "public_key": KEY},
    "right.granted": GRANT,
    "certificate.issued": {"certificate": UUID, "number": TEXT, "filing": UUID, "object": UUID, "sha256": HASH},
    "deal.signed": SIGNED,
}
DEAL_EVENTS: Final = SHARED | {
    "deal.funded": {"deal": UUID, "currency": CURRENCY, "amount": SEALED},
    "deal.delivered": {"deal": UUID, "sha256": HASH},
    "deal.accepted": {"deal": UUID},
    "deal.settled": {"deal": UUID, "currency": CURRENCY, "amount": SEALED, "lines": SEALED},
}
HOLD: Final = {"hold": UUID, "object": UUID, "kind": TEXT, "reason": SEALED}
RIGHT_EVENTS: Final = SHARED | {
    "right.granted": GRANT | {"valid_from": DAY, "valid_to": (DAY,)},
    "object.registered": {
        "object": UUID, "kind": TEXT, "owner": UUID, "identifier": WORDS, "filing": UUID, "source_category": WORDS, "source_kind": WORDS,
        "situation": WORDS, "level": WORDS, "pi_kind": WORDS, "sector": WORDS, "made_from": [{"object": UUID, "grant": UUID}],
        "registered_at": INSTANT, "name": SEALED, "summary": SEALED,
    },
    "filing.deposited": {
        "filing": UUID, "applicant": UUID, "object": UUID, "identifier": WORDS, "rights": [{"kind": KIND, "grant": UUID}],
        "valid_from": DAY, "valid_until": DAY, "verdict": UUID, "deposited_at": INSTANT,
    },
    "right.ended": {
        "grant": UUID, "object": UUID, "kind": KIND, "holder": UUID, "ends_on": DAY, "recorded_at": INSTANT, "reason": SEALED,
        "children": [{"grant": UUID, "object": UUID, "kind": KIND, "holder": UUID}],
    },
    "hold.placed": HOLD | {"set_by": UUID, "placed_at": INSTANT},
    "hold.lifted": HOLD | {"lifted_at": INSTANT},
}  # fmt: skip
REQUIRED: Final = ("deal.signed", "deal.funded", "deal.delivered", "deal.accepted", "deal.settled")
DISCLOSED: Final[dict[str, Json]] = {"amount": AMOUNT, "lines": LINES}
FLAGS: Final = ("derive", "provide_derived", "sublicense", "resale", "export")
SCOPE: Final = dict.fromkeys(FLAGS, bool) | {"territory": TEXT, "purposes": [TEXT]}
TERMS: Final = {"lane": int, "scope": SCOPE, "filing": (UUID,), "recorded_at": INSTANT}
URN: Final = re.compile(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
ED25519_MULTIKEY: Final = b"\xed\x01"
PROOF: Final = {
    "@context": [TEXT], "type": "DataIntegrityProof", "cryptosuite": "eddsa-jcs-2022", "proofPurpose": "assertionMethod",
    "verificationMethod": TEXT, "created": INSTANT, "proofValue": re.compile(r"z[1-9A-HJ-NP-Za-km-z]{80,100}"),
}  # fmt: skip
SM2_MULTIKEY: Final = b"\x86\x24"
SM2_USER_ID: Final = "1234567812345678"
SM2_KIND: Final = b"\xffegret SM2 with SM3, user id %s\n" % SM2_USER_ID.encode()  # of a log's key; stands before the point
SM2_CONTEXT: Final = "egret-certificate-sm2-v1\n"
SM2_SIGNATURE: Final = {
    "number": TEXT, "algorithm": "SM2-SM3", "context": SM2_CONTEXT, "sha256": HASH, "user_id": SM2_USER_ID,
    "key_id": re.compile(r"[0-9a-f]{16}"), "public_key": re.compile(r"04[0-9a-f]{128}"), "signature": re.compile(r"([0-9a-f]{2}){8,72}"),
}  # fmt: skip
STATED: Final = {"grant": URN, "kind": KIND, "exclusive": bool, "valid_from": DAY, "last_day": DAY}
RIGHT_DISCLOSED: Final[dict[str, Json]] = {"terms": TERMS, "income_share_ppm": int, "name": WORDS, "summary": WORDS}
ABOUT: Final = {"type": TEXT, "id": TEXT}
LEAF: Final = {"schema": TEXT, "version": 1, "id": TEXT, "at": INSTANT, "actor": SEALED, "subject": ABOUT, "data": object}
PROMISED: Final = {"object": TEXT, "kind": KIND, "exclusive": bool, "valid_from": INSTANT, "valid_until": INSTANT, "scope": object}
CONTRACT: Final = {"seller": TEXT, "buyer": TEXT, "currency": CURRENCY, "amount": (AMOUNT,), "rights": [PROMISED]}
MOVES: Final = [{"move": TEXT, "source": TEXT, "destination": TEXT, "amount": AMOUNT, "line": (int,)}]  # line null: into escrow
MEMBERS: Final = [{"name": TEXT, "sha256": HASH}]
FORMS: Final[dict[str, Json]] = {
    "proof": {"index": int, "size": int, "hashes": [HASH]},
    "disclosures.json": [{"index": int, "path": TEXT, "salt": SALT, "value": object}],
    "deal.json": SIGNED
    | {"format": "egret-deal", "version": 1, "currency": CURRENCY, "amount": AMOUNT, "lines": LINES, "rights": [UUID], "moves": MOVES},
    # ``valid_until`` is the first day on which the right is no longer in force; ``holds`` those in force on its object and its sources
    "right.json": {
        "format": "egret-right", "version": 1, "right": UUID, "object": UUID, "kind": KIND, "holder": UUID, "exclusive": bool,
        "valid_from": DAY, "valid_until": DAY, "holds": [UUID],
    },
}  # fmt: skip
LICENSED: Final = frozenset({("OPERATE", "USE"), ("OPERATE", "OPERATE"), ("USE", "USE")})  # which kind of right may rest on which

TEXTS: Final[dict[str, tuple[str, str]]] = {
    "missing": ("is missing", "缺失"),
    "unreadable": ("cannot be read", "无法读取"),
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
    "bad_option": ("says nothing that can be followed here: {0}", "无法执行：{0}"),
    "bad_key": ("is not an Ed25519 verifier key <name>+<id>+<base64>", "不是 Ed25519 验证公钥 <名称>+<编号>+<base64>"),
    "bad_sm2_key": ("is not an SM2 key of a log, <name>+<id>+<base64>", "不是日志的 SM2 公钥 <名称>+<编号>+<base64>"),
    "no_sm3": ("cannot be followed on this machine: its OpenSSL has no SM3", "本机无法执行：其 OpenSSL 不含 SM3"),
    "no_second": ("has no second signature by the SM2 key of its log that you trust: {0}", "没有受信 SM2 公钥的第二签名：{0}"),
    "malformed": ("is not a signed checkpoint in its one form", "不是规范形式的已签署检查点"),
    "untrusted": ("is not signed by the trusted log key {0}", "不是由受信日志公钥 {0} 签署"),
    "forged": ("the signature of {0} is wrong: text or signature was changed", "{0} 的签名错误：正文或签名被改动"),
    "future": ("{0} states a time that has not come yet: {1}", "{0} 所载时间尚未到来：{1}"),
    "own_witness": ("has a key of a log, which cannot be its own witness", "含日志公钥，日志不能自为见证"),
    "quorum": ("{0} of the trusted witnesses cosigned it, which does not make up the quorum {1}", "{0} 个受信见证方共签，未达法定数 {1}"),
    "der": ("is no RFC 3161 answer in DER that is known here: {0}", "不是可识别的 RFC 3161 时间戳（DER）：{0}"),
    "other_stamp": ("was given for something else than this checkpoint as its log signed it", "并非为此检查点（含日志签名）签发"),
    "authority": ("is not by an authority that the given roots vouch for: {0}", "签发机构不为所给根证书所认可：{0}"),
    "not_in_log": ("is not in the signed log: the entry or its proof was changed", "不在已签署日志中：条目或其证明被改动"),
    "event": ("{0} is no event that is known here", "{0} 不是已知事件"),
    "step": ("the required step {0} is there {1} times, not once", "必需步骤 {0} 出现 {1} 次，应为一次"),
    "order": ("{0} does not come after {1}", "{0} 未在 {1} 之后"),
    "other_deal": ("belongs to another deal, {0}", "属于另一交易 {0}"),
    "idle": ("has nothing to do with this deal or right", "与本交易或权利无关"),
    "sealed": ("{0} of {1}: sealed but not disclosed, or the reverse", "{1} 的 {0}：封存与披露不对应"),
    "altered": ("{0} of {1} was altered: it is not the value that the log sealed", "{1} 的 {0} 被篡改：与日志封存值不符"),
    "contract": ("is not the contract whose hash both sides signed in {0}", "不是双方在 {0} 中签署其哈希的合同"),
    "unbound": ("no key.registered before {0} binds the key of the {1} to {2}", "{0} 之前没有条目将 {1} 的公钥绑定到 {2}"),
    "one_party": ("seller and buyer are the same", "卖方与买方相同"),
    "no_grant": ("the rights granted in the log are not the rights that the contract grants", "日志授予的权利与合同约定的权利不一致"),
    "no_parent": ("no entry before it has the grant {0} that it rests on", "其依据的授权 {0} 未在其之前的条目中"),
    "uncovered": ("it goes beyond the grant {0} that it rests on (operating right, object, holder or time)", "超出其依据的授权 {0}"),
    "no_right": ("the right {0}, on which it rests, is not in the bundle", "其所依据的权利 {0} 不在证据包中"),
    "no_object": ("no entry before it registered its object {0}", "其之前没有条目登记客体 {0}"),
    "no_filing": ("no filing deposited after it claimed it for this holder, object, kind and term", "其后没有与之相符的登记存证"),
    "no_deal": ("no deal signed before it granted it from {0} to {1}", "其之前没有由 {0} 授予 {1} 的已签署交易"),
    "outlasts": ("it lasts beyond the right {0} that it rests on", "其期限超出所依据的权利 {0}"),
    "wider": ("it allows more than the right {0} that it rests on", "其范围超出所依据的权利 {0}"),
    "certificate": ("{0} is not what the log registered", "{0} 与日志登记内容不符"),
    "issuer": ("is not signed by an issuer that you trust", "不是由受信签发者签署"),
    "no_sm2": ("has no SM2 signature in the bundle", "证据包中没有其 SM2 签名"),
    "sm2_form": ("{0} is none: a point of the curve, its id, or two numbers in DER", "{0} 无效：应为曲线上的点、其编号或 DER 编码的两数"),
    "line": ("line {0} was altered: {1}, but the log settled {2}", "第 {0} 项被篡改：所载 {1}，日志结算 {2}"),
    "sum": ("shares, fees and taxes sum to {0}, not to the amount {1}", "分成、费用与税款合计 {0}，不等于金额 {1}"),
    "no_holder": ("{0} gets a share but holds no grant in the bundle", "{0} 获得分成，但未见其持有权利"),
    "moves": ("the ledger moves do not make up {0}", "账簿分录与 {0} 不符"),
}


class Problem(NamedTuple):
    """One reason not to believe the bundle: which file, and what is wrong with it, in both languages."""

    file: str
    english: str
    chinese: str

    @classmethod
    def of(cls, file: str, code: str, *params: object) -> "Problem":
        """The problem with its two texts; what came from the bundle is made safe for a terminal."""
        shown = [printable(param) for param in params]
        english, chinese = (text.format(*shown) for text in TEXTS[code])
        return cls(printable(file), english, chinese)


def printable(value: object) -> str:
    """A value as a terminal may show it, whoever wrote it; three dots stand for the rest of a long one."""
    text = str(value)
    return "".join(each if each.isprintable() else "?" for each in text[:TEXT_MAX]) + "..." * (len(text) > TEXT_MAX)


class Refused(Exception):
    """A check cannot go on; carries its ``Problem``."""


class Unshown(Exception):
    """A check had nothing to go by, which is no problem; carries its name in ``UNSHOWN``."""


class Report(NamedTuple):
    """What a verification found; verified if there is no problem. The two lists hold pairs of English and Chinese."""

    problems: list[Problem]
    proven: list[tuple[str, str]]
    unproven: list[tuple[str, str]]

    @property
    def verified(self) -> bool:
        """Whether every check ran and none found anything."""
        return not self.problems


@dataclass(frozen=True)
class Trust:
    """What is believed beforehand, as the options of the command line give it; everything else has to follow from it.

    ``now`` is the time after which nothing can have happened yet; without it no time is too late.
    """

    log_keys: tuple[str, ...] = ()
    witnesses: tuple[str, ...] = ()
    quorum: str | None = None
    policy: bytes | None = None
    tsa_roots: bytes | None = None
    issuer_keys: tuple[str, ...] = ()
    now: datetime | None = None
    log_sm2_keys: tuple[str, ...] = ()
    issuer_sm2_keys: tuple[str, ...] = ()


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
        if name in members or not (name in KNOWN or NUMBERED.fullmatch(name) or CERTIFICATE.fullmatch(name) or DETACHED.fullmatch(name)):
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


class Key(NamedTuple):
    """A verifier key as it was given, and its parts."""

    given: str
    name: str
    key_id: bytes
    raw: bytes


def key_of(option: str, given: str, kind: bytes) -> Key:
    """A verifier key of a kind: 01 signs a log's checkpoints, 04 cosigns them, ``SM2_KIND`` signs them too. Source: C2SP signed-note."""
    code, length = ("bad_sm2_key", POINT_BYTES) if kind == SM2_KIND else ("bad_key", HASH_BYTES)
    try:
        name, stated, encoded = given.split("+", 2)
        typed = b64decode(encoded, validate=True)
        key_id = sha256(name.encode() + b"\n" + typed).digest()[:4]
    except ValueError:
        fail(option, code)
    if not typed.startswith(kind) or len(typed) != len(kind) + length or key_id.hex() != stated:
        fail(option, code)
    return Key(given, name, key_id, typed[len(kind) :])


class Rule(NamedTuple):
    """Which logs and witnesses are trusted by name, which groups they form, and whose word is needed."""

    logs: list[Key]
    witnesses: dict[str, Key]
    groups: dict[str, tuple[int, list[str]]]
    needed: str

    def satisfied(self, seen: set[str]) -> bool:
        """Whether these witnesses make up the quorum; a group names only what stands before it."""
        told = set(seen)
        for name, (number, names) in self.groups.items():
            if len(told.intersection(names)) >= number:
                told.add(name)
        return self.needed == "none" or self.needed in told


def rule_of(trust: Trust) -> Rule | None:
    """What the options say of witnesses; None if they say nothing."""
    if trust.policy is not None:
        if trust.witnesses or trust.quorum is not None:
            fail("--policy", "bad_option", "--witness, --quorum")
        return policy_of(trust.policy)
    witnesses = {each: key_of("--witness", each, b"\x04") for each in trust.witnesses}
    number = trust.quorum if trust.quorum is not None else str(len(witnesses))
    if len(witnesses) < len(trust.witnesses) or len({key.raw for key in witnesses.values()}) < len(witnesses) or len(witnesses) > NAMES_MAX:
        fail("--witness", "listing")
    if trust.quorum is not None and not (re.fullmatch("[1-9][0-9]{0,3}", number) and int(number) <= len(witnesses)):
        fail("--quorum", "bad_option", number)
    return Rule([], witnesses, {number: (int(number), list(witnesses))}, number) if witnesses else None


def policy_of(raw: bytes) -> Rule:
    """The rule of a policy file. Source: C2SP tlog-policy."""
    try:
        lines = raw.decode().split("\n") if len(raw) <= OPTION_BYTES_MAX else fail("--policy", "too_big", OPTION_BYTES_MAX)
    except ValueError:
        fail("--policy", "bad_option", "UTF-8")
    rule, grouped = Rule([], {}, {}, ""), set[str]()
    for line in lines:
        taken, words = rule.witnesses.keys() | rule.groups.keys() | {"none"}, line.split()
        match words:
            case ["log", key, *url] if len(url) <= 1:
                rule.logs.append(key_of("--policy", key, b"\x01"))
            case ["witness", name, key, *url] if len(url) <= 1 and name not in taken and len(taken) <= NAMES_MAX:
                rule.witnesses[name] = key_of("--policy", key, b"\x04")
            case ["group", name, least, *of] if (
                name not in taken and len(taken) <= NAMES_MAX and (taken - {"none"} - grouped).issuperset(of)
            ):
                rule.groups[name] = least_of(least, of), of
                grouped.update(of)
            case ["quorum", name] if not rule.needed and name in taken:
                rule = rule._replace(needed=name)
            case [first, *_] if not first.startswith("#"):
                fail("--policy", "bad_option", line)
    if not rule.needed or len({key.raw for key in rule.witnesses.values()}) < len(rule.witnesses):
        fail("--policy", "bad_option", "quorum, witness")
    return rule


def least_of(stated: str, names: list[str]) -> int:
    """How many of a group are needed."""
    number = {"any": "1", "all": str(len(names))}.get(stated, stated)
    if not (re.fullmatch("[1-9][0-9]{0,3}", number) and int(number) <= len(set(names)) == len(names)):
        fail("--policy", "bad_option", f"group {stated} {names}")
    return int(number)


class Line(NamedTuple):
    """One signature line of a checkpoint."""

    name: str
    key_id: bytes
    signature: bytes
    text: str


class Checkpoint(NamedTuple):
    """A checkpoint that a trusted key signed: its three lines, size and root, every signature line, and the keys that signed."""

    body: str
    size: int
    root: bytes
    lines: list[Line]
    signed_by: list[Key]


def open_checkpoint(raw: bytes, trusted: list[Key]) -> Checkpoint:
    """The checkpoint in a note. Source: C2SP signed-note, tlog-checkpoint."""
    if raw.count(b"\n") > SIGNATURES_MAX + 4:  # counted before anything is made of them
        fail("checkpoint", "malformed")
    try:
        text, _, tail = raw.decode().rpartition("\n\n")
        origin, size, root = text.split("\n")
        lines = []
        for each in tail.removesuffix("\n").split("\n"):
            _, name, encoded = each.split(" ")
            signature = b64decode(encoded)
            lines.append(Line(name, signature[:4], signature[4:], f"\u2014 {name} {b64encode(signature).decode()}\n"))
        opened = Checkpoint(f"{text}\n", int(size), b64decode(root), lines, [])
    except ValueError:
        fail("checkpoint", "malformed")
    again = f"{origin}\n{opened.size}\n{b64encode(opened.root).decode()}\n\n{''.join(line.text for line in lines)}"
    if again.encode() != raw or len(opened.root) != HASH_BYTES or not 0 <= opened.size <= SIZE_MAX:
        fail("checkpoint", "malformed")
    ours = [(key, line) for line in lines for key in trusted if (key.name, key.key_id) == (line.name, line.key_id)]
    if not ours or any(key.name != origin for key, _ in ours):
        fail("checkpoint", "untrusted", ", ".join(key.given for key in trusted))
    for key, line in ours:
        if not is_signed(key.raw, line.signature, opened.body.encode()):
            fail("checkpoint", "forged", key.name)
    return opened._replace(signed_by=[key for key, _ in ours])


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


# DER, one level at a time: nothing here calls itself, and whoever reads a token says which elements it has, in order. Source: X.690.
INTEGER, OCTETS, NULL, OID, TIME, SEQUENCE, SET, BOOLEAN = 0x02, 0x04, 0x05, 0x06, 0x18, 0x30, 0x31, 0x01
SIGNED_DATA: Final = bytes.fromhex("2a864886f70d010702")
TST_INFO: Final = bytes.fromhex("2a864886f70d0109100104")
DIGESTS: Final[dict[bytes, Any]] = {
    bytes.fromhex("608648016503040201"): sha256,
    bytes.fromhex("608648016503040202"): sha384,
    bytes.fromhex("608648016503040203"): sha512,
}
SIGNED_WITH: Final[dict[bytes, tuple[str, Any]]] = {  # kind of key, and the digest if the name says it
    bytes.fromhex("2a864886f70d010101"): ("RSA", None),
    bytes.fromhex("2a864886f70d01010b"): ("RSA", sha256),
    bytes.fromhex("2a864886f70d01010c"): ("RSA", sha384),
    bytes.fromhex("2a864886f70d01010d"): ("RSA", sha512),
    bytes.fromhex("2a8648ce3d040302"): ("EC", sha256),
    bytes.fromhex("2a8648ce3d040303"): ("EC", sha384),
    bytes.fromhex("2a8648ce3d040304"): ("EC", sha512),
}
ATTRIBUTES: Final = {
    bytes.fromhex("2a864886f70d010903"): "content type",
    bytes.fromhex("2a864886f70d010904"): "message digest",
    bytes.fromhex("2a864886f70d010905"): "signing time",
    bytes.fromhex("2a864886f70d010934"): "algorithm protection",
    bytes.fromhex("2a864886f70d010910020c"): "signing certificate",
    bytes.fromhex("2a864886f70d010910022f"): "signing certificate v2",
}
CRITICAL: Final = ("2.5.29.19", "2.5.29.15", "2.5.29.37")  # basic constraints, key usage, extended key usage
GENERALIZED: Final = re.compile(rb"([0-9]{4})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})(?:\.([0-9]{0,5}[1-9]))?Z")


class Element(NamedTuple):
    """One element of DER: its tag, what is in it, and all its bytes. ``ABSENT`` stands for an optional one that is not there."""

    tag: int
    body: bytes
    raw: bytes


ABSENT: Final = Element(0, b"", b"")


def only(raw: bytes) -> Element:
    """The one element that these bytes are."""
    found = elements(raw)
    return found[0] if len(found) == 1 else fail(STAMP, "der", "length")


def elements(body: bytes) -> list[Element]:
    """The elements that stand side by side in a body: one-byte tags, definite lengths in their shortest form."""
    found: list[Element] = []
    at = 0
    while at < len(body):
        start, length = at + 2, body[at + 1] if at + 1 < len(body) else LONG_FORM
        if length >= LONG_FORM:
            start += length - LONG_FORM
            long = body[at + 2 : start]
            length = int.from_bytes(long, "big")
            if not 1 <= len(long) <= LENGTH_BYTES_MAX or long[0] == 0 or length < LONG_FORM:
                fail(STAMP, "der", "length")
        if body[at] & HIGH_TAG == HIGH_TAG or start + length > len(body) or len(found) == ELEMENTS_MAX:
            fail(STAMP, "der", "length")
        found.append(Element(body[at], body[start : start + length], body[at : start + length]))
        at = start + length
    return found


def parts(whole: Element, tag: int, *form: int) -> list[Element]:
    """The elements in one that has exactly these, in order; a negative tag may be missing."""
    left, found = elements(whole.body) if whole.tag == tag else fail(STAMP, "der", f"tag {whole.tag:02x}"), []
    for wanted in form:
        if left and left[0].tag == abs(wanted):
            found.append(left.pop(0))
        elif wanted < 0:
            found.append(ABSENT)
        else:
            fail(STAMP, "der", f"no tag {wanted:02x}")
    return found if not left else fail(STAMP, "der", f"tag {left[0].tag:02x}")


def number_of(part: Element) -> int:
    """A non-negative integer of at most 64 bytes, in its shortest form; 0 where an optional one is missing."""
    body = part.body
    if part.tag and (not 1 <= len(body) <= INTEGER_BYTES_MAX or body[0] & 0x80 or (len(body) > 1 and body[0] == 0 and not body[1] & 0x80)):
        fail(STAMP, "der", "integer")
    return int.from_bytes(body, "big")


def algorithm(part: Element) -> bytes:
    """The name of an algorithm that has no parameters."""
    name, none = parts(part, SEQUENCE, OID, -NULL)
    return name.body if not none.body else fail(STAMP, "der", "parameters")


class Stamp(NamedTuple):
    """What an authority signed: over which digest, when at the latest; and with what, not yet checked."""

    digest: bytes
    imprint: bytes
    nonce: int
    at: datetime
    signer: tuple[bytes, int]
    hashed: Any
    signed: bytes
    signature: bytes
    signed_with: bytes
    certificates: list[bytes]
    claims: list[tuple[Any, bytes]]


def read_stamp(raw: bytes) -> Stamp:
    """The token in an RFC 3161 answer, complete in itself: one signer, whose attributes have the digest of what is signed."""
    if len(raw) > OPTION_BYTES_MAX:
        fail(STAMP, "der", "length")
    status, token = parts(only(raw), SEQUENCE, SEQUENCE, SEQUENCE)
    if number_of(parts(status, SEQUENCE, INTEGER, -SEQUENCE)[0]):  # granted as asked, and nothing else
        fail(STAMP, "der", "status")
    kind, wrapped = parts(token, SEQUENCE, OID, 0xA0)
    (data,) = parts(wrapped, 0xA0, SEQUENCE)
    version, digests, content, certificates, signers = parts(data, SEQUENCE, INTEGER, SET, SEQUENCE, 0xA0, SET)
    what, inner = parts(content, SEQUENCE, OID, 0xA0)
    (info,) = parts(inner, 0xA0, OCTETS)
    (signer,) = parts(signers, SET, SEQUENCE)
    if (kind.body, what.body, number_of(version)) != (SIGNED_DATA, TST_INFO, CMS_VERSION):
        fail(STAMP, "der", "content type")
    one, who, hashed, attributes, signed_with, signature = parts(signer, SEQUENCE, INTEGER, SEQUENCE, SEQUENCE, 0xA0, SEQUENCE, OCTETS)
    issuer, serial = parts(who, SEQUENCE, SEQUENCE, INTEGER)
    digest = DIGESTS.get(algorithm(hashed)) or fail(STAMP, "der", "digest")
    if [algorithm(each) for each in parts(digests, SET, SEQUENCE)] != [algorithm(hashed)]:
        fail(STAMP, "der", "digest")
    told = attributes_of(attributes)
    if told.get("content type", ABSENT)[:2] != (OID, TST_INFO) or number_of(one) != 1:
        fail(STAMP, "der", "content type")
    if told.get("message digest", ABSENT)[:2] != (OCTETS, digest(info.body).digest()):
        fail(STAMP, "forged", "message digest")
    return Stamp(
        *info_of(info.body), signer=(issuer.raw, number_of(serial)), hashed=digest, signed=bytes([SET]) + attributes.raw[1:],
        signature=signature.body, signed_with=algorithm(signed_with), certificates=[each.raw for each in elements(certificates.body)],
        claims=claims_of(told),
    )  # fmt: skip


def attributes_of(signed: Element) -> dict[str, Element]:
    """The signed attributes, each known, there once, and with one value."""
    found: dict[str, Element] = {}
    for each in elements(signed.body):
        name, values = parts(each, SEQUENCE, OID, SET)
        known, held = ATTRIBUTES.get(name.body), elements(values.body)
        if known is None or known in found or len(held) != 1:
            fail(STAMP, "der", f"attribute {name.body.hex()}")
        found[known] = held[0]
    return found


def claims_of(told: dict[str, Element]) -> list[tuple[Any, bytes]]:
    """The digests by which the attributes name the certificate that signed: SHA-1 in RFC 2634, any in RFC 5035."""
    claims: list[tuple[Any, bytes]] = []
    for name, form in (("signing certificate", (OCTETS, -SEQUENCE)), ("signing certificate v2", (-SEQUENCE, OCTETS, -SEQUENCE))):
        if name in told:
            listed, _ = parts(told[name], SEQUENCE, SEQUENCE, -SEQUENCE)
            first = (elements(listed.body) or fail(STAMP, "der", name))[0]
            *by, digest, _ = parts(first, SEQUENCE, *form)
            used = DIGESTS.get(algorithm(by[0])) if by and by[0].tag else sha256 if by else sha1
            claims.append((used or fail(STAMP, "der", name), digest.body))
    return claims or fail(STAMP, "der", "signing certificate")


def info_of(raw: bytes) -> tuple[bytes, bytes, int, datetime]:
    """Digest algorithm, imprint, nonce and time (with its accuracy added) of a TSTInfo. Source: RFC 3161, 2.4.2."""
    form = (INTEGER, OID, SEQUENCE, INTEGER, TIME, -SEQUENCE, -BOOLEAN, -INTEGER, -0xA0)
    version, _, imprint, serial, time, accuracy, ordered, nonce, _ = parts(only(raw), SEQUENCE, *form)
    hashed, digest = parts(imprint, SEQUENCE, SEQUENCE, OCTETS)
    number_of(serial)  # it has to be one
    if number_of(version) != 1 or ordered.body not in {b"", b"\xff"}:
        fail(STAMP, "der", "version")
    written = GENERALIZED.fullmatch(time.body) or fail(STAMP, "der", "time")
    seconds, millis, micros = parts(accuracy, SEQUENCE, -INTEGER, -0x80, -0x81) if accuracy.tag else [ABSENT] * 3
    try:
        year, month, day, hour, minute, second = (int(each) for each in written.groups()[:6])
        fraction = int((written[7] or b"").ljust(6, b"0"))
        stated = datetime(year, month, day, hour, minute, second, fraction, UTC)
        about = timedelta(seconds=number_of(seconds), milliseconds=number_of(millis), microseconds=number_of(micros))
        return algorithm(hashed), digest.body, number_of(nonce), stated + about
    except (ValueError, OverflowError):
        fail(STAMP, "der", "time")


def authority_of(stamp: Stamp, roots: bytes) -> str:
    """Who signed the token, if one of these roots (PEM) vouches for it at the time that it states. Source: RFC 3161, 2.3; RFC 5280, 6.1."""
    from cryptography import x509  # noqa: PLC0415 a fifth of the time of a run that needs none

    try:
        trusted = x509.load_pem_x509_certificates(roots)
    except (ValueError, x509.InvalidVersion):
        fail("--tsa-root", "bad_option", "PEM")
    try:
        given = [x509.load_der_x509_certificate(each) for each in stamp.certificates]
        named = [each for each in given if (each.issuer.public_bytes(), each.serial_number) == stamp.signer]
        leaf = named[0] if len(named) == 1 else fail(STAMP, "authority", "signer")
        raw = leaf.public_bytes(Encoding.DER)
        if not all(used(raw).digest() == digest for used, digest in stamp.claims):
            fail(STAMP, "authority", "signing certificate")
        usage = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
        if not usage.critical or list(usage.value) != [x509.oid.ExtendedKeyUsageOID.TIME_STAMPING]:
            fail(STAMP, "authority", "extended key usage")
        vouched(leaf, given, trusted, stamp.at)
        if not is_by(leaf.public_key(), stamp):
            fail(STAMP, "forged", leaf.subject.rfc4514_string())
        return leaf.subject.rfc4514_string()
    except Refused:
        raise
    except Exception as error:  # noqa: BLE001 whatever a hostile certificate makes of the library, it is not believed
        fail(STAMP, "authority", type(error).__name__)


def vouched(leaf: Json, given: list[Json], trusted: list[Json], at: datetime) -> None:
    """Stop unless a chain of certificates, all valid at that time, leads from the authority's to a trusted root."""
    from cryptography import x509  # noqa: PLC0415 as in ``authority_of``

    stamping = {x509.oid.ExtendedKeyUsageOID.TIME_STAMPING, x509.oid.ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE}

    def in_time(each: Json) -> bool:
        return bool(each.not_valid_before_utc <= at <= each.not_valid_after_utc)

    path = [leaf]
    trusted = sorted(trusted, key=in_time, reverse=True)  # a root that was renewed stands there twice, with one key
    while not (root := next((each for each in trusted if issued(path[-1], each)), None)):
        above = next((each for each in given if each not in path and issued(path[-1], each)), None)
        if above is None or len(path) == CHAIN_MAX:
            fail(STAMP, "authority", "no chain")
        path.append(above)
    for place, each in enumerate([*path, root]):
        if not in_time(each):
            fail(STAMP, "authority", f"{each.subject.rfc4514_string()} {at.isoformat()}")
        found = {extension.oid.dotted_string: extension for extension in each.extensions}
        unknown = [oid for oid, extension in found.items() if extension.critical and oid not in CRITICAL]
        constraints, usage, purposes = (found[oid].value if oid in found else None for oid in CRITICAL)
        signs = usage is None or (usage.key_cert_sign if place else usage.digital_signature or usage.content_commitment)
        below = constraints is not None and constraints.ca and (constraints.path_length is None or constraints.path_length >= place - 1)
        stamps = purposes is None or not stamping.isdisjoint(purposes)  # of those above: what they may vouch for
        if unknown or not signs or not stamps or (place and not (below and is_strong(each.public_key()))):
            fail(STAMP, "authority", each.subject.rfc4514_string())


def issued(child: Json, parent: Json) -> bool:
    """Whether one certificate was signed with the key of another."""
    if child.issuer != parent.subject:
        return False
    try:
        child.verify_directly_issued_by(parent)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True


def is_strong(key: Json) -> bool:
    """Whether a key is of a kind, and of a length, that nobody forges signatures of."""
    from cryptography.hazmat.primitives.asymmetric import ec, rsa  # noqa: PLC0415 as in ``authority_of``

    kinds = ((rsa.RSAPublicKey, RSA_BITS_MIN), (ec.EllipticCurvePublicKey, EC_BITS_MIN))
    return any(isinstance(key, kind) and key.key_size >= least for kind, least in kinds)


def is_by(key: Json, stamp: Stamp) -> bool:
    """Whether the token's signature is by this key: RSA (PKCS#1 v1.5) or ECDSA."""
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415 as in ``authority_of``
    from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa  # noqa: PLC0415 the same

    kind, digest = SIGNED_WITH.get(stamp.signed_with) or fail(STAMP, "der", "signature algorithm")
    used = {sha256: hashes.SHA256(), sha384: hashes.SHA384(), sha512: hashes.SHA512()}[stamp.hashed]
    try:
        if not is_strong(key):
            fail(STAMP, "authority", "key")
        if kind == "RSA" and isinstance(key, rsa.RSAPublicKey) and digest in {None, stamp.hashed}:
            key.verify(stamp.signature, stamp.signed, padding.PKCS1v15(), used)
        elif kind == "EC" and isinstance(key, ec.EllipticCurvePublicKey) and digest is stamp.hashed:
            key.verify(stamp.signature, stamp.signed, ec.ECDSA(used))
        else:
            fail(STAMP, "authority", "key")
    except InvalidSignature:
        return False
    return True


def base58(text: str) -> bytes:
    """The bytes of base58btc after its letter z; none where it is none. Source: W3C Controlled Identifiers 1.0, 2.4."""
    number = 0
    for each in text[1:] if text[:1] == "z" and len(text) <= TEXT_MAX else "?":
        digit = BASE58.find(each)
        if digit < 0:
            return b""
        number = number * len(BASE58) + digit
    zeros = len(text[1:]) - len(text[1:].lstrip(BASE58[0]))
    return bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8, "big")


# SM2 in plain integers. Only public values come in here, so how long it takes may depend on them. Source: GB/T 32918.2; the curve's
# numbers: GB/T 32918.5. Points are in Jacobian coordinates: (x, y, z) is (x/z², y/z³), and with z = 0 the point at infinity.
SM2_P: Final = 2**256 - 2**224 - 2**96 + 2**64 - 1
SM2_A: Final = SM2_P - 3
SM2_B: Final = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
SM2_N: Final = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
SM2_G: Final = (
    0x32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7,
    0xBC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0,
    1,
)
Point: TypeAlias = tuple[int, int, int]
INFINITY: Final[Point] = (1, 1, 0)


def doubled(point: Point) -> Point:
    """Twice a point; the formula holds for a = -3."""
    x, y, z = point
    slope, s = 3 * (x - z * z) * (x + z * z) % SM2_P, 4 * x * y * y % SM2_P
    over = (slope * slope - 2 * s) % SM2_P
    return over, (slope * (s - over) - 8 * pow(y, 4, SM2_P)) % SM2_P, 2 * y * z % SM2_P


def added(one: Point, other: Point) -> Point:
    """The sum of two points, whichever they are."""
    (x1, y1, z1), (x2, y2, z2) = one, other
    if not z1 or not z2:
        return other if not z1 else one
    u, v = x1 * z2 * z2 % SM2_P, y1 * z2 * z2 * z2 % SM2_P
    h, r = (x2 * z1 * z1 - u) % SM2_P, (y2 * z1 * z1 * z1 - v) % SM2_P
    if not h:
        return INFINITY if r else doubled(one)
    square, cube = h * h * u % SM2_P, h * h * h % SM2_P
    x = (r * r - cube - 2 * square) % SM2_P
    return x, (r * (square - x) - v * cube) % SM2_P, h * z1 * z2 % SM2_P


def point_of(raw: bytes) -> Point | None:
    """A public key: a point of the curve, 04 and both coordinates, or 02 or 03 (y is even or odd) and x; None for anything else."""
    x = int.from_bytes(raw[1 : 1 + HASH_BYTES], "big")
    square = (x * x * x + SM2_A * x + SM2_B) % SM2_P
    if len(raw) == POINT_BYTES and raw[0] == 4:  # noqa: PLR2004 said above
        y = int.from_bytes(raw[1 + HASH_BYTES :], "big")
    elif len(raw) == 1 + HASH_BYTES and raw[0] in {2, 3}:
        y = pow(square, (SM2_P + 1) // 4, SM2_P)  # a root if there is one, as p is 3 modulo 4
        y = y if y & 1 == raw[0] & 1 else SM2_P - y
    else:
        return None
    return (x, y, 1) if x < SM2_P and y < SM2_P and y * y % SM2_P == square else None


def multikey_of(text: str) -> Point | None:
    """The SM2 key that a multibase text is: a compressed point after the codec's number; None for anything else."""
    raw = base58(text)
    return point_of(raw[2:]) if raw[:2] == SM2_MULTIKEY and len(raw) == len(SM2_MULTIKEY) + 1 + HASH_BYTES else None


def numbers_of(signature: bytes) -> tuple[int, int] | None:
    """The two numbers of an SM2 signature in strict DER, in their range and with a sum that is not 0; None for anything else."""
    try:
        r, s = (number_of(each) for each in parts(only(signature), SEQUENCE, INTEGER, INTEGER))
    except Refused:
        return None
    return (r, s) if 0 < r < SM2_N and 0 < s < SM2_N and r + s != SM2_N else None


def is_sm2_signed(option: str, key: Point, signature: bytes, message: bytes) -> bool:
    """Whether an SM2 signature holds, under ``SM2_USER_ID``; an OpenSSL without SM3 refuses the option that asks for it."""
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415 as in ``authority_of``

    def sm3(*data: bytes) -> bytes:
        digest = hashes.Hash(hashes.SM3())
        digest.update(b"".join(data))
        return digest.finalize()

    numbers = numbers_of(signature)
    if numbers is None:
        return False
    r, s = numbers
    user, curve = SM2_USER_ID.encode(), (SM2_A, SM2_B, *SM2_G[:2], *key[:2])
    try:
        who = sm3((8 * len(user)).to_bytes(2, "big"), user, *(each.to_bytes(HASH_BYTES, "big") for each in curve))
        hashed = int.from_bytes(sm3(who, message), "big")
    except UnsupportedAlgorithm:
        fail(option, "no_sm3")
    t, total, table = (r + s) % SM2_N, INFINITY, (INFINITY, SM2_G, key, added(SM2_G, key))
    for place in reversed(range(8 * HASH_BYTES)):  # s times the base point and t times the key, bit by bit
        total = added(doubled(total), table[(s >> place & 1) + 2 * (t >> place & 1)])
    x, _, z = total
    return z != 0 and (hashed + x * pow(z, -2, SM2_P) % SM2_P) % SM2_N == r


@dataclass(frozen=True)
class Event:
    """One log entry of the bundle."""

    index: int
    file: str
    schema: str
    data: dict[str, Json]


class Case:
    """A bundle under examination: each check adds to ``problems`` what it finds, or stops with ``Refused`` or ``Unshown``.

    ``facts`` are what the sentences about proven things name; ``used`` are the entries that a check has had a use for.
    """

    kind = "deal"
    fixed = ALWAYS | {"contract.json", "deal.json"}
    known: dict[str, Json] = DEAL_EVENTS
    disclosed: dict[str, Json] = DISCLOSED
    all_disclosed = True

    def __init__(self, members: dict[str, bytes], trust: Trust) -> None:
        """Take the members as they came out of the zip, and what is believed beforehand."""
        self.members, self.trust = members, trust
        self.problems: list[Problem] = []
        self.facts: dict[str, str] = {}
        self.used: set[str] = set()

    def want(self, holds: object, file: str, code: str, *params: object) -> None:
        """Note a problem unless the condition holds."""
        if not holds:
            self.note(file, code, *params)

    def note(self, file: str, code: str, *params: object) -> None:
        """Note a problem."""
        self.problems.append(Problem.of(file, code, *params))

    def read(self, name: str, form: Json) -> Json:
        """A JSON member in its form."""
        return conform(name, parse(name, self.members[name]), form) if name in self.members else fail(name, "missing")

    @cached_property
    def rule(self) -> Rule | None:
        """Which witnesses are trusted, if any."""
        return rule_of(self.trust)

    @cached_property
    def logs(self) -> list[Key]:
        """The keys of logs that are trusted."""
        keys = [key_of("--log-key", each, b"\x01") for each in self.trust.log_keys] + (self.rule.logs if self.rule else [])
        return keys or fail("--log-key", "missing")

    @cached_property
    def checkpoint(self) -> Checkpoint:
        """The checkpoint, signed by a trusted key of the log."""
        return open_checkpoint(self.members.get("checkpoint", b""), self.logs)

    @cached_property
    def events(self) -> list[Event]:
        """The entries in log order, each of a known event."""
        found = []
        for index in sorted(int(name[8:-5]) for name in self.members if name.startswith("entries/")):
            file = f"entries/{index}.json"
            leaf = self.read(file, LEAF)
            data = conform(file, leaf["data"], self.known.get(leaf["schema"]) or fail(file, "event", leaf["schema"]), "/data")
            found.append(Event(index, file, leaf["schema"], data))
        return found

    @cached_property
    def opened(self) -> list[dict[str, Json]]:
        """The disclosures, not yet compared with what was sealed."""
        return list(self.read("disclosures.json", FORMS["disclosures.json"]))

    @cached_property
    def claimed(self) -> dict[str, Json]:
        """What deal.json or right.json claims."""
        return dict(self.read(f"{self.kind}.json", FORMS[f"{self.kind}.json"]))

    @cached_property
    def grants(self) -> dict[str, Event]:
        """The rights in the bundle by their ids."""
        return {each.data["grant"]: each for each in reversed(self.all("right.granted"))}

    @cached_property
    def keys(self) -> dict[tuple[str, str], Event]:
        """Who bound which key, as the log has it: the first entry of each."""
        return {(each.data["party"], each.data["public_key"]): each for each in reversed(self.all("key.registered"))}

    def all(self, schema: str) -> list[Event]:
        """The entries of one kind."""
        return [event for event in self.events if event.schema == schema]

    def one(self, schema: str) -> Event:
        """The entry of a kind that a deal has once."""
        found = self.all(schema)
        return found[0] if len(found) == 1 else fail("entries/", "step", schema, len(found))

    def disclosure(self, event: Event, path: str) -> Json:
        """The disclosed value of a sealed member in its form; None if it is not disclosed."""
        stated = [each["value"] for each in self.opened if (each["index"], each["path"]) == (event.index, path)]
        return conform("disclosures.json", stated[0], self.disclosed[path]) if stated else None

    def value(self, event: Event, path: str) -> Json:
        """The disclosed value of a sealed member that has to be disclosed."""
        found = self.disclosure(event, path)
        return fail("disclosures.json", "sealed", path, event.file) if found is None else found

    def check_members(self) -> None:
        """The manifest lists exactly the other members with their hashes; every entry has a proof and the reverse."""
        subject = {"type": self.kind, "id": UUID}
        form = {"format": f"egret-{self.kind}-evidence", "version": 1, "subject": subject, "members": MEMBERS}
        manifest = self.read("manifest.json", form)
        listed = {each["name"]: each["sha256"] for each in manifest["members"]}
        self.want([each["name"] for each in manifest["members"]] == sorted(listed), "manifest.json", "listing")
        pairs = {f"{kind}/{name.split('/')[1]}" for name in self.members if NUMBERED.fullmatch(name) for kind in ("entries", "proofs")}
        for name in sorted((self.fixed | pairs | listed.keys()) - self.members.keys()):
            self.note(name, "missing")
        for name in sorted(self.members.keys() - {"manifest.json"}):
            code = "changed" if name in listed else "unlisted"
            self.want(listed.get(name) == sha256(self.members[name]).hexdigest(), name, code)
        for name in sorted(self.members.keys() & (KNOWN - self.fixed - {STAMP})):
            self.note(name, "unknown")
        self.want(manifest["subject"]["id"] == self.claimed[self.kind], "manifest.json", "differs", "subject", f"{self.kind}.json")

    def check_log(self) -> None:
        """The trusted key signed the checkpoint, and every entry is in the tree under it."""
        size, root = self.checkpoint.size, self.checkpoint.root
        self.facts |= {"log": self.checkpoint.signed_by[0].name, "size": str(size)}
        for event in self.events:
            file = f"proofs/{event.index}.json"
            proof = self.read(file, FORMS["proof"])
            self.want((proof["index"], proof["size"]) == (event.index, size), file, "differs", "index, size", "checkpoint")
            path = [bytes.fromhex(each) for each in proof["hashes"]]
            self.want(root_of(self.members[event.file], event.index, size, path) == root, event.file, "not_in_log")

    def check_second_line(self) -> None:
        """A trusted SM2 key of the log signed the checkpoint, too. Source: C2SP signed-note, type ff."""
        option, note = "--log-sm2-key", self.checkpoint
        keys = {each: key_of(option, each, SM2_KIND) for each in self.trust.log_sm2_keys}
        points = {each: point_of(key.raw) or fail(option, "bad_sm2_key") for each, key in keys.items()}
        if not keys:
            raise Unshown("second")
        ours = [(key, line) for line in note.lines for key in keys.values() if (key.name, key.key_id) == (line.name, line.key_id)]
        if not ours or any(not note.body.startswith(f"{key.name}\n") for key, _ in ours):
            fail("checkpoint", "no_second", ", ".join(keys))
        for key, line in ours:
            if not is_sm2_signed(option, points[key.given], line.signature, note.body.encode()):
                fail("checkpoint", "forged", f"{key.name}, SM2")

    def check_witnesses(self) -> None:
        """As many trusted witnesses as were asked for cosigned the checkpoint, each counted once. Source: C2SP tlog-cosignature."""
        rule = self.rule
        if rule is None or rule.needed == "none":
            raise Unshown("history")
        seen: dict[str, str] = {}
        trusted = {(key.name, key.key_id): (name, key) for name, key in rule.witnesses.items()}
        own = {key.raw for key in self.logs}
        self.want(not own & {key.raw for key in rule.witnesses.values()}, "--witness", "own_witness")
        for line in self.checkpoint.lines:
            name, key = trusted.get((line.name, line.key_id), ("", None))
            if key:
                seconds = int.from_bytes(line.signature[:8], "big")
                message = f"cosignature/v1\ntime {seconds}\n{self.checkpoint.body}".encode()
                if not is_signed(key.raw, line.signature[8:], message) or seconds > SIZE_MAX:
                    fail("checkpoint", "forged", line.name)
                if self.trust.now and seconds > (self.trust.now + LEEWAY).timestamp():
                    fail("checkpoint", "future", line.name, seconds)
                seen[name] = line.name
        self.want(rule.satisfied(set(seen)), "checkpoint", "quorum", len(seen), rule.needed)
        self.facts["witnesses"] = ", ".join(seen.values())

    def check_time(self) -> None:
        """A trusted authority timestamped this checkpoint as its log signed it: the text, and the first lines below it."""
        raw, roots = self.members.get(STAMP), self.trust.tsa_roots
        if raw is None:
            if roots is None:
                raise Unshown("time")
            fail(STAMP, "missing")
        stamp, note = read_stamp(raw), self.checkpoint
        digest = DIGESTS.get(stamp.digest) or fail(STAMP, "der", "digest")
        covered, ours, holds = f"{note.body}\n", {(key.name, key.key_id) for key in note.signed_by}, False
        for number, line in enumerate(note.lines, start=1):
            covered += line.text
            signed = ours & {(each.name, each.key_id) for each in note.lines[:number]}
            holds = holds or bool(signed and digest(covered.encode()).digest() == stamp.imprint)
        self.want(holds, STAMP, "other_stamp")
        if roots is None:
            raise Unshown("stamp")
        authority = authority_of(stamp, roots)
        if self.trust.now and stamp.at > self.trust.now + LEEWAY:
            fail(STAMP, "future", authority, stamp.at.isoformat())
        self.facts |= {"before": stamp.at.isoformat(), "authority": authority}

    def check_disclosures(self) -> None:
        """Every disclosed value is the one that was sealed; of a deal nothing is kept back."""
        sealed = {(event.index, path): event for event in self.events for path in self.disclosed if path in event.data}
        places = [(each["index"], each["path"]) for each in self.opened]
        self.facts["opened"] = str(len(places))
        self.want(places == sorted(set(places)), "disclosures.json", "listing")
        for index, path in sorted(set(places) - sealed.keys() | (sealed.keys() - set(places) if self.all_disclosed else set())):
            self.note("disclosures.json", "sealed", path, f"entries/{index}.json")
        for each in self.opened:
            event = sealed.get((each["index"], each["path"]))
            if event:
                digest = sha256(bytes.fromhex(each["salt"]) + canonical(each["value"])).digest()
                same = event.data[each["path"]]["_h"] == urlsafe_b64encode(digest).decode().rstrip("=")
                self.want(same, "disclosures.json", "altered", each["path"], event.file)

    def check_sides(self, event: Event) -> None:
        """Both sides signed the hash of the contract, with keys that the log had bound to them before."""
        signed = event.data
        self.want(signed["seller"] != signed["buyer"] and signed["seller_key"] != signed["buyer_key"], event.file, "one_party")
        for side in ("seller", "buyer"):
            bound = self.keys.get((signed[side], signed[f"{side}_key"]))
            self.want(bound and bound.index < event.index, "entries/", "unbound", event.file, side, signed[side])
            self.used |= {bound.file} if bound else set()
            message = f"egret-contract-v1\n{signed['terms_hash']}\n{signed['deal']}\n{side}\n".encode()
            holds = is_signed(b64decode(signed[f"{side}_key"]), b64decode(signed[f"{side}_signature"]), message)
            self.want(holds, event.file, "forged", side)

    def check_idle(self, *schemas: str) -> None:
        """No entry of these kinds is there that nothing else needed."""
        for schema in schemas:
            for event in self.all(schema):
                self.want(event.file in self.used, event.file, "idle")

    def check_certificates(self) -> None:
        """Each certificate is the one that the log registered, speaks of rights in the bundle as the log does, and is the issuer's."""
        told = {f"certificates/{each.data['number']}.json": each for each in self.all("certificate.issued")}
        found = {name for name in self.members if CERTIFICATE.fullmatch(name)}
        self.want(len(told) == len(self.all("certificate.issued")), "entries/", "listing")
        for name in sorted(told.keys() ^ found):
            self.note(name, "missing" if name in told else "idle")
        for name in sorted(told.keys() & found):
            self.check_certificate(name, told[name])
        if not self.trust.issuer_keys and not found:
            raise Unshown("certificate")
        keys = {base58(each) for each in self.trust.issuer_keys}
        if not all(key[:2] == ED25519_MULTIKEY and len(key) == len(ED25519_MULTIKEY) + HASH_BYTES for key in keys):
            fail("--issuer-key", "bad_option", "z6Mk...")
        self.want(found or not keys, "certificates/", "missing")
        if not keys:
            raise Unshown("issuer")
        for name in sorted(found):
            secured, proof = self.certificate(name)
            signature = base58(proof.pop("proofValue"))
            message = sha256(canonical(proof)).digest() + sha256(canonical(secured)).digest()
            self.want(any(is_signed(key[2:], signature, message) for key in keys), name, "issuer")
        self.facts["certificates"] = ", ".join(sorted(CERTIFICATE.sub(r"\1", name) for name in found))

    def check_sm2(self) -> None:
        """Each certificate has an SM2 signature by a trusted key beside it; where no key is given, one that is there has its form."""
        option, found, signed = "--issuer-sm2-key", {name for name in self.members if CERTIFICATE.fullmatch(name)}, set[str]()
        keys = {multikey_of(each) or fail(option, "bad_option", f"{each:.80}") for each in self.trust.issuer_sm2_keys}
        for name in sorted(name for name in self.members if DETACHED.fullmatch(name)):
            of = name.replace(".sm2.", ".")
            if of not in found:
                fail(name, "idle")
            told, statement = conform(name, parse(name, self.members[name]), SM2_SIGNATURE), canonical(self.certificate(of)[0])
            self.want(of == f"certificates/{told['number']}.json", name, "differs", "number", of)
            self.want(told["sha256"] == sha256(statement).hexdigest(), name, "differs", "sha256", of)
            key, signature = bytes.fromhex(told["public_key"]), bytes.fromhex(told["signature"])
            point = point_of(key) or fail(name, "sm2_form", "public_key")
            self.want(told["key_id"] == sha256(b"SM2-SM3\n" + key).hexdigest()[:16], name, "sm2_form", "key_id")
            self.want(numbers_of(signature), name, "sm2_form", "signature")
            if keys:
                holds = point in keys and is_sm2_signed(option, point, signature, SM2_CONTEXT.encode() + statement)
                self.want(holds, name, "issuer")
            signed.add(of)
        if not keys:
            raise Unshown("sm2" if signed else "no_sm2")
        self.want(found, "certificates/", "missing")
        for name in sorted(found - signed):
            self.note(name, "no_sm2")
        self.facts["sm2"] = ", ".join(sorted(CERTIFICATE.sub(r"\1", name) for name in found))

    def certificate(self, name: str) -> tuple[dict[str, Json], dict[str, Json]]:
        """What a certificate states, and the proof that stands beside it."""
        stated = parse(name, self.members[name])
        proof = stated.pop("proof", None) if isinstance(stated, dict) else None
        return stated, conform(name, proof, PROOF, "/proof")

    def check_certificate(self, name: str, event: Event) -> None:
        """One certificate and its entry, apart from the signature. Source: W3C Verifiable Credentials 2.0; Data Integrity EdDSA 3.3."""
        secured, proof = self.certificate(name)
        self.want(sha256(canonical(secured)).hexdigest() == event.data["sha256"], name, "differs", "sha256", event.file)
        self.want(secured.get("@context") == proof["@context"], name, "certificate", "@context")
        subject = secured.get("credentialSubject")
        stated = subject if isinstance(subject, dict) else {}
        of, holder, rights = stated.get("object"), stated.get("holder"), stated.get("rights")
        if not (isinstance(of, dict) and isinstance(holder, dict) and isinstance(rights, list)):
            fail(name, "certificate", "credentialSubject")
        said = (stated.get("number"), stated.get("filing"), of.get("id"))
        wanted = (event.data["number"], f"urn:uuid:{event.data['filing']}", f"urn:uuid:{event.data['object']}")
        self.want(said == wanted, name, "certificate", "number, filing, object")
        concerned = 0
        for each in rights[:LIST_MAX]:
            right = conform(name, {key: each.get(key) for key in STATED} if isinstance(each, dict) else None, STATED, "/rights")
            granted = self.grants.get(right["grant"][9:])
            if granted:
                concerned += 1
                data = granted.data
                same = all(right[key] == data[key] for key in ("kind", "exclusive", "valid_from")) and data["valid_to"]
                same = same and right["last_day"] < data["valid_to"] and of.get("id") == f"urn:uuid:{data['object']}"
                self.want(same and holder.get("id") == f"urn:uuid:{data['holder']}", name, "certificate", data["grant"])
        self.want(concerned and len(rights) <= LIST_MAX, event.file, "idle")

    def sides(self) -> str:
        """The lines of keys.txt below those of the log."""
        return ""

    def check_keys(self) -> None:
        """keys.txt is only for people, so it must show them exactly keys that were checked; a log that changes keys has two."""
        raw, ours = self.members.get("keys.txt", b""), {key.given for key in self.checkpoint.signed_by}
        logs = re.findall(rb"^log (.*)$", raw, re.MULTILINE)[:SIGNATURES_MAX]
        try:
            keys = [key_of("keys.txt", each.decode(errors="replace"), b"\x01") for each in logs]
            shown = {key.given for key in open_checkpoint(self.members["checkpoint"], keys).signed_by}
        except Refused:
            shown = set()
        holds = len(shown) == len(logs) and shown & ours
        text = b"".join(b"log %s\n" % each for each in logs) + self.sides().encode(errors="replace")
        self.want(holds and text == raw, "keys.txt", "differs", "text", f"{self.kind}.json, --log-key")


class DealCase(Case):
    """A deal: its contract was signed, its rights were granted, its money was divided."""

    @cached_property
    def terms(self) -> dict[str, Json]:
        """All of contract.json."""
        terms = self.read("contract.json", object)
        return terms if isinstance(terms, dict) else {}

    @cached_property
    def contract(self) -> dict[str, Json]:
        """The part of contract.json that is read here."""
        return dict(conform("contract.json", {key: self.terms[key] for key in CONTRACT if key in self.terms}, CONTRACT))

    @cached_property
    def named(self) -> set[Json]:
        """Who is paid because the signed contract says so, without a right of its own: a surplus, and the makers of a joint product."""
        surplus, joint = (self.terms.get(key) for key in ("surplus", "joint"))
        found = [surplus.get("to")] if isinstance(surplus, dict) else []
        makers = joint.get("receipts") if isinstance(joint, dict) else None
        found.extend(makers if isinstance(makers, dict) else ())
        return {each for each in found if isinstance(each, str)}

    def check_chain(self) -> None:
        """The steps of this deal are all there, once, in order, and nothing of another deal."""
        self.facts["deal"] = self.claimed["deal"]
        steps = [self.one(schema) for schema in REQUIRED]
        for before, after in pairwise(steps):
            self.want(before.index < after.index, after.file, "order", after.schema, before.schema)
        for step in steps:
            self.want(step.data["deal"] == self.claimed["deal"], step.file, "other_deal", step.data["deal"])

    def check_contract(self) -> None:
        """Both sides signed the hash of contract.json, with keys that the log had bound to them before."""
        contract, event = self.contract, self.one("deal.signed")
        signed = event.data
        self.want(sha256(self.members["contract.json"]).hexdigest() == signed["terms_hash"], "contract.json", "contract", event.file)
        for name in SIGNED:
            self.want(self.claimed[name] == signed[name], "deal.json", "differs", name, event.file)
        for side in ("seller", "buyer"):
            self.want(contract[side] == signed[side], "contract.json", "differs", side, event.file)
        self.check_sides(event)
        self.check_idle("key.registered")

    def check_rights(self) -> None:
        """The contract's rights, and no others, were granted to the buyer, resting on the seller's own logged operating right."""
        grants = self.grants
        self.want(len(grants) == len(self.all("right.granted")), "entries/", "listing")
        signed = self.one("deal.signed")
        ours = [each for each in grants.values() if each.data["deal"] == self.claimed["deal"]]
        self.want(sorted(self.claimed["rights"]) == sorted(each.data["grant"] for each in ours), "deal.json", "no_grant")
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
        self.want(self.claimed["amount"] == amount, "deal.json", "differs", "amount", settled.file)
        for file, stated in ((funded.file, funded.data), ("contract.json", self.contract), ("deal.json", self.claimed)):
            self.want(stated["currency"] == settled.data["currency"], file, "differs", "currency", settled.file)
        claimed = self.claimed["lines"]
        for number in range(max(len(lines), len(claimed))):
            ours, theirs = (canonical(each[number : number + 1]).decode() for each in (claimed, lines))
            self.want(ours == theirs, "deal.json", "line", number, ours, theirs)
        holders = {event.data["holder"] for event in self.all("right.granted")} | self.named
        for line in lines:
            self.want(line["role"] != "share" or line["party"] in holders, settled.file, "no_holder", line["party"])
        moved: Counter[int | None] = Counter()
        for move in self.claimed["moves"]:
            moved[move["line"]] += int(move["amount"])
        wanted = Counter({None: int(amount)} | {number: int(line["amount"]) for number, line in enumerate(lines)})
        self.want(moved == wanted, "deal.json", "moves", amount)

    def sides(self) -> str:
        """The keys of both sides."""
        return "".join(f"{side} {self.claimed[side]} {self.claimed[f'{side}_key']}\n" for side in ("seller", "buyer"))


class RightCase(Case):
    """A right: what it rests on, step by step, down to the filings by which its objects were registered."""

    kind = "right"
    fixed = ALWAYS | {"right.json"}
    known = RIGHT_EVENTS
    disclosed = RIGHT_DISCLOSED
    all_disclosed = False

    @cached_property
    def objects(self) -> dict[str, Event]:
        """The registered objects in the bundle by their ids."""
        return {each.data["object"]: each for each in reversed(self.all("object.registered"))}

    def rests_on(self, event: Event) -> list[str]:
        """The rights that a right rests on: the one it was granted under, and those under which its object was made."""
        data, made = event.data, self.objects.get(event.data["object"])
        links = [link["grant"] for link in made.data["made_from"]] if made else []
        return [data["parent"], *links] if data["parent"] else links

    @cached_property
    def chain(self) -> dict[str, Event]:
        """The right itself and all that it rests on."""
        found: dict[str, Event] = {}
        todo = [(f"{self.kind}.json", self.claimed["right"])]
        while todo:
            file, right = todo.pop()
            event = self.grants.get(right)
            self.want(event, file, "no_right", right)
            if event and right not in found:
                found[right] = event
                todo += [(event.file, each) for each in self.rests_on(event)]
        return found

    @cached_property
    def ends(self) -> dict[str, str]:
        """The first day on which each right of the chain is no longer in force, as far as the entries say: ISO days sort as text."""
        found = {right: event.data["valid_to"] or "9999-12-31" for right, event in self.chain.items()}
        for event in self.all("right.ended"):
            for each in [event.data, *event.data["children"]]:
                right = self.chain.get(each["grant"])
                if right:
                    self.used.add(event.file)
                    self.want(right.index < event.index, event.file, "order", event.schema, right.schema)
                    for name in ("object", "kind", "holder"):
                        self.want(each[name] == right.data[name], event.file, "differs", name, right.file)
                    found[each["grant"]] = min(found[each["grant"]], event.data["ends_on"])
        return found

    def check_title(self) -> None:
        """The right is the one that was claimed, and everything it rests on is there, earlier, and reaches as far."""
        self.facts["right"] = self.claimed["right"]
        for kind, by_id in (("right.granted", self.grants), ("object.registered", self.objects)):
            self.want(len(by_id) == len(self.all(kind)), "entries/", "listing")
        for event in self.chain.values():
            self.used.add(event.file)
            right, parent = event.data, self.chain.get(event.data["parent"])
            if parent:
                holds = (parent.data["kind"], right["kind"]) in LICENSED and parent.data["object"] == right["object"]
                self.want(parent.index < event.index, event.file, "no_parent", right["parent"])
                self.want(holds and inside(right, parent.data), event.file, "uncovered", right["parent"])
                self.check_scope(event, parent)
        first = self.chain.get(self.claimed["right"])
        if first:
            for name in ("object", "kind", "holder", "exclusive", "valid_from"):
                self.want(self.claimed[name] == first.data[name], "right.json", "differs", name, first.file)

    def check_scope(self, event: Event, parent: Event) -> None:
        """What a right allows lies within what it rests on, where both are disclosed."""
        ours, theirs = self.disclosure(event, "terms"), self.disclosure(parent, "terms")
        if ours and theirs:
            self.want(narrower(ours["scope"], theirs["scope"]), event.file, "wider", event.data["parent"])

    def check_objects(self) -> None:
        """Every object was registered before any right in it, and each source was used under a licence of its maker."""
        for event in self.chain.values():
            made = self.objects.get(event.data["object"])
            if not made or made.index > event.index:
                fail(event.file, "no_object", event.data["object"])
            self.used.add(made.file)
            for link in made.data["made_from"]:
                licence = self.chain.get(link["grant"])
                if licence:
                    holds = licence.data["kind"] == "USE" and licence.data["object"] == link["object"]
                    self.want(holds and licence.data["holder"] == made.data["owner"], made.file, "uncovered", link["grant"])
                    self.want(licence.index < made.index, made.file, "no_parent", link["grant"])
                    self.want(inside(event.data, licence.data), event.file, "uncovered", link["grant"])
        self.check_idle("right.granted", "object.registered")

    def check_filings(self) -> None:
        """Every first right was deposited, after it, by the filing of its holder, the owner of the object."""
        for event in self.chain.values():
            right, made = event.data, self.objects.get(event.data["object"])
            if right["parent"] is None:
                filing = next((each for each in self.all("filing.deposited") if deposits(each.data, right)), None)
                self.want(filing and filing.index > event.index and right["deal"] is None, event.file, "no_filing")
                self.want(made and made.data["owner"] == right["holder"], event.file, "differs", "holder", "object.registered")
                self.used |= {filing.file} if filing else set()
        self.check_idle("filing.deposited")

    def check_licences(self) -> None:
        """Every other right was granted by a deal that the holder of the right it rests on had signed, and so had its own holder."""
        deals = {each.data["deal"]: each for each in reversed(self.all("deal.signed"))}
        for event in self.chain.values():
            right, parent, deal = event.data, self.chain.get(event.data["parent"]), deals.get(event.data["deal"])
            if parent:
                sides = (parent.data["holder"], right["holder"])
                signed = deal and (deal.data["seller"], deal.data["buyer"]) == sides and deal.index < event.index
                self.want(signed, event.file, "no_deal", *sides)
                if deal and deal.file not in self.used:
                    self.used.add(deal.file)
                    self.check_sides(deal)
        self.check_idle("deal.signed", "key.registered")

    def check_state(self) -> None:
        """Endings and holds in the bundle are of this chain, and leave what right.json claims."""
        for right, event in self.chain.items():
            for below in self.rests_on(event):
                self.want(self.ends[right] <= self.ends.get(below, ""), event.file, "outlasts", below)
        self.want(self.claimed["valid_until"] == self.ends.get(self.claimed["right"]), "right.json", "differs", "valid_until", "entries/")
        places, lifts = ({each.data["hold"]: each for each in self.all(kind)} for kind in ("hold.placed", "hold.lifted"))
        objects = {event.data["object"] for event in self.chain.values()}
        for hold, event in [*places.items(), *lifts.items()]:
            self.used |= {event.file} if event.data["object"] in objects else set()
            placed = places.get(hold)
            about = placed and (placed.data["object"], placed.data["kind"], placed.index <= event.index)
            self.want(about == (event.data["object"], event.data["kind"], True), event.file, "order", "hold.lifted", "hold.placed")
        for kind, by_id in (("hold.placed", places), ("hold.lifted", lifts)):
            self.want(len(by_id) == len(self.all(kind)), "entries/", "listing")
        self.want(self.claimed["holds"] == sorted(places.keys() - lifts.keys()), "right.json", "differs", "holds", "entries/")
        self.facts |= {"until": self.claimed["valid_until"], "holds": str(len(self.claimed["holds"]))}
        self.check_idle("right.ended", "hold.placed", "hold.lifted")

    def check_certificate(self, name: str, event: Event) -> None:
        """As of a deal; and the filing is in the bundle, before it, where the certificate says that it is."""
        super().check_certificate(name, event)
        filing = next((each for each in self.all("filing.deposited") if each.data["filing"] == event.data["filing"]), None)
        deposit = self.certificate(name)[0]["credentialSubject"].get("deposit")
        place = deposit.get("index") if isinstance(deposit, dict) else None
        told = filing and filing.index < event.index and filing.data["object"] == event.data["object"] and place == str(filing.index)
        self.want(told, name, "certificate", "deposit")


def covers(parent: dict[str, Json], child: dict[str, Json], owner: str | None) -> bool:
    """Whether a grant stays within the one it rests on: an operating right in the same object, of the owner, for the whole time."""
    return (
        inside(child, parent) and parent["kind"] == "OPERATE" and parent["object"] == child["object"] and owner in {None, parent["holder"]}
    )


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


def inside(child: dict[str, Json], parent: dict[str, Json]) -> bool:
    """Whether one right lasts no longer than another, as both were granted."""
    ends = parent["valid_to"] is None or (child["valid_to"] is not None and instant(child["valid_to"]) <= instant(parent["valid_to"]))
    return ends and instant(parent["valid_from"]) <= instant(child["valid_from"])


def narrower(child: dict[str, Json], parent: dict[str, Json]) -> bool:
    """Whether one scope allows nothing that another does not."""
    inner, outer = child["territory"], parent["territory"]
    where = outer in {"WORLD", inner} or inner.startswith(f"{outer}-")
    purposes = not parent["purposes"] or (child["purposes"] and set(child["purposes"]) <= set(parent["purposes"]))
    return bool(where and purposes and all(child[flag] <= parent[flag] for flag in FLAGS))


def deposits(filing: dict[str, Json], right: dict[str, Json]) -> bool:
    """Whether a filing registered this first right: its days are the first and the last, both in force."""
    listed = {"kind": right["kind"], "grant": right["grant"]} in filing["rights"] and right["valid_to"] is not None
    day = instant(filing["valid_until"]) + timedelta(days=1) if filing["valid_until"] < "9999-12-31" else None
    same = (filing["applicant"], filing["object"]) == (right["holder"], right["object"])
    return listed and same and instant(filing["valid_from"]) == instant(right["valid_from"]) and day == instant(right["valid_to"])


class Check(NamedTuple):
    """A check, and the sentence that it proves, with what it found in braces."""

    run: Callable[[Any], None]
    english: str
    chinese: str

    def sentence(self, facts: dict[str, str]) -> tuple[str, str]:
        """The sentence in both languages; three dots stand for what was not found."""
        shown = defaultdict(lambda: "...", {name: printable(fact) for name, fact in facts.items()})
        return self.english.format_map(shown), self.chinese.format_map(shown)


UNSHOWN: Final = {
    "history": ("that the log shows everybody the same history: no witness was asked", "日志对所有人展示同一历史：未询问见证方"),
    "time": ("the times: they are the platform's own word; only the order is shown", "时间：系平台自述，仅证明先后顺序"),
    "stamp": (
        "the times: a timestamp is there and fits, but no --tsa-root was given to judge its authority by",
        "时间：附有相符的时间戳，但未给出 --tsa-root，无从判断签发机构",
    ),
    "certificate": ("that certificates were issued: none is in the bundle", "已签发登记证书：证据包中未附"),
    "issuer": ("that the certificates are the issuer's: no --issuer-key was given", "登记证书确由签发者签署：未给出 --issuer-key"),
    "second": ("that the log signed with SM2, too: no --log-sm2-key was given", "日志亦以 SM2 签署：未给出 --log-sm2-key"),
    "sm2": (
        "what the SM2 signatures of certificates are worth: they have their form, but no --issuer-sm2-key was given",
        "登记证书的 SM2 签名是否有效：形式相符，但未给出 --issuer-sm2-key",
    ),
    "no_sm2": ("that certificates are signed with SM2: no such signature is in the bundle", "登记证书亦以 SM2 签署：证据包中未附"),
}
FIRST: Final = (
    Check(Case.check_members, "the bundle is complete and each file is the one that the manifest lists", "证据包完整，各文件与清单一致"),
    Check(
        Case.check_log,
        "every event in it is, byte for byte, one of the first {size} entries of the log {log}, which the trusted key signed",
        "各事件均逐字节为日志 {log} 前 {size} 条之一，由受信公钥签署",
    ),
    Check(
        Case.check_second_line,
        "the log signed the same checkpoint with SM2, too, with a key that you trust",
        "日志亦以您信任的 SM2 公钥签署同一检查点",
    ),
    Check(
        Case.check_witnesses,
        "up to that size the log has one history for all who rely on the witnesses that you trust and that cosigned it ({witnesses})",
        "至该规模为止，日志对信赖下列见证方者仅有一份历史：您信任的见证方已共签（{witnesses}）",
    ),
    Check(
        Case.check_time,
        "every event happened before {before}, says {authority}; when exactly, is the platform's own word",
        "各事件均发生于 {before} 之前（{authority} 签发）；具体时间系平台自述",
    ),
)
LAST: Final = (
    Check(
        Case.check_certificates,
        "the certificates {certificates} are signed by an issuer that you trust, and say what the log registered",
        "登记证书 {certificates} 由您信任的签发者签署，且与日志登记一致",
    ),
    Check(
        Case.check_sm2,
        "the certificates {sm2} are signed with SM2, too, by an issuer that you trust",
        "登记证书 {sm2} 亦由您信任的签发者以 SM2 签署",
    ),
    Check(
        Case.check_keys,
        "every key that keys.txt shows has signed, and one of them is a key of the log that you gave",
        "keys.txt 所示公钥均有其签名，其中有您给出的日志公钥",
    ),
)
CHECKS: Final[dict[str, tuple[Check, ...]]] = {
    "deal": (
        *FIRST,
        Check(Case.check_disclosures, "the amounts shown are the ones that the log sealed", "所披露金额即日志封存的金额"),
        Check(
            DealCase.check_chain,
            "the deal {deal} was signed, funded, delivered, accepted, settled, in that order",
            "交易 {deal} 依次签署、托管、交付、验收、结算",
        ),
        Check(
            DealCase.check_contract,
            "both sides signed this contract with keys that the log had bound to them",
            "双方以日志已绑定的公钥签署本合同",
        ),
        Check(
            DealCase.check_rights,
            "the contract's rights were granted, within the seller's operating right in the log",
            "合同权利已授予，未超出卖方经营权",
        ),
        Check(
            DealCase.check_settlement, "shares, fees and taxes sum to the amount and are those of the log", "各项合计等于金额，且与日志一致"
        ),
        *LAST,
    ),
    "right": (
        *FIRST,
        Check(
            Case.check_disclosures,
            "the {opened} sealed values shown are the ones that the log sealed",
            "所披露的 {opened} 项即日志封存的内容",
        ),
        Check(
            RightCase.check_title,
            "the right {right} was granted as claimed, and each right that it rests on before it, for no less time",
            "权利 {right} 如所称授予；其所依据的各项权利均在先授予，期限不短于它",
        ),
        Check(
            RightCase.check_objects,
            "every object was registered, and what was made from others was made under rights to use them",
            "各客体均已登记；衍生客体均依使用权制成",
        ),
        Check(RightCase.check_filings, "every first right was deposited by a filing of its holder", "各初始权利均由其持有人登记存证"),
        Check(
            RightCase.check_licences,
            "both sides signed each deal by which a right was granted on, with keys that the log had bound to them",
            "各次授权的交易双方均以日志已绑定的公钥签署",
        ),
        Check(
            RightCase.check_state,
            "by the entries shown, {until} is the first day on which the right is no longer in force, and {holds} holds are in force",
            "依所示条目：权利自 {until} 起不再有效，生效中的限制 {holds} 项",
        ),
        *LAST,
    ),
}
KEYS_ARE_THEIRS: Final = (
    "that the keys and roots you gave are theirs and, like what they vouch for, neither stolen nor revoked: ask whoever gave them",
    "您给出的公钥与根证书确属其人，且其与所认可者均未被盗用或撤销：取决于向您提供者",
)
PASSED_OVER: Final = (
    "what signatures by keys that you did not give are worth: they are not checked here",
    "您未给出公钥之签名是否有效：未予检验",
)
STATUS: Final = (
    "that a certificate still holds: whether it was revoked or suspended is said by its status list",
    "登记证书是否仍有效：是否撤销或暂停以其状态列表为准",
)
NOT_PROVEN: Final = {
    "deal": (
        KEYS_ARE_THEIRS,
        PASSED_OVER,
        (
            "that nothing else happened, before or after (hold, ended right, revoked key, refund): no proof shows what is missing",
            "前后未发生其他事项（限制、权利终止、公钥撤销、退款）：证明只示日志中有什么，不示缺什么",
        ),
        (
            "that what was granted has the scope that the contract states: the terms of grants are sealed, and not shown",
            "所授权利的范围与合同所载一致：授权条款已封存，未予披露",
        ),
        (
            "how sellers before this one came by their rights: only the entries of their grants are shown",
            "更早的卖方如何取得权利：仅示其授权条目",
        ),
        STATUS,
        (
            "between which accounts money moved: the moves in deal.json are the platform's own word, and only their amounts are compared",
            "资金在哪些账户之间划转：deal.json 中的分录系平台自述，仅核对金额",
        ),
        ("who stands behind the ids, and what is outside the log (bank, data)", "标识背后的身份，及日志之外的事实（银行、数据）"),
    ),
    "right": (
        KEYS_ARE_THEIRS,
        PASSED_OVER,
        (
            "that nothing else happened: a proof shows what is in the log, not what is missing; who reads the whole log can tell",
            "未发生其他事项：证明只示日志中有什么，不示缺什么；通读日志者方可知",
        ),
        ("that nothing happened later than the log of that size", "此后日志中未发生其他事项"),
        ("what deals said beyond their hashes, and sealed values that are not shown", "各交易哈希之外的内容，及未披露的封存内容"),
        STATUS,
        ("who stands behind the ids, and what is outside the log", "标识背后的身份，及日志之外的事实"),
    ),
}


def verify(data: bytes, trust: Trust | str) -> Report:
    """Examine a bundle with what you trust (a text is the log's key); never raises for what is in the bundle or in the options."""
    believed = Trust(log_keys=(trust,)) if isinstance(trust, str) else trust
    try:
        members = unzip(data)
    except Refused as refusal:
        return unread(refusal.args[0])
    kind = kind_of(members)
    case = (RightCase if kind == "right" else DealCase)(members, believed)
    proven: list[tuple[str, str]] = []
    unproven: list[tuple[str, str]] = []
    for check in CHECKS[kind]:
        try:
            check.run(case)
        except Refused as refusal:
            case.problems.append(refusal.args[0])
        except Unshown as unshown:
            unproven.append(UNSHOWN[unshown.args[0]])
            continue
        (unproven if case.problems else proven).append(check.sentence(case.facts))  # what rests on a failed check is not proven
    return Report(list(dict.fromkeys(case.problems)), proven, unproven + list(NOT_PROVEN[kind]))


def kind_of(members: dict[str, bytes]) -> str:
    """What the bundle is of, as its manifest says; a deal where it says nothing that is known."""
    try:
        said = parse("manifest.json", members.get("manifest.json", b""))
    except Refused:
        return "deal"
    return "right" if isinstance(said, dict) and said.get("format") == "egret-right-evidence" else "deal"


def unread(problem: Problem) -> Report:
    """What is to be said of a bundle that was not examined at all."""
    return Report([problem], [], [check.sentence({}) for check in CHECKS["deal"]] + list(NOT_PROVEN["deal"]))


def content(named: str, path: Path, limit: int) -> bytes:
    """What a file holds that the command line names."""
    try:
        with path.open("rb") as file:
            read = file.read(limit + 1)
    except (OSError, ValueError):
        fail(named, "unreadable")
    return read if len(read) <= limit else fail(named, "too_big", limit)


def optional(option: str, path: Path | None) -> bytes | None:
    """What a file holds that an option names; None if the option is not there."""
    return content(option, path, OPTION_BYTES_MAX) if path else None


def examined(given: argparse.Namespace) -> Report:
    """Read what the command line names, and examine it."""
    try:
        trust = Trust(
            tuple(given.log_key), tuple(given.witness), given.quorum, optional("--policy", given.policy),
            optional("--tsa-root", given.tsa_root), tuple(given.issuer_key), datetime.now(UTC), tuple(given.log_sm2_key),
            tuple(given.issuer_sm2_key),
        )  # fmt: skip
        bundle = content(str(given.bundle), given.bundle, BUNDLE_BYTES_MAX)
    except Refused as refusal:
        return unread(refusal.args[0])
    return verify(bundle, trust)


def main(arguments: list[str] | None = None) -> int:
    """Verify one bundle, say what was found, and return the exit code."""
    parser = argparse.ArgumentParser(description="Verify an evidence bundle of a deal or a right offline. 离线验证交易或权利证据包")
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--log-key", action="append", default=[], help="the log's public key, from a source you trust 可信来源的日志公钥")
    parser.add_argument("--witness", action="append", default=[], help="a witness's public key 见证方公钥")
    parser.add_argument("--quorum", help="how many of the witnesses must have cosigned; all, if not said 须共签的见证方数")
    parser.add_argument("--policy", type=Path, help="a C2SP tlog-policy instead 信任策略文件")
    parser.add_argument("--tsa-root", type=Path, help="PEM of the roots of timestamp authorities 时间戳机构根证书")
    parser.add_argument("--issuer-key", action="append", default=[], help="public key of a certificate issuer, z6Mk... 登记证书签发者公钥")
    parser.add_argument("--log-sm2-key", action="append", default=[], help="the log's SM2 key: its second signature 日志的 SM2 公钥")
    parser.add_argument("--issuer-sm2-key", action="append", default=[], help="an issuer's SM2 key, multibase 登记证书签发者的 SM2 公钥")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    report = examined(given)
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
