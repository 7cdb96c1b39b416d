"""Facts about the price of public data: which product's ceiling it is held to, on which day, and what stays unknown."""

from dataclasses import replace

import pytest

from listings.catalogue.ceiling_services import price_ceiling_close
from marketplace.screening.collecting import collect_deal_facts
from registry.base.actor import PartyKind
from registry.rights.scope import Scope
from registry.rights.states import Right
from registry.rules.book import Stage
from registry.rules.catalogue import builtin_rulebook
from registry.rules.engine import screen
from tests.marketplace.screening import market as m
from tests.support.parties import admit

pytestmark = pytest.mark.django_db
DERIVING = Scope(derive=True, provide_derived=True, territory="CN")


@pytest.fixture
def bureau():
    return admit(PartyKind.PUBLIC_BODY, name="Price bureau")


@pytest.fixture
def of():
    return m.market(**m.AUTHORISED, examined={"public_code_valid": True})


def judged(subject, stage="contract"):
    """What PR-01 says of a deal, and the price, whether there is a ceiling, and the ceiling."""
    facts = collect_deal_facts(subject, stage)
    found = next((each for each in screen(builtin_rulebook(), Stage(stage), facts).findings if each.rule == "PR-01"), None)
    return (found and found.outcome.name, facts["price_minor"], facts["ceiling_set"], facts["ceiling_minor"])


@pytest.mark.parametrize("stage", ["offer", "contract"])
def test_a_price_is_held_to_its_ceiling_when_offered_and_when_agreed(of, bureau, stage):
    m.capped(of.registered, bureau, 120_000)
    subject = m.deal(of, use_class="INDUSTRY")
    assert judged(subject, stage) == ("PASS", 120_000, True, 120_000)
    m.capped(of.registered, bureau, 1, "CALL")
    assert judged(subject, stage) == ("PASS", 120_000, True, 120_000)


def test_a_ceiling_counts_on_its_days_and_while_the_register_says_so(of, bureau):
    subject = m.deal(of, use_class="INDUSTRY")
    ceiling = m.capped(of.registered, bureau, 119_999)
    assert judged(subject) == ("BLOCK", 120_000, True, 119_999)
    price_ceiling_close(actor=bureau.actor, ceiling_id=ceiling.pk, idempotency_key="c")
    assert judged(subject) == ("REFER", 120_000, False, None)
    for first, until in ((1, None), (-30, 0)):
        m.capped(of.registered, bureau, 119_999, first=first, until=until)
    assert judged(subject) == ("REFER", 120_000, False, None)
    m.capped(of.registered, bureau, 120_000, first=0, until=1)
    assert judged(subject) == ("PASS", 120_000, True, 120_000)


def test_what_is_made_from_public_data_has_a_ceiling_of_its_own_or_none(of, bureau):
    m.capped(of.registered, bureau, 1)
    licence = m.licensed(of.registered.grants.get(kind=Right.OPERATE), of.buyer, scope=DERIVING)
    derived = m.Market(of.buyer, of.seller, of.institution, of.regulator, m.register(of.buyer, licence, days=30))
    subject = m.deal(derived, use_class="INDUSTRY", rights=(m.asked(derived.registered, days=30),))
    assert judged(subject) == ("REFER", 120_000, False, None)
    m.capped(derived.registered, bureau, 119_999)
    assert judged(subject) == ("BLOCK", 120_000, True, 119_999)


def test_one_price_for_several_objects_is_for_people_to_divide(of, bureau):
    second = m.register(of.seller, **m.AUTHORISED)
    subject = m.deal(of, use_class="INDUSTRY", rights=(m.asked(of.registered), m.asked(second)))
    m.capped(of.registered, bureau, 120_000)
    assert judged(subject) == ("REFER", 120_000, False, None)
    m.capped(second, bureau, 120_000)
    assert judged(subject) == ("REFER", 120_000, True, None)


def test_a_share_of_income_is_no_price_that_a_ceiling_can_be_held_against(of, bureau):
    m.capped(of.registered, bureau, 120_000)
    subject = m.deal(of, use_class="INDUSTRY", amount_minor=None)
    assert judged(subject) == ("REFER", None, True, None)
    assert judged(replace(subject, use_class="WELFARE")) == ("REFER", None, True, None)


def test_what_is_not_public_data_is_held_to_no_ceiling():
    assert judged(m.deal(m.market(), use_class="INDUSTRY")) == (None, 120_000, False, None)
