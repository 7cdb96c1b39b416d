"""The codes that facts may take, with the terms people know them by."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, TypeAlias

from registry.rules.texts import Text

Codes: TypeAlias = Mapping[str, Text]
"""Labels by code, in the order in which people should see them."""


def _codes(**labels: tuple[str, str]) -> Codes:
    """Codes from keyword arguments of (English, Chinese)."""
    return MappingProxyType({code: Text(en, zh) for code, (en, zh) in labels.items()})


RIGHTS: Final = _codes(HOLD=("holding", "持有权"), USE=("processing and use", "使用权"), OPERATE=("operation", "经营权"))

SITUATIONS: Final = _codes(
    OWN_ACTIVITY=("collected in own or joint lawful activity", "在自身或共同合法活动中采集"),
    CIVIL_CONTRACT=("collected under a contract that authorises it", "依据授权采集的民事合同取得"),
    OWN_PERSON=("a natural person's own lawful data", "自然人自身的合法数据"),
    CRAWLED_RAW=("raw public data collected by a program", "自动化程序收集的公开原始数据"),
    CRAWLED_PRODUCT=("a product made from data collected by a program", "以程序收集的公开数据形成的产品"),
    JOINT=("jointly developed", "共同开发"),
    DERIVED=("derived from other data", "衍生创造"),
    ENTRUSTED=("processed on another's behalf", "受托处理"),
)

CODES: Final[Mapping[str, Codes]] = MappingProxyType(
    {
        "source_categories": _codes(
            GOVERNMENT=("government data", "政务数据"),
            PUBLIC_SERVICE=("public-service data", "公共服务数据"),
            ENTERPRISE=("enterprise data", "企业数据"),
            PERSONAL=("personal data", "个人数据"),
        ),
        "source_kinds": _codes(
            COLLECTED=("collected or generated", "采集生成"),
            AGREEMENT=("obtained by agreement", "协议取得"),
            CRAWLED_PUBLIC=("public data collected by a program", "自动化程序收集公开数据"),
            DERIVED=("derived", "衍生创造"),
            AUTHORISED_PUBLIC=("authorised operation of public data", "公共数据授权运营"),
        ),
        "public_form": _codes(NONE=("none", "不含"), DERIVED=("derived from it", "由其衍生"), RAW=("raw", "原始数据")),
        "open_list_status": _codes(
            UNCONDITIONAL=("unconditionally open", "无条件开放"),
            CONDITIONAL=("conditionally open", "有条件开放"),
            AUTHORISED_ONLY=("authorised operation only", "仅授权运营"),
            NOT_OPEN=("not open", "不予开放"),
            NOT_LISTED=("on no open list", "未列入开放清单"),
        ),
        "level": _codes(CORE=("core", "核心"), IMPORTANT=("important", "重要"), GENERAL=("general", "一般")),
        "harm_flag": _codes(NONE=("none", "无"), SUSPECTED=("suspected", "疑似"), CONFIRMED=("confirmed", "已确认")),
        "unlawful_source": _codes(NONE=("none", "无"), SUSPECTED=("suspected", "疑似"), PROVEN=("proven", "已证实")),
        "sector_tags": _codes(
            CREDIT=("credit reporting", "征信"),
            MAPPING=("surveying and mapping", "测绘"),
            HUMAN_GENETIC=("human genetic resources", "人类遗传资源"),
            WEATHER=("meteorology", "气象"),
            MEDICAL=("medical", "医疗"),
        ),
        "pi_kind": _codes(
            NONE=("none", "不含个人信息"),
            ANONYMISED=("anonymised", "匿名化"),
            DE_IDENTIFIED=("de-identified", "去标识化"),
            PI=("personal information", "个人信息"),
            SENSITIVE=("sensitive personal information", "敏感个人信息"),
        ),
        "pi_basis": _codes(
            NONE=("none", "无"),
            CONSENT=("consent", "个人同意"),
            CONTRACT=("contract or human resources", "订立履行合同或人力资源管理所必需"),
            DUTY=("statutory duty", "履行法定职责或义务"),
            EMERGENCY=("public-health or other emergency", "应对突发事件或紧急情况"),
            NEWS=("news reporting in the public interest", "公共利益新闻报道"),
            PUBLISHED=("already lawfully public", "已合法公开"),
            OTHER_LAW=("other law", "法律、行政法规规定的其他情形"),
        ),
        "seller_rights": RIGHTS,
        "rights_granted": RIGHTS,
        "rights_claimed": RIGHTS,
        "situation": SITUATIONS,
        "clauses_present": _codes(
            PURPOSE=("purpose", "目的"),
            METHOD=("method", "方式"),
            RANGE=("range", "范围"),
            SECURITY=("security duties", "安全保护义务"),
            SUPERVISION=("supervision", "监督"),
            RETURN_DELETE=("return or deletion", "返还或删除"),
            BREACH=("breach", "违约责任"),
            DISPUTE=("disputes", "争议解决"),
        ),
        "use_class": _codes(
            GOVERNANCE=("public governance", "公共治理"),
            WELFARE=("public welfare", "公益事业"),
            INDUSTRY=("industry", "产业发展、行业发展"),
        ),
    }
)
