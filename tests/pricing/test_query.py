"""The query price: exact weights, nothing cheaper in parts or twice, the seller's points met, and bad data refused at its cell."""

import tracemalloc
from fractions import Fraction
from itertools import combinations, permutations
from time import process_time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import world
from pricing.engines.checkers import information
from pricing.engines.errors import InputError
from pricing.engines.information import conflicts as conflicts_module
from pricing.engines.information.algebra import QUERY, read_query
from pricing.engines.information.query import QUERY_PRICE, plan_of
from pricing.engines.information.relations import Work
from pricing.engines.information.weights import maximise_last, merge, weights_for
from pricing.engines.model import Verb
from pricing.engines.result import Standing
from pricing.engines.shapes import without_private
from pricing.engines.validate import validate
from tests.support.shared import shared

SHOPS = "shop,street,sales\na,north,10\nb,north,20\nc,south,20\nd,,5\n"
COLUMNS = [{"name": "shop", "type": "text", "key": True}, {"name": "street", "type": "text"}, {"name": "sales", "type": "number"}]
TABLE = {"name": "shops", "columns": COLUMNS, "csv": SHOPS}
PARAMS = {"currency": "CNY", "price": "99.99", "support_seed": 3, "support_size": 300, "tables": [TABLE]}
ALL = {"from": "shops"}
NAMES = {"from": "shops", "select": ["shops.shop"]}
TOTAL = {"from": "shops", "aggregates": [{"function": "sum", "column": "shops.sales"}]}
NORTH = {"from": "shops", "where": [{"column": "shops.street", "op": "eq", "values": ["north"]}]}
BY_STREET = {**TOTAL, "group_by": ["shops.street"]}
ASKED = [ALL, NAMES, TOTAL, NORTH, BY_STREET]
POINTS = {"price_points": [{"query": NORTH, "price": "30.00"}, {"query": BY_STREET, "price": "70.01"}]}


def quote(*queries, params=PARAMS, history=()):
    """The quote for some queries after others, each of which was bought by itself."""
    memory = QUERY_PRICE.operation(Verb.QUOTE).remember
    earlier = [quote(query, params=params).extras for query in history]
    return QUERY_PRICE.run(Verb.QUOTE, params=params, inputs={"queries": list(queries), **memory(earlier)})


def ready(params):
    plan = plan_of(QUERY_PRICE.validated_params(params))
    sets = [frozenset(np.flatnonzero(plan.conflicts(validate(QUERY, query, "q"), "q")).tolist()) for query in ASKED]
    return plan, sets, lambda elements: plan.price(np.isin(np.arange(plan.support.size), list(elements)))


