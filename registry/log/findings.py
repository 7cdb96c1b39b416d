"""What can be wrong with a log and its register, by type and in both languages: the one form of a finding."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Self

SHOWN_MAX: Final = 200
"""Characters that are shown of a value that came from the log."""


class Kind(StrEnum):
    """The type of a finding."""

    FORK = "fork"
    GAP = "gap"
    ALTERED = "altered"
    KEY = "key"
    MALFORMED = "malformed"
    REGISTER = "register"
    UNCOVERED = "uncovered"
    OVERLAP = "overlap"
    SETTLEMENT = "settlement"
    CERTIFICATE = "certificate"
    LATE = "late"


_TREE: Final = {
    "cut": (
        Kind.FORK,
        "has size {0}, but size {1} was signed before: the log was cut or forked",
        "规模为 {0}，而此前已签署规模 {1}：日志被截断或分叉",
    ),
    "root": (
        Kind.FORK,
        "the entries do not lead to the root that is signed for size {0}: altered or forked",
        "条目推不出规模 {0} 所签署的根：被篡改或分叉",
    ),
    "past": (
        Kind.FORK,
        "is not what was read under an earlier checkpoint: altered or forked",
        "与此前检查点下读到的不符：被篡改或分叉",
    ),
    "missing": (Kind.GAP, "is missing", "缺失"),
    "given_up": (Kind.GAP, "has size {0}: after {1} findings nothing more was read", "规模为 {0}：已有 {1} 项问题，不再读取"),
    "length": (Kind.ALTERED, "has {0} bytes, not {1}", "有 {0} 字节，应为 {1}"),
    "goes_on": (Kind.ALTERED, "goes on after its last entry", "最后一个条目之后尚有内容"),
    "leaf": (Kind.ALTERED, "was altered: the signed tree has another hash", "被篡改：与已签署的树不符"),
    "leaf_or_above": (
        Kind.ALTERED,
        "was altered: the level above has another hash, unless that was altered too",
        "被篡改：与上一层的哈希不符，除非上一层也被篡改",
    ),
    "node": (Kind.ALTERED, "was altered: the entries lead to another hash", "被篡改：与条目推出的哈希不符"),
}
_KEYS: Final = {
    "untrusted": (Kind.KEY, "{0}", "不可信：{1}"),
    "unsigned_also": (Kind.KEY, "is not signed by {0} as well", "未同时由 {0} 签署"),
    "beyond": (Kind.KEY, "is signed only by {0}, which does not vouch for size {1}", "仅由 {0} 签署，而该公钥不担保规模 {1}"),
    "unfounded": (
        Kind.KEY,
        "announced the key {0}, but whoever vouched for this entry no longer does: take that key from a source you trust",
        "公告了公钥 {0}，但为该条目担保的公钥已不再担保：请从可信来源取得该公钥",
    ),
    "key_twice": (Kind.KEY, "adds or retires the key {0} a second time", "重复启用或停用公钥 {0}"),
    "second_unknown": (
        Kind.KEY,
        "has a second line, by SM2, of a key that the log never announced: key id {0}",
        "国密第二签名所用公钥从未由日志公告：编号 {0}",
    ),
    "second_beyond": (
        Kind.KEY,
        "has a second line by {0}, which does not vouch for size {1}",
        "国密第二签名由 {0} 签署，而该公钥不担保规模 {1}",
    ),
    "second_forged": (Kind.KEY, "has a second line that is not the signature of {0}", "国密第二签名并非由 {0} 签署"),
    "key_size": (Kind.KEY, "lets the key {0} vouch for size {1}, which it does not cover itself", "让公钥 {0} 担保本条目之后的规模 {1}"),
}
_LEAVES: Final = {
    "not_canonical": (Kind.MALFORMED, "is not JSON in its one canonical form (RFC 8785)", "不是规范化形式的 JSON（RFC 8785）"),
    "member": (Kind.MALFORMED, "{0}: {1} is missing or of no known form", "{0}：{1} 缺失或形式未知"),
    "schema": (
        Kind.MALFORMED,
        "is the event {0}, which is not known here: what it does to the register was not checked; a newer monitor may know it",
        "事件 {0} 未知，其对登记的影响未经核对；请改用新版监测程序",
    ),
    "version": (Kind.MALFORMED, "{0} has version {1}, which is not known here", "{0} 的版本 {1} 未知"),
    "event_twice": (Kind.MALFORMED, "has the event id {0}, which an entry before it has", "事件编号 {0} 与此前条目重复"),
    "behind": (Kind.LATE, "says {0}, {1} s behind an entry that stands before it", "所载时间 {0} 比其前条目晚入序 {1} 秒"),
    "waited": (Kind.LATE, "says {0}, and no checkpoint covered it {1} s later", "所载时间 {0}，其后 {1} 秒仍未被检查点覆盖"),
}
_REGISTER: Final = {
    "twice": (Kind.REGISTER, "{0} {1} is there a second time", "{0} {1} 重复出现"),
    "unknown": (Kind.REGISTER, "{0} {1} is not in the register", "{0} {1} 未经登记"),
    "differs": (Kind.REGISTER, "{0} of the right {1} is not what the register has", "权利 {1} 的 {0} 与登记不符"),
    "idle_end": (Kind.REGISTER, "ends the right {0}, which ends by then anyway", "权利 {0} 届时本已终止"),
    "empty_term": (Kind.REGISTER, "the right {0} begins when it is over", "权利 {0} 的期限为空"),
    "title_kind": (Kind.UNCOVERED, "{0} is no product, but was made from others", "{0} 不是数据产品，却由他物衍生"),
    "title": (
        Kind.UNCOVERED,
        "{0} was made under {1}, which is no USE right of its owner in that source",
        "{0} 所依据的 {1} 不是其所有者在该来源上的加工使用权",
    ),
    "no_object": (Kind.UNCOVERED, "grants a right in {0}, which was never registered", "在未登记的客体 {0} 上授予权利"),
    "no_deposit": (Kind.UNCOVERED, "registers the first right {0}, and no deposited filing names it", "首次权利 {0} 无对应的存证登记申请"),
    "not_awaited": (
        Kind.REGISTER,
        "deposits the first right {0}, which waits for no deposit: another filing has deposited it, or it is long overdue",
        "存证首次权利 {0}，而该权利不待存证：已由其他申请存证，或早已逾期",
    ),
    "no_parent": (Kind.UNCOVERED, "rests on the right {0}, which no entry before it has", "所依据的权利 {0} 未在此前条目中"),
    "parent_ended": (Kind.UNCOVERED, "rests on the right {0}, which has ended", "所依据的权利 {0} 已终止"),
    "parent_object": (Kind.UNCOVERED, "rests on the right {0}, which is in another object", "所依据的权利 {0} 属于另一客体"),
    "parent_kind": (Kind.UNCOVERED, "rests on the right {0}, whose kind does not carry a {1} right", "所依据的权利 {0} 不能派生 {1} 权"),
    "parent_term": (Kind.UNCOVERED, "goes beyond the term of the right {0} that it rests on", "超出所依据的权利 {0} 的期限"),
    "licensor": (
        Kind.UNCOVERED,
        "rests on the right {0}, whose holder is not the seller of the deal {1}",
        "权利 {0} 的持有人不是交易 {1} 的卖方",
    ),
    "licensee": (Kind.UNCOVERED, "gives its right to another than the buyer of the deal {0}", "权利未授予交易 {0} 的买方"),
    "no_deal": (Kind.UNCOVERED, "is granted by the deal {0}, which is not signed or is over", "所依据的交易 {0} 未签署或已结束"),
    "right_stays": (Kind.UNCOVERED, "cancels the deal {0}, for which a right was granted", "取消交易 {0}，而该交易已授予权利"),
    "basis": (
        Kind.UNCOVERED,
        "rests on a right without a deal, or on a deal without a right",
        "有所依据的权利而无交易，或有交易而无所依据的权利",
    ),
    "held": (Kind.UNCOVERED, "is granted while the hold {0} ({1}) blocks the object", "客体受限制 {0}（{1}）期间授予"),
    "source_ended": (Kind.UNCOVERED, "is in a product made under the licence {0}, which has ended", "所属产品依据的许可 {0} 已终止"),
    "source_term": (
        Kind.UNCOVERED,
        "goes beyond the term of the licence {0} that its product was made under",
        "超出其产品所依据的许可 {0} 的期限",
    ),
    "left": (Kind.UNCOVERED, "ends the right {0} and leaves {1}, which rests on it", "终止权利 {0}，却未处理依附其上的 {1}"),
    "overlap": (
        Kind.OVERLAP,
        "overlaps the right {0} in time: same object, same kind, and one of the two is exclusive",
        "与权利 {0} 期限重叠：客体与种类相同，且其一为独占",
    ),
}
_DEALS: Final = {
    "step": (Kind.SETTLEMENT, "{0} of the deal {1} does not follow on {2}", "交易 {1} 的 {0} 不应接在 {2} 之后"),
    "no_right": (Kind.SETTLEMENT, "{0} of the deal {1}, for which no right was granted before", "交易 {1} 发生 {0}，此前未授予任何权利"),
    "no_filing": (
        Kind.CERTIFICATE,
        "certificate {0} is for the filing {1}, which no entry before it deposits in that object",
        "证书 {0} 对应的登记申请 {1} 此前未就该客体存证",
    ),
    "number_twice": (Kind.CERTIFICATE, "gives the certificate number {0} a second time", "证书编号 {0} 重复"),
    "no_entry": (Kind.CERTIFICATE, "certificate {0}: no entry of the log has its SHA-256 {1}", "证书 {0}：日志中没有其 SHA-256 {1}"),
    "other_hash": (
        Kind.CERTIFICATE,
        "certificate {0}: its SHA-256 is {1}, but the entry with that number has {2}",
        "证书 {0}：其 SHA-256 为 {1}，而该编号的条目为 {2}",
    ),
}
TEXTS: Final[Mapping[str, tuple[Kind, str, str]]] = {**_TREE, **_KEYS, **_LEAVES, **_REGISTER, **_DEALS}
"""By code: the type, and the text in English and in Chinese."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong.

    Attributes:
        file: which file of the log.
        index: the leaf or node in it, counted from the start of its level; None if the whole file is meant.
        code: what, a key of ``TEXTS``.
        params: what the text is about, safe to show on a terminal.
    """

    file: str
    index: int | None
    code: str
    params: tuple[str, ...] = ()

    @classmethod
    def of(cls, file: str, index: int | None, code: str, *params: object) -> Self:
        """A finding; whatever came from the log is cut and stripped of what a terminal might obey."""
        shown = ("".join(each if each.isprintable() else "?" for each in str(param)[:SHOWN_MAX]) for param in params)
        return cls(file, index, code, tuple(shown))

    @property
    def kind(self) -> Kind:
        """Its type."""
        return TEXTS[self.code][0]

    @property
    def reason(self) -> str:
        """What is wrong, in English."""
        return TEXTS[self.code][1].format(*self.params)

    @property
    def chinese(self) -> str:
        """What is wrong, in Chinese."""
        return TEXTS[self.code][2].format(*self.params)

    def __str__(self) -> str:
        """One line for a person, in English."""
        return f"{self.file}{'' if self.index is None else f' at {self.index}'}: {self.reason}"
