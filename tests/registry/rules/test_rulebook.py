"""The rulebook's own examples, what it cites, and that not knowing never passes."""

import copy
import re
from collections.abc import Callable
from itertools import chain, combinations
from typing import Any

import pytest

from registry.rules.book import Case, Example, Outcome, Rule, Rulebook, Stage
from registry.rules.catalogue import NEVER_OVERRIDDEN, builtin_rulebook, builtin_rulebook_json, parse_rulebook
from registry.rules.engine import Finding, screen
from registry.rules.facts import FACTS, FactKind, Facts, FactValue
from registry.rules.instruments import INSTRUMENTS, Relation, Unit
from registry.rules.matrix import excess_clause
from registry.rules.reading import Malformed

BOOK = builtin_rulebook()
EXAMPLES = [
    pytest.param(rule, example, id=f"{rule.id}-{name}")
    for rule in BOOK.rules
    for name, example in (("fires", rule.fires), ("quiet", rule.quiet))
]
JUDGED = [pytest.param(rule, stage, id=f"{rule.id}-{stage}") for rule in BOOK.rules for stage in Stage if stage in rule.stages]


def finding_of(rule: Rule, stage: Stage, facts: Facts) -> Finding | None:
    """What one rule of the rulebook finds."""
    return next((finding for finding in screen(BOOK, stage, facts).findings if finding.rule == rule.id), None)


@pytest.mark.parametrize(("rule", "example"), EXAMPLES)
def test_each_boundary_example_has_its_outcome(rule: Rule, example: Example) -> None:
    finding = finding_of(rule, example.stage, example.facts)
    assert (finding and finding.outcome) == example.outcome


def test_examples_fire_and_stay_quiet() -> None:
    for rule in BOOK.rules:
        assert rule.fires.outcome not in {None, Outcome.PASS}
        assert rule.quiet.outcome in {None, Outcome.PASS}
        assert {rule.fires.stage, rule.quiet.stage} <= rule.stages


@pytest.mark.parametrize(("rule", "stage"), JUDGED)
def test_knowing_nothing_never_passes(rule: Rule, stage: Stage) -> None:
    finding = finding_of(rule, stage, {})
    assert finding is not None
    assert finding.outcome >= Outcome.REFER
    assert finding.missing


def domain(name: str) -> list[FactValue]:
    """Every value of a fact that a clause could tell apart; for numbers and dates those named in the examples, and neighbours."""
    fact = FACTS[name]
    match fact.kind:
        case FactKind.BOOL:
            return [True, False]
        case FactKind.CODE:
            return list(fact.codes)
        case FactKind.CODES:
            sizes = range(len(fact.codes) + 1)
            return [frozenset(some) for some in chain.from_iterable(combinations(fact.codes, size) for size in sizes)]
        case FactKind.INT:
            return [0, 1, 40, 41, 400, 401, 100_000, 120_000]
        case FactKind.DATE:
            days = {day for rule in BOOK.rules for facts in (rule.fires.facts, rule.quiet.facts) if (day := facts.get(name))}
            return sorted(days, key=str)


@pytest.mark.parametrize(("rule", "example"), EXAMPLES)
def test_forgetting_one_fact_passes_only_if_no_value_of_it_could_matter(rule: Rule, example: Example) -> None:
    for name in rule.reads & example.facts.keys():
        known = {key: value for key, value in example.facts.items() if key != name}
        forgotten = finding_of(rule, example.stage, known)
        if forgotten is None or forgotten.outcome is Outcome.PASS:
            possible = [finding_of(rule, example.stage, {**known, name: value}) for value in domain(name)]
            assert all(finding is None or finding.outcome is Outcome.PASS for finding in possible), name


def test_only_secrets_core_data_and_foreign_courts_are_beyond_override(rulebook: Rulebook) -> None:
    assert {rule.id for rule in rulebook.rules if not rule.overridable} == NEVER_OVERRIDDEN == {"PT-02", "PT-03", "XB-06"}


def test_the_rulebook_holds_the_core_rules(rulebook: Rulebook) -> None:
    assert [rule.id for rule in rulebook.rules] == [
        *(["PT-01", "PT-02", "PT-03", "PT-04", "PT-05", "PT-07", "PT-08", "PT-09", "PT-10", "PT-13", "PT-14", "PT-15", "PT-16"]),
        *(["PI-01", "PI-02", "PI-03", "PI-04", "PI-05", "PI-07", "PI-08"]),
        *(
            [
                "RG-01",
                "RG-02",
                "RG-03",
                "RG-04",
                "RG-05",
                "RG-07",
                "LS-01",
                "PR-01",
                "PR-05",
                "DL-01",
                "DL-02",
                "DL-03",
                "DL-04",
                "ST-01",
                "XB-01",
                "XB-06",
            ]
        ),
    ]