@pytest.mark.parametrize("params", [PARAMS, {**PARAMS, **POINTS}], ids=["uniform", "weighted"])
def test_prices_of_sets_of_queries_are_monotone_and_subadditive_before_and_after_rounding(params):
    _, sets, price = ready(params)
    bundles = [frozenset().union(*chosen) for size in range(3) for chosen in combinations(sets, size)]
    for each in (price, lambda elements: -(-price(elements) // 1)):
        assert information.bundle_monotone(each, bundles) is None
        assert information.bundle_subadditive(each, bundles) is None
        assert information.information_monotone(sets, [each(elements) for elements in sets]) is None


@pytest.mark.parametrize("params", [PARAMS, {**PARAMS, **POINTS}], ids=["uniform", "weighted"])
def test_charges_in_any_order_sum_to_the_price_of_all_together(params):
    chosen = ASKED[1:]
    together = quote(*chosen, params=params).amount_minor

    def charge(before, query):
        return quote(chosen[query], params=params, history=[chosen[each] for each in before]).amount_minor

    assert information.never_charged_twice(charge, together, len(chosen)) is None


def test_a_query_bought_before_or_told_by_one_costs_nothing_more():
    assert quote(ALL).amount_minor == 9_999
    assert quote(TOTAL, NAMES, NORTH, history=[ALL]).amount_minor == 0
    repeated = quote(NORTH, NORTH)
    assert [line.amount_minor for line in repeated.lines] == [quote(NORTH).amount_minor, 0]
    assert repeated.lines[1].params["new"] == "0"


def test_price_points_are_met_to_the_last_unit_and_claimed():
    params = {**PARAMS, **POINTS}
    answer = quote(NORTH, params=params)
    assert [quote(query, params=params).amount_minor for query in (ALL, NORTH, BY_STREET)] == [9_999, 3_000, 7_001]
    claims = {claim.property: (claim.standing, dict(claim.witness)) for claim in answer.claims}
    assert claims["price_points"] == (Standing.CHECKED, {"points": "2"})
    proven = {"bundle_monotone", "bundle_subadditive", "information_monotone", "never_charged_twice"}
    assert {name for name, (standing, _) in claims.items() if standing is Standing.PROVEN} == proven
    assert "price_points" not in {claim.property for claim in quote(NORTH).claims}


def test_a_view_dearer_than_what_determines_it_cannot_be_a_price_point():
    for points in ([(NORTH, "100.00")], [(BY_STREET, "10.00"), (TOTAL, "10.01")]):
        rows = [{"query": query, "price": price} for query, price in points]
        with pytest.raises(InputError) as refused:
            quote(ALL, params={**PARAMS, "price_points": rows})
        assert (refused.value.code, refused.value.field) == ("PRICE_POINTS_CONFLICT", "params.price_points")
    allowed = [{"query": BY_STREET, "price": "10.01"}, {"query": TOTAL, "price": "10.01"}]
    assert quote(TOTAL, params={**PARAMS, "price_points": allowed}).amount_minor == 1_001


def test_the_entropy_price_that_is_not_offered_is_caught_by_the_checker():
    sizes = {0: 0, 1: 0, 2: 1}
    assert information.bundle_subadditive(lambda elements: sizes[len(elements)], [frozenset({0}), frozenset({1})]) == {"one": 0, "other": 1}


def test_the_checkers_catch_wrong_prices():
    sets = [frozenset({0, 1}), frozenset({1})]
    assert information.bundle_monotone(lambda elements: -len(elements), sets) == {"one": 1, "other": 0}
    assert information.information_monotone(sets, [1, 2]) == {"more": 0, "less": 1}
    assert information.price_points(len, [(sets[0], 2), (sets[1], 2)]) == {"point": 1, "price": "1", "stated": "2"}
    twice = information.never_charged_twice(lambda *_: 1, 1, 2)
    assert twice == {"order": "0 1", "total": 2, "together": 1}


def test_the_quote_says_where_one_ruled_out_database_differs_but_not_which_or_how():
    answer = quote(TOTAL)
    assert answer.extras["queries"][0]["witness"] == {"table": "shops", "column": "sales"}
    assert answer.extras["queries"][0]["alone_minor"] == str(answer.amount_minor)
    count = quote({"from": "shops", "aggregates": [{"function": "count"}]})
    assert count.extras["queries"] == [{"alone_minor": "0", "conflicts": 0, "witness": None}]


def test_the_34_queries_on_world_cost_what_they_cost():
    params = world.plan(shared("data", "world"))
    answer = quote(*(query for _, query in world.QUERIES), params=params)
    alone = [int(told["alone_minor"]) for told in answer.extras["queries"]]
    assert alone[9] == 3_340
    assert alone[33] == 6_650
    assert answer.amount_minor == sum(line.amount_minor for line in answer.lines) == 8_020
    whole = quote({"from": "countries"}, {"from": "cities"}, {"from": "languages"}, params=params)
    assert whole.amount_minor == 10_000


@given(st.lists(st.lists(st.booleans(), min_size=12, max_size=12), min_size=1, max_size=4))
def test_merged_columns_are_the_equal_ones(rows):
    matrix = np.array(rows)
    classes = merge(matrix)
    for one in range(12):
        for other in range(12):
            assert (classes[one] == classes[other]) == bool(np.all(matrix[:, one] == matrix[:, other]))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.booleans(), min_size=8, max_size=8), max_size=4), st.lists(st.integers(0, 9), min_size=8, max_size=8))
def test_weights_meet_points_that_some_weights_meet_and_none_is_negative(covers, hidden):
    points = [(np.ones(8, dtype=bool), Fraction(sum(hidden)))]
    points += [(np.array(bits), Fraction(sum(weight for weight, bit in zip(hidden, bits, strict=True) if bit))) for bits in covers]
    classes, weights = weights_for(points)
    assert min(weights) >= min(hidden)
    each = [weights[place] for place in classes]
    assert (
        information.price_points(
            lambda elements: sum(each[element] for element in elements),
            [(frozenset(np.flatnonzero(bits).tolist()), price) for bits, price in points],
        )
        is None
    )


