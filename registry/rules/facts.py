"""The words in which a filing, a listing or a deal is described to the rules: one typed, nullable column each."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Final, TypeAlias

from registry.rules.reading import Node
from registry.rules.texts import Text
from registry.rules.vocabulary import CODES, Codes

FactValue: TypeAlias = bool | int | str | date | frozenset[str]
Facts: TypeAlias = Mapping[str, FactValue | None]
"""Values by fact name. None, and a name that is absent, both mean unknown."""


class FactKind(StrEnum):
    """The type of a fact; the value is the type of its PostgreSQL column."""

    BOOL = "boolean"
    INT = "bigint"
    DATE = "date"
    CODE = "text"
    CODES = "text[]"


class Group(StrEnum):
    """What a fact is about."""

    PRODUCT = "product"
    SELLER = "seller"
    BUYER = "buyer"
    DEAL = "deal"
    FILING = "filing"


@dataclass(frozen=True, slots=True)
class FactType:
    """One fact: how it is stored, which codes it may take, and what people call it."""

    name: str
    kind: FactKind
    group: Group
    label: Text
    codes: Codes

    @property
    def column(self) -> str:
        """The PostgreSQL type of its column, which is always nullable."""
        return self.kind.value

    def read(self, node: Node) -> FactValue | None:
        """The value at a node of JSON or of Python values; null is unknown.

        Raises:
            Malformed: the value is of another type or not one of the codes.
        """
        value = node.value
        if value is None:
            return None
        match self.kind:
            case FactKind.BOOL:
                return node.boolean()
            case FactKind.INT:
                return node.integer()
            case FactKind.DATE:
                return node.day()
            case FactKind.CODE:
                return node.choice(self.codes)
            case FactKind.CODES:
                listed = Node(sorted(value), node.path) if isinstance(value, set | frozenset) else node
                return listed.choices(self.codes)


def read_facts(raw: object, *, path: str = "$") -> Facts:
    """Facts from JSON (dates as YYYY-MM-DD, sets as lists) or from Python values, checked against the vocabulary.

    Raises:
        Malformed: an unknown fact, or a value of the wrong type; names the path.
    """
    facts: dict[str, FactValue | None] = {}
    for name, node in Node(raw, path).mapping().items():
        if name not in FACTS:
            node.fail("UNKNOWN_FACT", fact=name)
        facts[name] = FACTS[name].read(node)
    return facts


def fact_json(value: FactValue | None) -> bool | int | str | list[str] | None:
    """The JSON form that ``read_facts`` reads back: dates as YYYY-MM-DD, sets as sorted lists."""
    if isinstance(value, frozenset):
        return sorted(value)
    return value.isoformat() if isinstance(value, date) else value


def _declared() -> Mapping[str, FactType]:
    """The vocabulary, in the order in which people should see it."""
    no_codes: Codes = MappingProxyType({})
    declared = {}
    for group, rows in _ROWS.items():
        for name, kind, en, zh in rows:
            codes = CODES[name] if kind in {FactKind.CODE, FactKind.CODES} else no_codes
            declared[name] = FactType(name=name, kind=kind, group=group, label=Text(en, zh), codes=codes)
    return MappingProxyType(declared)


_BOOL, _INT, _DATE, _CODE, _CODES = FactKind

_ROWS: Final[Mapping[Group, tuple[tuple[str, FactKind, str, str], ...]]] = {
    Group.PRODUCT: (
        ("source_categories", _CODES, "Categories of the sources", "数据类别"),
        ("source_kinds", _CODES, "Kinds of source", "数据来源"),
        ("public_form", _CODE, "Form in which public data is contained", "所含公共数据的形态"),
        (
            "open_list_status",
            _CODE,
            "Least open status of its public sources on the open list, on the day judged",
            "判断日公共数据来源的开放类型",
        ),
        ("open_conditions_met", _BOOL, "The conditions of conditional opening are met", "已满足有条件开放的条件"),
        ("authorisation_in_force", _BOOL, "Authorised operation covers the product and is in force", "授权运营覆盖该产品且在有效期内"),
        ("public_code_valid", _BOOL, "Its public-data registration code is valid", "公共数据资源登记编码有效"),
        ("level", _CODE, "Classification level", "数据分级"),
        ("risk_assessment_done_before", _BOOL, "A risk assessment on all six topics precedes provision", "提供前已完成六项内容的风险评估"),
        ("secrecy_mark", _BOOL, "A source bears a state or work secret mark in force", "任一来源带有有效的国家秘密或工作秘密标志"),
        ("harm_flag", _CODE, "Harm to national security, public interest or social stability", "危害国家安全、公共利益或社会稳定"),
        ("unlawful_source", _CODE, "Unlawful acquisition of a source", "来源非法"),
        (
            "crawl_clean",
            _BOOL,
            "Evidence shows no intrusion, disturbance, broken protection or harm",
            "证据表明未侵入、未干扰、未破坏保护措施且无损害",
        ),
        ("source_terms_forbid", _BOOL, "A lawful agreement on a source forbids this trade", "来源的合法约定禁止该交易"),
        ("sources_covered", _BOOL, "Every source is covered by a right or licence in force", "每一来源均有有效权利或许可覆盖"),
        ("dispute_open", _BOOL, "An ownership dispute is open", "存在未解决的权属争议"),
        ("hold_active", _BOOL, "A judicial or administrative hold is active", "存在有效的司法或行政限制"),
        ("sector_tags", _CODES, "Sectors that need a permit", "需要许可的行业"),
        ("sector_permit_held", _BOOL, "The sector permit is on file", "行业许可已备存"),
        ("sector_permit_until", _DATE, "Last day of the sector permit", "行业许可截止日"),
        ("pi_kind", _CODE, "Personal information contained", "所含个人信息类型"),
        ("anonymisation_test_accepted", _BOOL, "A re-identification test was accepted", "匿名化检验报告已获认可"),
        ("minors_under_14", _BOOL, "Contains personal information of children under 14", "含不满十四周岁未成年人个人信息"),
        ("sensitive_necessity_noted", _BOOL, "The necessity of the sensitive data is recorded", "敏感个人信息的必要性已记录"),
        ("public_place_images", _BOOL, "Contains images or identity data from public places", "含公共场所采集的图像或身份识别信息"),
        ("source_statement_present", _BOOL, "The seller stated the source, with evidence", "已说明数据来源并附证明"),
        ("certificate_in_force", _BOOL, "Registered, and not cancelled or held", "已登记且未注销或受限"),
        ("certificate_until", _DATE, "Last day of the registration", "登记有效期截止日"),
    ),
    Group.SELLER: (
        ("seller_verified", _BOOL, "The seller's identity is verified", "卖方身份已核验"),
        ("seller_rights", _CODES, "Rights in the object that the seller holds", "卖方持有的权利"),
        ("sublicence_permitted", _BOOL, "A licence chain in force lets the seller grant this", "有效许可链允许卖方再许可"),
        ("held_until", _DATE, "Last day of what the seller holds (9999-12-31 if unlimited)", "卖方权利截止日（无期限为9999-12-31）"),
    ),
    Group.BUYER: (
        ("buyer_verified", _BOOL, "The buyer's identity is verified", "买方身份已核验"),
        ("purpose_stated", _BOOL, "The buyer stated a purpose", "买方已说明用途"),
        ("purpose_in_scope", _BOOL, "Purpose, environment and region are within the listing's limits", "用途、环境和地域在挂牌限制之内"),
        ("purpose_redevelops", _BOOL, "The purpose is to redevelop the delivered product", "用途为再开发已交付产品"),
        ("buyer_affiliated_with_operator", _BOOL, "The buyer is affiliated with the authorised operator", "买方与授权运营机构有关联"),
        ("leaves_china", _BOOL, "Data leaves the mainland or is accessible from abroad", "数据出境或可从境外访问"),
        ("buyer_is_foreign_authority", _BOOL, "A foreign court or police body asks for the data", "境外司法或执法机构要求提供"),
        ("foreign_request_approved", _BOOL, "The competent authority approved that request", "主管机关已批准该请求"),
    ),
    Group.DEAL: (
        ("judged_on", _DATE, "Day judged, China time", "判断日（中国时间）"),
        ("rights_granted", _CODES, "Rights granted", "授予的权利"),
        ("term_ends_on", _DATE, "Last day of the grant (9999-12-31 if unlimited)", "授权截止日（无期限为9999-12-31）"),
        ("scope_within_held", _BOOL, "Territory, field and resale are within what is held", "地域、领域和转售在所持权利之内"),
        ("secure_environment", _BOOL, "Delivery is confined to a controlled environment", "在受控环境中交付"),
        ("clauses_present", _CODES, "Mandatory clauses in the contract", "合同已含的必备条款"),
        ("signatures_valid", _BOOL, "Both sides signed these terms, with authority", "双方有权签署人已签署同一文本"),
        ("pi_basis", _CODE, "Lawful basis for the personal information", "处理个人信息的合法性基础"),
        ("pi_basis_covers_provision", _BOOL, "That basis covers providing it to others", "该基础涵盖向他人提供"),
        ("consent_separate", _BOOL, "The consent is separate", "已取得单独同意"),
        ("consent_names_buyer", _BOOL, "The consent names this buyer", "同意书载明该接收方"),
        ("consent_covers_kinds", _BOOL, "The consent covers these kinds and methods", "同意涵盖信息种类和处理方式"),
        ("consent_purpose_matches", _BOOL, "The deal's purpose is within the consented purpose", "交易用途在同意的目的之内"),
        ("consent_withdrawn", _BOOL, "Somebody withdrew, or a retention term ended", "有人撤回同意或保存期限届满"),
        ("withdrawn_rows_removed", _BOOL, "Their rows are removed and the removal is logged", "相关记录已删除并留痕"),
        ("guardian_consent", _BOOL, "A guardian consented for each child", "已取得监护人同意"),
        ("impact_assessment_done_before", _BOOL, "The impact assessment precedes provision", "提供前已完成个人信息保护影响评估"),
        ("impact_assessment_covers", _BOOL, "The impact assessment covers this purpose and these kinds", "影响评估涵盖该目的和种类"),
        ("use_class", _CODE, "Class of use of public data", "公共数据使用类别"),
        ("price_minor", _INT, "Price in minor units, in the ceiling's unit of sale", "价格（最小货币单位）"),
        ("ceiling_set", _BOOL, "A ceiling price is set", "已定最高收费标准"),
        ("ceiling_minor", _INT, "Ceiling price in minor units", "最高收费标准（最小货币单位）"),
        ("delivery_proven", _BOOL, "Delivery is proven", "交付已有凭据"),
        ("accepted", _BOOL, "The buyer accepted", "买方已验收"),
        ("inspection_ends_on", _DATE, "Last day of the inspection period", "检验期截止日"),
        ("delivery_objection_open", _BOOL, "An objection to the delivery is open", "交付异议未解决"),
    ),
    Group.FILING: (
        ("application_complete", _BOOL, "Every required item is present and valid", "申请材料齐全有效"),
        ("name_length", _INT, "Characters of the data name", "数据名称字数"),
        ("summary_length", _INT, "Characters of the summary", "数据简介字数"),
        ("situation", _CODE, "How the applicant came by the data", "数据取得情形"),
        ("rights_claimed", _CODES, "Rights claimed", "申请登记的权利"),
        ("entrusted_grant", _BOOL, "Law or contract grants the entrusted processor the rights", "法律或合同将权利授予受托处理者"),
        ("joint_operate_agreed", _BOOL, "The joint contract grants OPERATE, or all partners consent", "共同开发合同约定或全体同意经营权"),
        ("substitutes_source", _BOOL, "The product substantially replaces the source's service", "产品实质性替代来源服务"),
        ("derived_substantive", _BOOL, "Substantive change and clearly higher value", "实质性改变且价值显著提升"),
        ("source_use_held", _BOOL, "The applicant holds USE in every source", "申请人持有来源数据的使用权"),
        ("notice_ends_on", _DATE, "Last day of the public notice", "公示截止日"),
        ("notice_waived", _BOOL, "The registrar waived the public notice, with reasons", "登记机构说明理由免予公示"),
        ("objections_open", _INT, "Objections still open", "未处理完的异议数"),
    ),
}

FACTS: Final[Mapping[str, FactType]] = _declared()
