"""What the verifier demands of the deal itself: logs that were signed honestly but tell of a deal that was not in order."""

import json
from base64 import b64decode
from copy import deepcopy

import pytest

from registry.log import verifier
from registry.log.canonical import canonical
from tests.registry.log.deal_log import (
    BUYER,
    BUYER_KEY,
    DEAL,
    OWNER,
    SELLER,
    SELLER_GRANT,
    SELLER_KEY,
    VKEY,
    Deal,
    found,
    grant,
    public,
    repacked,
    signature,
    uuid,
)

ELSEWHERE = uuid(0xEE)
UNCOVERED = "it goes beyond the grant {} that it rests on (operating right, object, holder or time)"


def moved(deal: Deal, schema: str, place: int) -> Deal:
    """The deal with the last event of a kind at another place."""
    event = deal.events.pop(deal.index(schema) // 2)
    deal.events.insert(place, event)
    return deal


@pytest.mark.parametrize(
    ("changed", "file", "text"),
    [
        ({"seller_signature": signature(BUYER_KEY, "00" * 32, DEAL, "seller")}, "entries/9.json", "the signature of seller is wrong"),
        ({"buyer_signature": signature(BUYER_KEY, "00" * 32, DEAL, "buyer")}, "entries/9.json", "the signature of buyer is wrong"),
        ({"terms_hash": "00" * 32}, "contract.json", "is not the contract whose hash both sides signed"),
        ({"buyer_key": public(BUYER_KEY)[:-3] + "AA="}, "entries/9.json", "the signature of buyer is wrong"),
        ({"buyer": SELLER}, "entries/9.json", "seller and buyer are the same"),
        ({"seller": OWNER}, "entries/", "binds the key of the seller"),
        ({"deal": uuid(0xDD)}, "entries/9.json", "the signature of seller is wrong"),
    ],
)
def test_both_sides_must_have_signed_this_contract_for_this_deal(changed: dict, file: str, text: str):
    problems = found(Deal().change("deal.signed", **changed).bundle())
    assert any(where == file and text in what for where, what in problems), problems


def test_a_key_has_one_spelling_so_that_no_side_signs_for_both_under_two():
    one = public(SELLER_KEY)
    other = one[:-2] + chr(ord(one[-2]) + 1) + "="
    assert b64decode(one) == b64decode(other)
    deal = Deal()
    signed = deal.events[4][1]
    signed |= {"buyer_key": other, "buyer_signature": signature(SELLER_KEY, signed["terms_hash"], DEAL, "buyer")}
    deal.events[1][1]["public_key"] = other
    problem = f"'{other}' is no value that is known here"
    assert {("entries/3.json", f"/data/public_key: {problem}"), ("deal.json", f"/buyer_key: {problem}")} <= set(found(deal.bundle()))


def test_a_signature_cannot_be_used_for_the_other_side_or_another_deal():
    hashed = Deal().events[4][1]["terms_hash"]
    for side, deal in (("seller", DEAL), ("buyer", uuid(0xDD))):
        problems = found(Deal().change("deal.signed", buyer_signature=signature(BUYER_KEY, hashed, deal, side)).bundle())
        assert problems == [("entries/9.json", "the signature of buyer is wrong: text or signature was changed")]


def test_a_key_counts_only_if_it_was_bound_before_and_no_stranger_comes_along():
    late = moved(Deal(), "key.registered", 6)
    assert found(late.bundle()) == [("entries/", f"no key.registered before entries/7.json binds the key of the buyer to {BUYER}")]
    stranger = Deal()
    stranger.events.insert(0, ("key.registered", stranger.events[0][1] | {"party": OWNER}, {}))
    assert found(stranger.bundle()) == [("entries/1.json", "has nothing to do with this deal or right")]


@pytest.mark.parametrize(
    ("schema", "before"),
    [("deal.funded", 4), ("deal.delivered", 6), ("deal.accepted", 7), ("deal.settled", 8)],
)
def test_steps_out_of_order_are_refused(schema: str, before: int):
    problems = found(moved(Deal(), schema, before).bundle())
    assert any("does not come after" in what for _, what in problems), problems


@pytest.mark.parametrize("schema", ["deal.signed", "deal.funded", "deal.delivered", "deal.accepted", "deal.settled"])
def test_a_step_taken_twice_or_of_another_deal_is_refused(schema: str):
    twice = Deal()
    twice.events.append(deepcopy(twice.events[twice.index(schema) // 2]))
    assert ("entries/", f"the required step {schema} is there 2 times, not once") in found(twice.bundle())
    other = Deal().change(schema, deal=uuid(0xDD))
    if schema != "deal.signed":
        place = other.index(schema)
        assert found(other.bundle()) == [(f"entries/{place}.json", f"belongs to another deal, {uuid(0xDD)}")]


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"kind": "USE"}, ("entries/11.json", UNCOVERED.format(SELLER_GRANT))),
        ({"kind": "HOLD"}, ("entries/11.json", UNCOVERED.format(SELLER_GRANT))),
        ({"object": ELSEWHERE}, ("entries/11.json", UNCOVERED.format(SELLER_GRANT))),
        ({"holder": OWNER}, ("entries/11.json", UNCOVERED.format(SELLER_GRANT))),
        ({"valid_from": "2026-11-01T08:00:01+08:00"}, ("entries/11.json", UNCOVERED.format(SELLER_GRANT))),
        ({"valid_to": "2027-10-31"}, ("entries/11.json", UNCOVERED.format(SELLER_GRANT))),
        ({"valid_from": "2025-12-31"}, ("entries/7.json", UNCOVERED.format(uuid(0x61)))),
        ({"grant": uuid(0x99)}, ("entries/11.json", f"no entry before it has the grant {SELLER_GRANT} that it rests on")),
    ],
)
def test_a_right_must_rest_on_the_sellers_own_wider_operating_right(changed: dict, problem: tuple[str, str]):
    deal = Deal()
    deal.events[3][1].update(changed)
    assert problem in found(deal.bundle())


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"holder": OWNER}, ("entries/11.json", "holder is not what entries/9.json says")),
        ({"kind": "OPERATE"}, ("contract.json", "the rights granted in the log are not the rights that the contract grants")),
        ({"object": ELSEWHERE}, ("contract.json", "the rights granted in the log are not the rights that the contract grants")),
        ({"parent": None}, ("entries/11.json", "no entry before it has the grant None that it rests on")),
        ({"exclusive": True}, ("contract.json", "the rights granted in the log are not the rights that the contract grants")),
        ({"exclusive": 1}, ("entries/11.json", "/data/exclusive: 1 is no value that is known here")),
        ({"deal": None}, ("contract.json", "the rights granted in the log are not the rights that the contract grants")),
        ({"valid_to": None}, ("entries/11.json", UNCOVERED.format(SELLER_GRANT))),
        ({"valid_from": "2026-13-01"}, ("entries/", "valid_from, valid_to: 2026-13-01 is no value that is known here")),
    ],
)
def test_the_buyer_gets_what_the_contract_says_and_no_more(changed: dict, problem: tuple[str, str]):
    assert problem in found(Deal().change("right.granted", **changed).bundle())