def test_without_points_every_element_weighs_the_same_and_impossible_points_have_no_weights():
    whole = (np.ones(3, dtype=bool), Fraction(10))
    assert weights_for([whole])[1] == (Fraction(10, 3),)
    assert weights_for([whole, (np.array([True, False, False]), Fraction(11))]) is None
    assert weights_for([whole, (np.zeros(3, dtype=bool), Fraction(1))]) is None
    assert weights_for([whole, (np.array([True, False, False]), Fraction(9))])[1] == (Fraction(9), Fraction(1, 2))
    one = Fraction(1)
    assert maximise_last([[one, one], [one, one]], [one, one]) == ([0, 1], {0})


def test_a_free_view_does_not_make_other_information_free():
    price = dict.fromkeys(range(5), 10)
    covers = {"all": ({0, 1, 2, 3, 4}, 40), "free": ({0}, 0), "one": ({1, 2}, 20), "other": ({2, 3}, 20)}
    points = [(np.array([element in view for element in price]), Fraction(stated)) for view, stated in covers.values()]
    classes, weights = weights_for(points)
    assert [weights[place] for place in classes] == [0, 10, 10, 10, 10]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.booleans(), min_size=6, max_size=6), max_size=3), st.lists(st.integers(0, 3), min_size=6, max_size=6))
def test_an_element_weighs_nothing_only_if_no_weights_that_meet_the_points_give_it_any(covers, hidden):
    points = [(np.ones(6, dtype=bool), Fraction(sum(hidden)))]
    points += [(np.array(bits), Fraction(sum(weight for weight, bit in zip(hidden, bits, strict=True) if bit))) for bits in covers]
    classes, weights = weights_for(points)
    assert all(weights[place] > 0 for place, weight in zip(classes, hidden, strict=True) if weight)


def table(**more):
    return {**PARAMS, "tables": [{**TABLE, **more}]}


def asked(**more):
    return {"queries": [{**ALL, **more}]}


def condition(op, *values, column="shops.sales"):
    return {"where": [{"column": column, "op": op, "values": list(values)}]}


OTHER = {
    "name": "others",
    "columns": [{"name": "x", "type": "number", "decimals": 2}, {"name": "y", "type": "text"}],
    "csv": "x,y\n1.25,a\n",
}


