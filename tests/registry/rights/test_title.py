"""What a product stands on: licences that allow it, shares that sum to no more than everything, and a chain that ends."""

from dataclasses import replace
from datetime import date

import pytest

from registry.base.errors import NotFound
from registry.rights.errors import NotCovered, TitleBroken
from registry.rights.scope import FULL
from registry.rights.selectors import ChainLink, scope_available, title_chain
from registry.rights.states import Right
from tests.registry.rights.test_grant import refused
from tests.registry.rights.world import DERIVING, END, START, first, licence, organisation, registered

DAY = date(2027, 6, 1)


@pytest.fixture
def sources(db):
    """The rights of OPERATE in two resources of two owners."""
    return [first(registered(organisation(name=name), name=name)) for name in ("Airport", "Weather")]


@pytest.fixture
def maker(db):
    return organisation(name="Maker")


def test_the_chain_names_whom_to_pay_and_how_much(sources, maker):
    relied = [licence(sources[0], maker, share=120_000), licence(sources[1], maker, share=80_000)]
    product = registered(maker, *relied)
    assert title_chain(product.pk, DAY) == tuple(
        ChainLink(product.pk, parent.object_id, parent.holder_id, maker.pk, grant.income_share_ppm, grant.pk)
        for parent, grant in sorted(zip(sources, relied, strict=True), key=lambda pair: pair[0].object_id)
    )


def test_the_chain_goes_on_through_sources_and_past_ones_own(sources, maker):
    relied = licence(sources[0], maker, share=100_000)
    one = registered(maker, relied, name="One")
    two = registered(maker, first(one, Right.USE, scope=DERIVING), name="Two")
    buyer = organisation(name="Buyer")
    deep = licence(first(two, scope=replace(FULL, export=False, territory="CN")), buyer, share=50_000)
    three = registered(buyer, deep, name="Three")
    assert [
        (link.product_object_id, link.source_object_id, link.licensor, link.licensee, link.income_share_ppm)
        for link in title_chain(three.pk, DAY)
    ] == [
        (three.pk, two.pk, maker.pk, buyer.pk, 50_000),
        (one.pk, relied.object_id, relied.licensor_id, maker.pk, 100_000),
    ]


def test_a_source_reached_twice_gives_each_link_once(sources, maker):
    base = registered(maker, licence(sources[0], maker, share=100_000))
    uses = first(base, Right.USE, scope=DERIVING)
    left, right = (first(registered(maker, uses, name=name), Right.USE, scope=DERIVING) for name in ("Left", "Right"))
    top = registered(maker, left, right, name="Top")
    assert [(link.product_object_id, link.income_share_ppm) for link in title_chain(top.pk, DAY)] == [(base.pk, 100_000)]


def test_an_original_owes_nobody_and_an_unknown_object_is_said_so(sources):
    assert title_chain(sources[0].object_id, DAY) == ()
    with pytest.raises(NotFound):
        title_chain(sources[0].pk, DAY)


def test_a_day_outside_the_licence_is_no_silent_exemption(sources, maker):
    product = registered(maker, licence(sources[0], maker, share=1, end=DAY))
    assert len(title_chain(product.pk, date(2027, 5, 31))) == 1
    with pytest.raises(TitleBroken):
        title_chain(product.pk, DAY)


@pytest.mark.parametrize(
    ("scope", "reason"), [(replace(DERIVING, derive=False), "NO_DERIVATION"), (replace(DERIVING, provide_derived=False), "NO_DERIVATION")]
)
def test_a_product_needs_the_right_to_make_and_provide_it(sources, maker, snapshot, scope, reason):
    relied = licence(sources[0], maker, scope=scope)
    assert refused(snapshot, NotCovered, lambda: registered(maker, relied)).params["reason_code"] == reason


def test_a_product_relies_on_its_owners_own_use_right(sources, maker, snapshot):
    foreign = licence(sources[0], organisation())
    for grant in (foreign, sources[0]):
        assert refused(snapshot, NotCovered, lambda grant=grant: registered(maker, grant)).params["reason_code"] == "NOT_OWNERS_USE"


def test_the_shares_of_all_licences_fit_into_the_whole(sources, maker, snapshot):
    relied = [licence(sources[0], maker, share=600_000), licence(sources[1], maker, share=400_001)]
    assert refused(snapshot, NotCovered, lambda: registered(maker, *relied)).params["reason_code"] == "SHARES"
    exact = licence(sources[1], maker, share=400_000)
    assert len(title_chain(registered(maker, relied[0], exact).pk, DAY)) == 2


def test_a_products_rights_lie_within_every_licence(sources, maker, snapshot):
    relied = [licence(sources[0], maker, end=date(2029, 1, 1)), licence(sources[1], maker, start=date(2027, 3, 1))]
    product = registered(maker, *relied)
    inside = scope_available(product.pk)
    assert (inside.export, inside.territory, inside.sublicense) == (False, "CN", True)
    for start, end, scope, reason in (
        (START, date(2028, 1, 1), inside, "SOURCE_TERM"),
        (date(2027, 3, 1), END, inside, "SOURCE_TERM"),
        (date(2027, 3, 1), date(2029, 1, 1), FULL, "SOURCE_SCOPE"),
    ):
        error = refused(snapshot, NotCovered, lambda start=start, end=end, scope=scope: first(product, start=start, end=end, scope=scope))
        assert (error.params["reason_code"], error.field) == (reason, ("madeFrom",))
    assert first(product, start=date(2027, 3, 1), end=date(2029, 1, 1), scope=inside).valid.upper == date(2029, 1, 1)


def test_derivation_ends_at_sixteen(sources, maker, snapshot):
    relied = licence(sources[0], maker, share=10)
    for level in range(16):
        product = registered(maker, relied, name=f"Level {level + 1}")
        relied = first(product, Right.USE, scope=DERIVING)
    assert product.depth == 16
    assert len(title_chain(product.pk, DAY)) == 1
    assert refused(snapshot, NotCovered, lambda: registered(maker, relied)).params["reason_code"] == "DEPTH"