def test_no_citation_prints_an_unread_provision(rulebook: Rulebook) -> None:
    for rule in rulebook.rules:
        assert rule.xiamen_article == ""
        for basis in rule.basis:
            assert INSTRUMENTS[basis.instrument].printable(basis.unit, basis.number)
            assert ("(reported)" in basis.text.en) is INSTRUMENTS[basis.instrument].reported
            if basis.instrument == "XIAMEN":
                assert basis.text.en == "Xiamen SEZ Data Regulation, chapter 3 (article number to be confirmed)"
            if basis.instrument in {"SHENZHEN", "SHANGHAI"}:
                assert basis.relation is Relation.COMPARABLE


def test_the_first_basis_is_the_strongest(rulebook: Rulebook) -> None:
    strength = list(Relation)
    for rule in rulebook.rules:
        ranks = [strength.index(basis.relation) for basis in rule.basis]
        assert ranks == sorted(ranks), rule.id


def test_citations_read_well_in_both_languages(rulebook: Rulebook) -> None:
    comparable = rulebook.rule("PT-08").basis[2].text
    assert comparable.in_language("en") == "Shenzhen SEZ Data Regulation, art. 67(2)"
    assert comparable.in_language("zh-hans") == "《深圳经济特区数据条例》第67条第2项"
    assert rulebook.rule("PT-07").basis[0].text.en == ("Fujian Data Circulation and Trading Measures, prohibited-trade item 4 (reported)")
    assert rulebook.rule("DL-04").basis[0].text.zh == "《电子签名法》"


def test_every_text_has_chinese_in_the_chinese(rulebook: Rulebook) -> None:
    han = re.compile(r"[\u4e00-\u9fff]")
    for rule in rulebook.rules:
        texts = [rule.title, rule.fires.note, rule.quiet.note, *chain.from_iterable((case.reason, case.remedy) for case in rule.cases)]
        assert all(han.search(text.zh) and not han.search(text.en) for text in texts), rule.id


def test_the_rule_on_registrable_rights_is_the_matrix(rulebook: Rulebook) -> None:
    case: Case = rulebook.rule("RG-02").cases[0]
    assert case.when == excess_clause()


def _first(book: Any) -> Any:
    return book["rules"][0]


@pytest.mark.parametrize(
    ("spoil", "code", "path"),
    [
        (lambda book: book.pop("title"), "MISSING_KEY", "$"),
        (lambda book: book.update(rules=[]), "TOO_SHORT", "$.rules"),
        (lambda book: book["rules"].append(_first(book)), "REPEATED_RULE", "$.rules"),
        (lambda book: _first(book).update(id="PT-1"), "BAD_FORM", "$.rules[0].id"),
        (lambda book: _first(book).update(stages=["lunch"]), "UNKNOWN_CODE", "$.rules[0].stages[0]"),
        (lambda book: _first(book).update(overridable=False), "WRONG_OVERRIDE", "$.rules[0]"),
        (lambda book: book["rules"][1].pop("overridable"), "WRONG_OVERRIDE", "$.rules[1]"),
        (lambda book: _first(book).update(xiamen_article="17"), "UNREAD_PROVISION", "$.rules[0].xiamen_article"),
        (lambda book: _first(book)["basis"][1].update(chapter=4), "UNREAD_PROVISION", "$.rules[0].basis[1]"),
        (lambda book: _first(book)["basis"][1].update(article=2), "ONE_PROVISION", "$.rules[0].basis[1]"),
        (lambda book: _first(book)["basis"][2].update(relation="binding"), "RELATION_TOO_STRONG", "$.rules[0].basis[2].relation"),
        (lambda book: _first(book)["cases"][0].update(due="listing"), "DUE_BELONGS_TO_ALLOW_IF", "$.rules[0].cases[0]"),
        (lambda book: _first(book)["cases"][0].update(verdict="PASS"), "UNKNOWN_CODE", "$.rules[0].cases[0].verdict"),
        (lambda book: _first(book)["cases"][0].update(if_unknown="PASS"), "UNKNOWN_CODE", "$.rules[0].cases[0].if_unknown"),
        (lambda book: _first(book)["cases"][1].update(code="HARM_CONFIRMED"), "REPEATED_CASE", "$.rules[0].cases"),
        (lambda book: _first(book)["cases"][0]["when"].update(fact="harm"), "UNKNOWN_FACT", "$.rules[0].cases[0].when.fact"),
        (lambda book: _first(book)["cases"][0]["reason"].pop("zh"), "MISSING_KEY", "$.rules[0].cases[0].reason"),
        (lambda book: _first(book)["fires"]["facts"].update(harm_flag="YES"), "UNKNOWN_CODE", "$.rules[0].fires.facts.harm_flag"),
    ],
)
def test_a_spoilt_rulebook_is_refused_with_its_path(spoil: Callable[[Any], object], code: str, path: str) -> None:
    raw = copy.deepcopy(builtin_rulebook_json())
    spoil(raw)
    with pytest.raises(Malformed) as refusal:
        parse_rulebook(raw)
    assert (refusal.value.code, refusal.value.path) == (code, path)


def test_a_number_beyond_article_four_of_the_xiamen_regulation_is_never_printable() -> None:
    assert not any(INSTRUMENTS["XIAMEN"].printable(Unit.ARTICLE, number) for number in range(5, 66))