@pytest.mark.parametrize(
    ("params", "inputs", "code", "field"),
    [
        (table(csv=""), asked(), "BAD_FORMAT", "params.tables.0.csv"),
        (table(csv="shop,street,sales\n"), asked(), "TOO_FEW", "params.tables.0.csv"),
        (table(csv="shop,sales,street\na,1,b\n"), asked(), "HEADER_DIFFERS", "params.tables.0.csv.0"),
        (table(csv="shop,street,sales\na,b\n"), asked(), "ROW_WIDTH", "params.tables.0.csv.1"),
        (table(csv='shop,street,sales\na,"b,1\n'), asked(), "BAD_FORMAT", "params.tables.0.csv"),
        (table(csv="shop,street,sales\na,b\0,1\n"), asked(), "BAD_TEXT", "params.tables.0.csv"),
        (table(csv="shop,street,sales\n" + "a,b,1\n" * 400 + "\ud800,b,1\n"), asked(), "BAD_TEXT", "params.tables.0.csv"),
        (table(csv="shop,street,sales\na,b,NaN\n"), asked(), "NOT_A_NUMBER", "params.tables.0.csv.1.sales"),
        (table(csv="shop,street,sales\na,b,1\nc,d,1.5\n"), asked(), "OVER_PRECISE", "params.tables.0.csv.2.sales"),
        (table(csv="shop,street,sales\na,b,4000000000001\n"), asked(), "TOO_LARGE", "params.tables.0.csv.1.sales"),
        (table(csv="shop,street,sales\n" + "a,b,1\n" * 66_667), asked(), "TOO_MANY", "params.tables"),
        (table(csv="shop,street,sales\na,b,1\n,b,1\n,b,1\na,c,2\n"), asked(), "DUPLICATE", "params.tables.0.csv.4.shop"),
        (table(columns=[*COLUMNS, COLUMNS[0]]), asked(), "DUPLICATE", "params.tables.0.columns.3.name"),
        (table(columns=[]), asked(), "TOO_FEW", "params.tables.0.columns"),
        ({**PARAMS, "tables": [TABLE, TABLE]}, asked(), "DUPLICATE", "params.tables.1.name"),
        ({**PARAMS, "price": "-1"}, asked(), "NEGATIVE", "params.price"),
        ({**PARAMS, "currency": "KWD", "price": "9" * 16}, asked(), "OVERFLOW", "params.price"),
        ({**PARAMS, "currency": "JPY"}, asked(), "OVER_PRECISE", "params.price"),
        ({**PARAMS, "support_size": 2_001}, asked(), "TOO_LARGE", "params.support_size"),
        ({**PARAMS, "support_seed": -1}, asked(), "TOO_SMALL", "params.support_seed"),
        ({**PARAMS, "price_points": [{"query": {"from": "x"}, "price": "1"}]}, asked(), "NOT_ALLOWED", "params.price_points.0.query.from"),
        (PARAMS, {"queries": []}, "TOO_FEW", "inputs.queries"),
        (PARAMS, {"queries": [ALL] * 41}, "TOO_MANY", "inputs.queries"),
        (PARAMS, {"queries": [ALL], "history": [ALL]}, "UNKNOWN_FIELD", "inputs.history"),
        (PARAMS, asked(select=["shops.nothing"]), "NOT_ALLOWED", "inputs.queries.0.select.0"),
        (PARAMS, asked(select=["others.x"]), "NOT_ALLOWED", "inputs.queries.0.select.0"),
        (PARAMS, asked(select=["1; drop table"]), "BAD_FORMAT", "inputs.queries.0.select.0"),
        (PARAMS, asked(select=["shops.shop"], group_by=["shops.shop"]), "TOO_MANY", "inputs.queries.0.select"),
        (PARAMS, asked(aggregates=[{"function": "sum"}]), "REQUIRED", "inputs.queries.0.aggregates.0.column"),
        (PARAMS, asked(aggregates=[{"function": "avg", "column": "shops.shop"}]), "NUMBERS_ONLY", "inputs.queries.0.aggregates.0.column"),
        (PARAMS, asked(**condition("lt")), "TOO_FEW", "inputs.queries.0.where.0.values"),
        (PARAMS, asked(**condition("in")), "TOO_FEW", "inputs.queries.0.where.0.values"),
        (PARAMS, asked(**condition("is_null", "1")), "TOO_MANY", "inputs.queries.0.where.0.values"),
        (PARAMS, asked(**condition("lt", "1", "2")), "TOO_MANY", "inputs.queries.0.where.0.values"),
        (PARAMS, asked(**condition("lt", "1e999999999")), "NOT_A_NUMBER", "inputs.queries.0.where.0.values.0"),
        (PARAMS, asked(**condition("starts_with", "1")), "NOT_ALLOWED", "inputs.queries.0.where.0.op"),
        (PARAMS, asked(**condition("like", "1")), "NOT_ALLOWED", "inputs.queries.0.where.0.op"),
        (PARAMS, asked(order=[{"position": 4}], limit=1), "TOO_LARGE", "inputs.queries.0.order.0.position"),
        (PARAMS, asked(limit=0), "TOO_SMALL", "inputs.queries.0.limit"),
        (
            PARAMS,
            asked(join=[{"table": "shops", "left": "shops.shop", "right": "shops.shop"}]),
            "DUPLICATE",
            "inputs.queries.0.join.0.table",
        ),
        (
            {**PARAMS, "tables": [TABLE, OTHER]},
            asked(join=[{"table": "others", "left": "shops.sales", "right": "others.x"}]),
            "JOIN_TYPES_DIFFER",
            "inputs.queries.0.join.0.right",
        ),
    ],
)
def test_bad_data_and_queries_are_refused_at_their_field(params, inputs, code, field):
    with pytest.raises(InputError) as refused:
        QUERY_PRICE.run(Verb.QUOTE, params=params, inputs=inputs)
    assert (refused.value.code, refused.value.field) == (code, field)
    assert refused.value.text("zh")


def test_a_join_of_too_many_rows_is_refused_before_it_is_made(monkeypatch):
    monkeypatch.setattr(conflicts_module, "MAX_JOINED", 3)
    with pytest.raises(InputError) as refused:
        quote(ALL)
    assert (refused.value.code, refused.value.field) == ("QUERY_TOO_LARGE", "inputs.queries.0")


