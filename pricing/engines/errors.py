"""What a pricing model refuses, always naming the field, with the sentence in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final

from pricing.money import MoneyError, PricingError


class UnknownModelError(PricingError):
    """No pricing model has this key, version or verb."""

    texts: ClassVar[Mapping[str, tuple[str, str]]] = {
        "MODEL_UNKNOWN": ("There is no pricing model {key}.", "没有定价模型 {key}。"),
        "VERSION_UNKNOWN": ("Pricing model {key} has no version {version}.", "定价模型 {key} 没有版本 {version}。"),
        "VERB_UNKNOWN": ("Pricing model {key} cannot {verb}.", "定价模型 {key} 不支持操作 {verb}。"),
        "SEED_REQUIRED": ("Pricing model {key} draws at random and needs a seed.", "定价模型 {key} 含随机抽样，须给出种子。"),
        "SEED_UNUSED": ("Pricing model {key} draws nothing at random and takes no seed.", "定价模型 {key} 不含随机抽样，不接受种子。"),
        "SEED_OUT_OF_RANGE": ("A seed is an integer from 0 to 9007199254740991.", "种子须为 0 至 9007199254740991 的整数。"),
    }


class InputError(PricingError):
    """A parameter or input that does not fit the model's schema or its meaning.

    Attributes:
        field: dotted path of the offending value, such as ``params.tiers.2.up_to``.
    """

    texts: ClassVar[Mapping[str, tuple[str, str]]] = {
        "REQUIRED": ("This field is required.", "此项必填。"),
        "UNKNOWN_FIELD": ("This model has no such field.", "此模型没有该字段。"),
        "WRONG_TYPE": ("Expected {expected}.", "类型应为 {expected}。"),
        "NOT_ALLOWED": ("Choose one of: {allowed}.", "只能取：{allowed}。"),
        "TOO_SMALL": ("Must be at least {limit}.", "不得小于 {limit}。"),
        "TOO_LARGE": ("Must be at most {limit}.", "不得大于 {limit}。"),
        "TOO_FEW": ("At least {limit} entries are needed.", "至少需要 {limit} 项。"),
        "TOO_MANY": ("At most {limit} entries are accepted.", "最多接受 {limit} 项。"),
        "TOO_LONG": ("At most {limit} characters are accepted.", "最多接受 {limit} 个字符。"),
        "BAD_FORMAT": ("The text does not have the required form.", "文本格式不符合要求。"),
        "BAD_TEXT": ("The text holds characters that cannot be stored.", "文本含有无法存储的字符。"),
        "NOT_A_NUMBER": ("Must be plain decimal digits, such as 12.50.", "须为普通十进制数字，例如 12.50。"),
        "NOT_FINITE": ("Must be a finite number.", "必须是有限数。"),
        "NEGATIVE": ("Must not be negative.", "不得为负。"),
        "OVER_PRECISE": ("At most {limit} decimal places are accepted.", "最多接受 {limit} 位小数。"),
        "OVERFLOW": ("The resulting amount is too large.", "计算结果金额过大。"),
        "TIERS_NOT_RISING": ("Each tier must end above the one before it.", "每一阶梯的上限必须高于前一阶梯。"),
        "TIERS_NOT_OPEN": ("The last tier, and only the last, has no upper end.", "仅最后一个阶梯不设上限。"),
        "LIMITS_CROSSED": ("The maximum is below the minimum.", "上限低于下限。"),
        "NEEDS_WHOLE_PERIOD": (
            "A volume tariff can fall as usage grows, so it is charged once a period; the lower envelope can be charged as you go.",
            "总量计价可能随用量增加而下降，只能整期一次计费；如需分次计费，请选用下包络。",
        ),
        "BILLED_EXCEEDS_CHARGE": ("More was billed before than the whole usage costs.", "先前已计费金额超过全部用量的费用。"),
        "FROM_RECORD": (
            "The market takes this from its own record of what you bought; leave it out.",
            "此项由市场根据自身的成交记录填写，请勿自行填写。",
        ),
        "NOT_FOR_THIS_PLAN": ("This plan does not use this field.", "该方案不使用此字段。"),
        "ENDS_BEFORE_START": ("The end must come after the start.", "结束时间必须晚于开始时间。"),
        "OFFSETS_DIFFER": ("Start and end must have the same offset from UTC.", "开始与结束须使用相同的时区偏移。"),
        "DUPLICATE": ("This is given twice; give each once.", "此项重复，每项只能给出一次。"),
        "AFTER_VALUATION_DATE": ("The date must not be after the valuation date {date}.", "日期不得晚于评估基准日 {date}。"),
        "NO_INDEX_LEVEL": (
            "The price index has no level on {date}; start it on or before that day.",
            "价格指数在 {date} 无数值，请自该日或更早起给出。",
        ),
        "DATES_NOT_RISING": ("Each date must come after the one before it.", "日期须逐项递增。"),
        "CURVE_TOO_SHORT": (
            "Rates are given for {years} years and {needed} are needed; add the missing years.",
            "折现率给出 {years} 年，需要 {needed} 年；请补足。",
        ),
        "WRONG_LENGTH": ("Exactly {expected} entries are needed.", "须恰好 {expected} 项。"),
        "NOT_RECIPROCAL": ("Must be one over the entry in row {row}, column {column}.", "须为第 {row} 行第 {column} 列之值的倒数。"),
        "INCONSISTENT": (
            "The comparisons contradict each other: consistency ratio {ratio}, to be below 0.1. Reconsider {one} against {other} first.",
            "两两比较相互矛盾：一致性比率 {ratio}，须小于 0.1；请先复核 {one} 与 {other} 的比较。",
        ),
        "SCORE_MISSING": ("Criterion {key} has no score; score each criterion.", "指标 {key} 缺少得分，请为每项指标评分。"),
        "NOT_POSITIVE": ("Must be greater than zero.", "必须大于零。"),
        "WEIGHTS_ALL_ZERO": ("At least one weight must be positive.", "至少须有一个权重为正。"),
        "ATTRIBUTES_DEPENDENT": (
            "The {count} attributes cannot be told apart: one does not vary or follows from the others. Drop it.",
            "{count} 项属性无法区分：其中一项不变或可由其他属性推出，请删去。",
        ),
        "COMPARABLE_DECISIVE": (
            "Without this comparable an attribute would have no effect to estimate. Add one like it, or drop the attribute.",
            "缺少此案例则某项属性的影响无法估计；请补充类似案例或删去该属性。",
        ),
        "NO_AGREEMENT_ZONE": (
            "This is less than the seller accepts, so there is no price to agree on. State more, or ask for another plan.",
            "低于卖方可接受的水平，无可协商的价格；请提高申报，或请求其他方案。",
        ),
        "PRICES_TOO_CLOSE": (
            "The {count} prices must be at least one minor unit apart; widen the range or take fewer prices.",
            "{count} 个价位之间至少须相差一个最小货币单位；请扩大范围或减少价位。",
        ),
        "HORIZON_REACHED": (
            "Only {left} offers are left in the horizon of this plan; make a plan with a longer one.",
            "本方案学习期仅剩 {left} 次报价；请另建更长的方案。",
        ),
        "OFFERS_DIFFER": (
            "Where demand is known at every price, every price has the same offers.",
            "各价位需求均已知时，各价位的报价次数须相同。",
        ),
        "VALUE_NEGATIVE": (
            "The flows are worth less than nothing, and an asset is not; check their signs and the discount rate.",
            "现金流现值为负，而资产价值不为负；请核对正负号与折现率。",
        ),
        "ABOVE_CEILING": ("The price is above the ceiling of {cap}; lower it.", "价格高于限价 {cap}，请调低。"),
        "KIND_NOT_FOR_VERB": ("To {verb}, the plan must be of the kind {kind}.", "操作 {verb} 要求方案类型为 {kind}。"),
        "NOT_ORDERED": (
            "The types do not order by what each step up is worth, so at most {types} types and {versions} versions are accepted.",
            "各类买方无法按每次升级的估值排序，至多接受 {types} 类买方和 {versions} 个版本。",
        ),
        "NO_GAIN": (
            "No price earns more than its copies cost; lower the cost or ask other buyers.",
            "任何价格都不高于成本；请降低成本或另选买方。",
        ),
        "DEMAND_NOT_FALLING": (
            "In these answers a higher price sells no less, so no best price follows; add answers at other prices.",
            "在所给回答中提价并不减少购买，无法得出最优价格；请补充其他价格下的回答。",
        ),
        "NO_ESTIMATE": (
            "These answers do not determine an estimate: an attribute never differs or predicts every choice; add answers or drop it.",
            "所给回答不足以确定估计：某属性从不变化或完全决定了选择；请补充回答或去掉该属性。",
        ),
        "UNKNOWN_ITEM": ("No item on sale has this key.", "待售标的中没有该标识。"),
        "TOO_HARD": (
            "The best allocation of these bids cannot be computed in time; give fewer bids or smaller packages.",
            "无法在限定时间内求得这些出价的最优分配；请减少出价或缩小组合。",
        ),
        "UNKNOWN_HOLDER": ("This key is not among the holders.", "该标识不在权利人之列。"),
        "TABLE_SIZE": (
            "The table needs exactly {expected} entries, one for each group of holders.",
            "价值表须恰有 {expected} 项，每个联盟一项。",
        ),
        "WORTHLESS": (
            "All together are worth no more than nobody, so there is nothing to share by.",
            "全体共同的价值不高于零成员，无从据以分配。",
        ),
        "NEEDS_SAMPLING": (
            "The weights are too fine to count exactly; use the Shapley rule with sampling in the plan, or coarser weights.",
            "权重过细，无法精确计数；请选用带抽样的夏普利规则，或使用较粗的权重。",
        ),
        "NOT_RISING": ("Each entry must be above the one before it.", "每一项必须大于前一项。"),
        "NOT_ZERO": ("The first entry must be zero.", "第一项必须为零。"),
        "GAIN_RISES": (
            "The gain must not rise as the bid falls further short of the price; repeat the lower gain, or measure again.",
            "出价缺口越大，增益不得越高；请沿用较低的增益或重新测量。",
        ),
        "LENGTHS_DIFFER": ("Every seller needs the same number of features: {expected}.", "各卖方的特征数须相同：{expected}。"),
        "HEADER_DIFFERS": ("The first row must name the columns in order: {columns}.", "首行须按顺序列出列名：{columns}。"),
        "ROW_WIDTH": ("This row has {count} values; {expected} are needed.", "该行有 {count} 个值，应为 {expected} 个。"),
        "JOIN_TYPES_DIFFER": (
            "Only columns of the same type and decimal places can be joined.",
            "只有类型与小数位数相同的列才能连接。",
        ),
        "NUMBERS_ONLY": ("Only a column of numbers has a sum or an average.", "只有数值列才能求和或求平均值。"),
        "QUERY_TOO_LARGE": (
            "Before any filter the query joins more than {limit} values, rows times columns. Join fewer tables or take fewer columns.",
            "查询在筛选前连接超过 {limit} 个值（行数乘列数）；请减少连接的表或所取的列。",
        ),
        "QUERIES_TOO_LARGE": (
            "The queries together look at more than {limit} values. Ask fewer at once, or with fewer columns, conditions and aggregates.",
            "各查询合计需处理超过 {limit} 个值；请减少一次询价的查询数，或减少列、条件与聚合。",
        ),
        "PRICE_POINTS_CONFLICT": (
            "No prices meet these points: a view costs more than views that determine it, or than all. Lower it, or enlarge the support.",
            "无法同时满足这些价格点：某视图的价格高于可推出它的视图或整体价格；请调低价格或扩大支持集。",
        ),
        "COLUMN_FREE": (
            "No element of the support changes {column}, so it would be free. Enlarge the support, or its table's share of the price.",
            "支持集中没有元素改动列 {column}，该列将变为免费；请扩大支持集，或提高该表的价格占比。",
        ),
        "COMPENSATION_EXCEEDS_PRICE": (
            "The owners would be owed {needed} minor units and the answer costs {price}; raise the rate or lower the variance.",
            "应补偿数据主体 {needed} 最小货币单位，而答案价格仅 {price}；请提高费率或降低方差。",
        ),
        "FEATURES_DIFFER": (
            "Every point and test needs the same number of features, {expected}.",
            "每个数据点和测试点的特征数须同为 {expected}。",
        ),
        "HOLDERS_TOO_MANY": ("At most {limit} different holders are accepted.", "最多接受 {limit} 个不同的持有方。"),
        "TWO_CLASSES_ONLY": (
            "Logistic regression tells two classes apart; choose a nearest-neighbour method.",
            "逻辑回归仅区分两类；多类请选用最近邻方法。",
        ),
        "FITS_UNSETTLED": (
            "The regressions do not settle on these points; put all features on one scale, or lower C in the plan.",
            "回归在这些数据点上无法收敛；请将各特征统一到同一尺度，或在方案中减小 C。",
        ),
        "TOO_MUCH_WORK": (
            "This would train {work} models; of so many points and features at most {limit} are accepted. Use fewer points or rounds.",
            "将训练 {work} 个模型；按此数据点与特征数量，最多接受 {limit} 个。请减少数据点或轮数。",
        ),
    }

    def __init__(self, code: str, field: str, **params: str | int) -> None:
        """Refuse the value at ``field`` for the reason ``code``."""
        self.field = field
        super().__init__(code, **params)

    def __str__(self) -> str:
        """Return the field and the English sentence."""
        return f"{self.field}: {self.text('en')}"


_FROM_MONEY: Final[Mapping[str, str]] = {
    "AMOUNT_NOT_TEXT": "NOT_A_NUMBER",
    "AMOUNT_NOT_A_NUMBER": "NOT_A_NUMBER",
    "AMOUNT_NOT_FINITE": "NOT_FINITE",
    "AMOUNT_NEGATIVE": "NEGATIVE",
    "AMOUNT_OVERFLOW": "OVERFLOW",
}


def at_field(error: MoneyError, field: str) -> InputError:
    """Return a money error as the same complaint about one field."""
    if error.code == "AMOUNT_OVER_PRECISE":
        return InputError("OVER_PRECISE", field, limit=error.params["digits"])
    return InputError(_FROM_MONEY[error.code], field)
