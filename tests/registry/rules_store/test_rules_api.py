"""Rules and their changes through the front door."""

import json
from datetime import timedelta

import pytest

from registry.base import clock
from registry.base.actor import PartyKind
from registry.log.models import Outbox
from registry.rules.calendar import china_date
from registry.rules.catalogue import builtin_rulebook, builtin_rulebook_json
from registry.rules_store.models import Rulebook
from tests.support.filings import door
from tests.support.graphql import Client
from tests.support.parties import admit, colleague

pytestmark = pytest.mark.django_db
BOOK = "rulebook { id number approvedAt }"


def test_the_rules_in_force_are_listed_with_what_they_rest_on():
    client = Client(token=admit(PartyKind.BUYER).token)
    rules = client.query("{ rules { ruleId titleZh stages basis { instrument article relation } cases { code outcome due remedyZh } } }")[
        "rules"
    ]
    assert [rule["ruleId"] for rule in rules] == [rule.id for rule in builtin_rulebook().rules]
    shown = next(rule for rule in rules if rule["ruleId"] == "RG-03")
    assert shown["titleZh"] == "政务数据不予产权登记"
    assert shown["stages"] == ["draft", "registration"]
    assert shown["basis"] == [{"instrument": "GUIDELINE", "article": "art. 15", "relation": "comparable"}]
    assert [(case["code"], case["outcome"], case["due"]) for case in shown["cases"]] == [("GOVERNMENT_DATA", "BLOCK", None)]


def test_two_regulators_change_a_rule():
    party = admit(PartyKind.REGULATOR)
    first, second = door(party), door(party, colleague(party))
    rule = next(rule for rule in builtin_rulebook_json()["rules"] if rule["id"] == "RG-03") | {"version": 2}
    day = china_date(clock.now()) + timedelta(days=1)
    given = {"effectiveFrom": day, "put": [json.dumps(rule, ensure_ascii=False)], "withdraw": ["RG-04"]}
    book = first.mutate("rulebookPropose", BOOK, idempotencyKey="k", **given)["rulebook"]
    assert (book["number"], book["approvedAt"]) == (2, None)
    assert first.mutate("rulebookApprove", BOOK, rulebookId=book["id"], idempotencyKey="a").codes == ["FOUR_EYES"]
    approved = second.mutate("rulebookApprove", BOOK, rulebookId=book["id"], idempotencyKey="a")["rulebook"]
    assert approved["approvedAt"] is not None


@pytest.mark.parametrize("put", ["not json", "[1]", '{"id": "RG-03"}'])
def test_a_rule_that_is_none_is_refused(put, snapshot):
    regulator = Client(token=admit(PartyKind.REGULATOR).token)
    before = snapshot(Rulebook, Outbox)
    given = {"effectiveFrom": china_date(clock.now()), "put": [put], "withdraw": []}
    assert regulator.mutate("rulebookPropose", BOOK, idempotencyKey="k", **given).codes in (["BAD_INPUT"], ["RULE_MALFORMED"])
    assert snapshot(Rulebook, Outbox) == before


def test_a_merchant_changes_no_rule(snapshot):
    merchant = Client(token=admit(PartyKind.MERCHANT).token)
    before = snapshot(Rulebook, Outbox)
    given = {"effectiveFrom": china_date(clock.now()), "put": [], "withdraw": ["RG-03"]}
    assert merchant.mutate("rulebookPropose", BOOK, idempotencyKey="k", **given).codes == ["FORBIDDEN"]
    assert snapshot(Rulebook, Outbox) == before