HEAVY = {
    "from": "wide",
    "group_by": ["wide.x"],
    "aggregates": [{"function": function, "column": "wide.y"} for function in ("min", "max", "count_distinct", "avg")] * 4,
}


def test_all_queries_of_a_question_share_one_limit_so_that_it_is_answered_or_refused_in_time():
    rows = "\n".join(f"{row % 997},{row * 7919 % 60_000}" for row in range(40_000))
    wide = {"name": "wide", "columns": [{"name": name, "type": "number"} for name in ("x", "y")], "csv": f"x,y\n{rows}"}
    prepared = QUERY_PRICE.prepared({**PARAMS, "tables": [wide]})
    assert prepared.run(Verb.QUOTE, inputs={"queries": [HEAVY] * 4}).amount_minor
    began = process_time()
    with pytest.raises(InputError) as refused:
        prepared.run(Verb.QUOTE, inputs={"queries": [HEAVY] * 40})
    assert (refused.value.code, refused.value.field) == ("QUERIES_TOO_LARGE", "inputs.queries.6")
    assert process_time() - began < 3
    tests = [{"column": "wide.x", "op": "in", "values": [str(value) for value in range(50)]}] * 20
    with pytest.raises(InputError) as refused:
        prepared.run(Verb.QUOTE, inputs={"queries": [{"from": "wide", "where": tests, "distinct": True}] * 40})
    assert refused.value.code == "QUERIES_TOO_LARGE"


def test_a_refusal_for_size_tells_nothing_of_what_a_filter_finds():
    def side(name):
        return {"name": name, "columns": [{"name": "k", "type": "number"}], "csv": "k\n" + "1\n" * 300}

    people = {
        "name": "people",
        "columns": [{"name": "name", "type": "text"}, {"name": "k", "type": "number"}],
        "csv": "name,k\nann,1\nbob,2\n",
    }
    params = {**PARAMS, "tables": [people, side("b"), side("c"), side("d")]}
    join = [{"table": to, "left": f"{at}.k", "right": f"{to}.k"} for at, to in (("people", "b"), ("b", "c"), ("c", "d"))]
    refused = []
    for name in ("ann", "bob", "nobody"):
        where = [{"column": "people.name", "op": "eq", "values": [name]}]
        with pytest.raises(InputError) as found:
            quote({"from": "people", "join": join, "where": where, "aggregates": [{"function": "count"}]}, params=params)
        refused.append((found.value.code, found.value.field, found.value.params))
    assert refused == [("QUERY_TOO_LARGE", "inputs.queries.0", {"limit": 2_000_000})] * 3


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(["a", "zz", ""]), st.sampled_from(["eq", "ne", "lt", "ge"]), st.sampled_from([{}, {"distinct": True}, {"limit": 1}]))
def test_what_a_question_costs_to_answer_does_not_depend_on_what_its_filter_finds(value, op, more):
    plan = plan_of(QUERY_PRICE.validated_params({**PARAMS, "tables": [TABLE, {**OTHER, "csv": "x,y\n1.25,a\n2,d\n"}]}))
    left = set()
    for given_value in (value, "b"):
        work = Work()
        where = [{"column": "shops.shop", "op": op, "values": [given_value]}]
        join = [{"table": "others", "left": "shops.shop", "right": "others.y"}]
        plan.conflicts(validate(QUERY, {**ALL, "where": where, "join": join, **more}, "q"), "q", work)
        left.add(work.left)
    assert len(left) == 1


def test_more_rows_than_there_may_be_cells_are_not_read():
    columns = [{"name": "x", "type": "number"}]
    tables = [{"name": f"t{place}", "columns": columns, "csv": "x\n" + "1\n" * 999_000} for place in range(3)]
    tracemalloc.start()
    with pytest.raises(InputError) as refused:
        QUERY_PRICE.validated_params({**PARAMS, "tables": tables})
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (refused.value.code, refused.value.field) == ("TOO_MANY", "params.tables")
    assert peak < 100 * 2**20


