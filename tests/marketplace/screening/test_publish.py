"""Publishing a listing through the front door: listed, parked or refused with rule, clause and remedy; a refusal changes nothing."""

import pytest

from listings.products.models import Listing
from marketplace.api.schema import market_schema
from marketplace.screening.models import Facts, Referral
from registry.base.actor import PartyKind
from registry.log.models import Outbox
from registry.rights.services import hold_place
from registry.rights.states import HoldKind, Right
from registry.rules_store.models import Finding, Verdict
from tests.marketplace.screening import market as m
from tests.support.graphql import Client, UserError, global_id
from tests.support.parties import admit

pytestmark = pytest.mark.django_db
market_schema()  # makes every node known, whose ids the client writes
FIELDS = "listing { id state version } verdict { id outcome findings { ruleId outcome } }"


def publish(of, listing, *, party=None, version=1, key="k", language="en"):
    client = Client(token=(party or of.seller).token, language=language)
    return client.mutate("listingPublish", FIELDS, listingId=listing, expectedVersion=version, idempotencyKey=key)


def ready(of):
    listing = m.drafted(of)
    m.offered(of, draft=listing)
    return listing


def test_a_clean_listing_is_listed():
    of = m.market()
    listing = ready(of)
    payload = publish(of, listing)
    assert payload["listing"] == {"id": global_id(listing), "state": "LISTED", "version": 2}
    assert payload["verdict"]["outcome"] == "PASS"
    listing.refresh_from_db()
    assert listing.verdict_id == Verdict.objects.get().pk
    assert publish(of, listing)["listing"]["version"] == 2
    assert Verdict.objects.count() == 1
    assert publish(of, listing, version=2, key="k2").codes == ["ILLEGAL_TRANSITION"]


def test_a_listing_without_operate_is_refused_with_rule_clause_and_remedy_and_stays_as_it_was(snapshot):
    of = m.market(rights=(Right.HOLD, Right.USE))
    listing = ready(of)
    before, told = snapshot(Listing), Outbox.objects.count()
    payload = publish(of, listing)
    assert payload.user_errors == [
        UserError(
            code="SCREENING_BLOCKED",
            rule="PT-07",
            clause="Fujian Data Circulation and Trading Measures, prohibited-trade item 4 (reported) (binding)",
            message="The seller holds no OPERATE right in the object, and no licence chain lets it grant this.",
            remedy="Register OPERATE, or obtain a licence that permits sub-licensing for this right, term and territory.",
        )
    ]
    assert payload.fields["listing"]["state"] == "DRAFT"
    assert payload.fields["verdict"]["outcome"] == "BLOCK"
    assert snapshot(Listing) == before
    assert (Verdict.objects.count(), Facts.objects.count(), Outbox.objects.count() - told) == (1, 1, 1)
    assert Finding.objects.get(outcome="BLOCK").facts == {
        "seller_rights": ["HOLD", "USE"],
        "sources_covered": True,
        "sublicence_permitted": False,
    }
    m.first(of.registered, Right.OPERATE, of.seller)
    assert publish(of, listing, key="again")["listing"]["state"] == "LISTED"


def test_a_refusal_is_told_in_the_language_of_the_request():
    of = m.market(rights=(Right.HOLD,))
    (error,) = publish(of, ready(of), language="zh-hans").user_errors
    assert error.remedy == "登记经营权，或取得覆盖该权利、期限和地域且允许再许可的许可。"
    assert error.clause == "《福建省数据流通交易管理办法（试行）》禁止交易情形第4项（据报道）（依据）"


def test_raw_public_data_is_refused_until_it_is_on_the_open_list():
    of, bureau = m.market(source_category="PUBLIC_SERVICE"), admit(PartyKind.PUBLIC_BODY, name="Transport")
    listing = ready(of)
    assert publish(of, listing).user_errors == [UserError(code="SCREENING_BLOCKED", rule="PT-08")]
    m.opened(of.registered, bureau)
    assert publish(of, listing, key="again")["listing"]["state"] == "LISTED"


def test_personal_data_is_refused_until_there_is_a_consent():
    of = m.market(pi_kind="PI")
    listing = ready(of)
    refused = publish(of, listing)
    assert [error.rule for error in refused.user_errors if error.code == "SCREENING_BLOCKED"] == ["PT-05", "PI-03"]
    m.consented(of)
    assert publish(of, listing, key="again")["listing"]["state"] == "LISTED"