def test_a_right_that_the_contract_does_not_mention_or_that_came_too_early_is_refused():
    more = Deal()
    more.events.insert(6, ("right.granted", grant(uuid(0x64), BUYER, SELLER_GRANT, kind="HOLD", deal=DEAL), {}))
    assert found(more.bundle()) == [("contract.json", "the rights granted in the log are not the rights that the contract grants")]
    assert ("entries/9.json", "right.granted does not come after deal.signed") in found(moved(Deal(), "right.granted", 4).bundle())
    nothing = Deal(terms=Deal().terms | {"rights": []})
    assert ("contract.json", "the rights granted in the log are not the rights that the contract grants") in found(nothing.bundle())
    doubled = Deal()
    doubled.events.append(deepcopy(doubled.events[3]))
    assert ("entries/", "does not list each item once, in order") in found(doubled.bundle())


def test_a_settlement_that_does_not_add_up_is_refused_although_the_log_has_it():
    deal = Deal()
    deal.events[-1][2]["lines"][4]["amount"] = "6021"
    assert found(deal.bundle()) == [("entries/19.json", "shares, fees and taxes sum to 10001, not to the amount 10000")]
    short = Deal()
    short.events[6][2]["amount"] = "9999"
    assert found(short.bundle()) == [("entries/13.json", "amount is not what entries/19.json says")]
    dear = Deal(terms=Deal().terms | {"amount": "9999"})
    assert found(dear.bundle()) == [("contract.json", "amount is not what entries/19.json says")]
    metered = Deal(terms=Deal().terms | {"amount": None})
    assert found(metered.bundle()) == []
    foreign = Deal().change("deal.funded", currency="USD")
    assert found(foreign.bundle()) == [("entries/13.json", "currency is not what entries/19.json says")]


def test_a_share_goes_only_to_a_holder_of_a_logged_right():
    deal = Deal()
    deal.events[-1][2]["lines"][3]["party"] = uuid(0x77)
    assert found(deal.bundle()) == [("entries/19.json", f"{uuid(0x77)} gets a share but holds no grant in the bundle")]


def test_where_the_ledger_moved_money_is_nowhere_in_the_log_and_said_to_be_not_proven():
    honest = Deal().bundle()

    def divert(members: dict[str, bytes]) -> None:
        claims = json.loads(members["deal.json"])
        claims["moves"][5]["destination"] = "payable:somebody else"
        members["deal.json"] = canonical(claims)

    report = verifier.verify(repacked(honest, divert), VKEY)
    assert report.verified is True
    words = "between which accounts money moved: the moves in deal.json are the platform's own word, and only their amounts are compared"
    assert words in [english for english, _ in report.unproven]


@pytest.mark.parametrize("amount", ["-1", "01", "1.0", "", "１", "1" * 31, 100])
def test_an_amount_has_one_form(amount: object):
    deal = Deal()
    deal.events[6][2]["amount"] = amount
    problems = found(deal.bundle())
    assert any(file == "disclosures.json" and text.endswith("is no value that is known here") for file, text in problems)


def test_unknown_events_fields_and_roles_are_refused():
    unknown = Deal()
    unknown.events.append(("deal.blessed", {"deal": DEAL}, {}))
    assert ("entries/21.json", "deal.blessed is no event that is known here") in found(unknown.bundle())
    extra = Deal().change("deal.accepted", note="fine")
    assert ("entries/17.json", "/data: unknown or missing fields: note") in found(extra.bundle())
    bare = Deal()
    bare.events[-1][2].pop("amount")
    bare.events[-1][1]["amount"] = "10000"
    bare.claims = lambda: Deal().claims()  # type: ignore[method-assign]
    assert ("entries/19.json", "/data/amount: unknown or missing fields: {}") in found(bare.bundle())
    tipped = Deal()
    tipped.events[-1][2]["lines"][0]["role"] = "tip"
    assert any("'tip' is no value" in text for _, text in found(tipped.bundle()))