def test_a_column_that_no_element_changes_is_refused_and_not_given_away():
    other = {"name": "others", "columns": [{"name": "y", "type": "text"}], "csv": "y\na\n"}
    with pytest.raises(InputError) as refused:
        quote(ALL, params={**PARAMS, "tables": [{**TABLE, "weight": 1_000}, other]})
    assert (refused.value.code, refused.value.field) == ("COLUMN_FREE", "params.support_size")
    assert refused.value.params == {"column": "others.y"}
    narrow = {**PARAMS, "support_size": 10, "tables": [{**TABLE, "weight": 7}, {**other, "weight": 1}]}
    for seed in range(20):
        assert quote({"from": "others"}, NAMES, params={**narrow, "support_seed": seed}).lines[0].amount_minor > 0


def test_what_was_bought_together_in_turn_or_at_once_is_remembered_alike():
    at_once = quote(NAMES, NORTH)
    in_turn = quote(NORTH, history=[NAMES])
    apart = QUERY_PRICE.operation(Verb.QUOTE).remember([quote(NAMES).extras, quote(NORTH).extras])
    assert at_once.extras["ruled_out"] == in_turn.extras["ruled_out"] == apart["known"]
    assert at_once.lines[1].amount_minor == in_turn.amount_minor
    assert QUERY_PRICE.operation(Verb.QUOTE).remember([]) == {"known": ""}
    assert quote(ALL).extras["ruled_out"] == "ff" * 37 + "f0"


def test_quotes_on_one_record_can_share_the_rest_of_a_minor_unit_and_are_then_not_claimed_subadditive():
    params = {**PARAMS, "price": "1.50"}
    rows = [{**ALL, "where": [{"column": "shops.shop", "op": "eq", "values": [shop]}]} for shop in "abcd"]
    wrong = set()
    for first, one, other in permutations([*rows, NAMES, TOTAL], 3):
        apart = [quote(each, params=params, history=[first]) for each in (one, other)]
        together = quote(one, other, params=params, history=[first])
        claimed = "bundle_subadditive" in {claim.property for claim in together.claims}
        undercut = together.amount_minor > sum(each.amount_minor for each in apart)
        assert not (claimed and undercut)
        wrong.add((claimed, undercut))
    assert wrong == {(True, False), (False, False), (False, True)}


@pytest.mark.parametrize("known", ["f", "FF", "zz", "ff", "ff" * 39, "ff" * 38, "ff" * 501, 7])
def test_words_about_another_support_are_refused(known):
    with pytest.raises(InputError) as refused:
        QUERY_PRICE.run(Verb.QUOTE, params=PARAMS, inputs={"queries": [ALL], "known": known})
    assert refused.value.field == "inputs.known"


def test_the_tables_and_the_seed_of_the_support_are_for_the_owner_alone():
    shown = without_private(QUERY_PRICE.params_schema, QUERY_PRICE.validated_params({**PARAMS, **POINTS}))
    assert set(shown) == {"currency", "price", "price_points", "support_size", "tables"}
    (table_shown,) = shown["tables"]
    assert set(table_shown) == {"name", "columns", "weight"}
    assert [column["name"] for column in table_shown["columns"]] == ["shop", "street", "sales"]


def test_two_ways_to_ask_for_the_last_texts_cost_the_same():
    last = "\U0010ffff"
    asked = [{**ALL, "where": [{"column": "shops.street", "op": op, "values": [last]}]} for op in ("ge", "starts_with")]
    prices = {quote(query).amount_minor for query in asked}
    assert len(prices) == 1
    assert min(prices) > 0


def test_texts_are_joined_whatever_decimal_places_were_stated_for_them():
    other = {"name": "owners", "columns": [{"name": "shop", "type": "text", "decimals": 2}, {"name": "who", "type": "text"}]}
    params = {**PARAMS, "tables": [TABLE, {**other, "csv": "shop,who\na,x\n"}]}
    joined = {"from": "shops", "join": [{"table": "owners", "left": "shops.shop", "right": "owners.shop"}], "select": ["owners.who"]}
    assert quote(joined, params=params).amount_minor > 0


def test_a_condition_finer_than_its_column_is_compared_exactly():
    rows = [("lt", "9.9", 1), ("le", "10.0", 2), ("gt", "19.99", 2), ("ge", "20.01", 0), ("eq", "10.5", 0), ("ne", "10.5", 4)]
    plan = plan_of(QUERY_PRICE.validated_params(PARAMS))
    for op, value, expected in rows:
        query = read_query(plan.database, validate(QUERY, {**ALL, **condition(op, value)}, "q"), "q")
        assert len(conflicts_module.answer(plan.database, query, "q")) == expected