def test_a_dispute_parks_the_listing_until_two_regulators_allow_it():
    of = m.market()
    listing = ready(of)
    hold_place(actor=of.regulator.actor, object_id=of.registered.pk, kind=HoldKind.DISPUTE, reason="Claimed", idempotency_key="h")
    parked = publish(of, listing)
    assert parked.user_errors == [UserError(code="SCREENING_REFERRED", rule="PT-13")]
    assert (parked.fields["listing"]["state"], parked.fields["listing"]["version"]) == ("REFERRED", 2)
    one, two = Client(token=of.regulator.token), Client(token=m.second(of.regulator))
    given = {"referralId": Referral.objects.get(), "allow": True, "reason": "The claim is withdrawn in fact"}
    fields = "referral { state version subjectId outcome { outcome allowedRules } }"
    proposed = one.mutate("referralDecide", fields, **given, expectedVersion=1, idempotencyKey="1")["referral"]
    assert proposed == {"state": "PROPOSED", "version": 2, "subjectId": global_id(listing), "outcome": None}
    assert one.mutate("referralDecide", fields, **given, expectedVersion=2, idempotencyKey="2").codes == ["FOUR_EYES"]
    decided = two.mutate("referralDecide", fields, **given, expectedVersion=2, idempotencyKey="3")["referral"]
    assert (decided["state"], decided["outcome"]) == ("ALLOWED", {"outcome": "PASS", "allowedRules": ["PT-13"]})
    assert publish(of, listing, version=2, key="again")["listing"]["state"] == "LISTED"


def test_who_may_not_publish_changes_nothing(snapshot):
    of = m.market()
    listing = ready(of)
    stranger = admit(PartyKind.MERCHANT, name="Stranger")
    before = snapshot(Listing, Verdict, Facts, Outbox)
    assert publish(of, listing, party=stranger).codes == ["NOT_FOUND"]
    assert publish(of, listing, party=of.buyer).codes == ["NOT_FOUND"]
    assert publish(of, listing, party=of.regulator).codes == ["FORBIDDEN"]
    assert publish(of, listing, version=7).codes == ["STALE_VERSION"]
    assert publish(of, of.registered).codes == ["INVALID_ID"]
    assert snapshot(Listing, Verdict, Facts, Outbox) == before


def test_regulators_read_facts_flags_and_blocked_trades():
    of = m.market(rights=(Right.HOLD,))
    verdict = publish(of, ready(of)).fields["verdict"]["id"]
    regulator, seller = Client(token=of.regulator.token), Client(token=of.seller.token)
    facts = "query($v: ID!) { verdictFacts(verdictId: $v) { name value labelZh group } }"
    shown = {fact["name"]: fact for fact in regulator.query(facts, v=verdict)["verdictFacts"]}
    assert shown["seller_rights"] == {"name": "seller_rights", "value": "HOLD", "labelZh": "卖方持有的权利", "group": "seller"}
    assert shown["buyer_verified"]["value"] is None
    assert seller.query(facts, v=verdict).codes == ["FORBIDDEN"]
    blocked = "query($r: String) { blockedTrades(first: 5, rule: $r) { totalCount nodes { id outcome } } }"
    assert regulator.query(blocked)["blockedTrades"] == {"totalCount": 1, "nodes": [{"id": verdict, "outcome": "BLOCK"}]}
    assert regulator.query(blocked, r="PT-01")["blockedTrades"] == {"totalCount": 0, "nodes": []}
    raised = regulator.mutate(
        "flagRaise",
        "flag { id matter degree state subjectId raisedBy { id } }",
        objectId=of.registered,
        matter="HARM",
        degree="SUSPECTED",
        reason="Too precise",
        idempotencyKey="f",
    )["flag"]
    assert (raised["matter"], raised["state"], raised["subjectId"]) == ("HARM", "ACTIVE", global_id(of.registered))
    flags = "{ flags(first: 5, state: ACTIVE) { nodes { id } } }"
    assert [flag["id"] for flag in regulator.query(flags)["flags"]["nodes"]] == [raised["id"]]
    assert seller.query(flags)["flags"]["nodes"] == []
