"""Each side signs with its own key over the hash of this contract, for this deal and side; the second signature concludes."""

import base64
import json

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from marketplace.deals.models import Deal, Signature
from marketplace.deals.terms import signing_text
from registry.base import clock
from registry.base.models import IdempotencyKey
from registry.log.models import Outbox
from registry.parties.services import api_key_issue
from registry.rights.models import Grant
from registry.rules_store.models import Verdict
from settlement.escrow.models import Escrow
from tests.listings import shop
from tests.support import trade
from tests.support.graphql import Client, UserError, global_id
from tests.support.moving import advance
from tests.support.parties import AUTHORITY, colleague, register_key, text

WRITTEN = (Deal, Signature, Escrow, Grant, Outbox, IdempotencyKey)


@pytest.fixture
def made(of):
    return trade.checked(of)


def signed_text(made, side, *, hash_hex=None, deal=None):
    return signing_text(hash_hex=hash_hex or made.deal.terms_hash, deal_id=deal or made.uuid, side=side)


def test_two_signatures_conclude_a_contract_and_open_its_escrow(of, made):
    first = trade.sign(made, of.seller, "SELLER")["deal"]
    assert (first["state"], first["version"], made.deal.signed_at) == ("CHECKED", 2, None)
    assert (shop.events("deal.signed"), Escrow.objects.count()) == ([], 0)
    second = trade.sign(made, of.buyer, "BUYER")["deal"]
    assert (second["state"], second["version"]) == ("SIGNED", 3)
    rows = {row.side: row for row in Signature.objects.all()}
    assert {side: row.signing_key_id for side, row in rows.items()} == {"seller": of.seller.key.pk, "buyer": of.buyer.key.pk}
    for side, who in (("seller", of.seller), ("buyer", of.buyer)):
        who.private.public_key().verify(bytes(rows[side].signature), signed_text(made, side))
    (told,) = shop.events("deal.signed")
    assert told["data"] == {
        "deal": str(made.uuid),
        "terms_hash": made.deal.terms_hash,
        "seller": str(of.seller.id),
        "buyer": str(of.buyer.id),
        "seller_key": text(bytes(of.seller.key.public_key)),
        "buyer_key": text(bytes(of.buyer.key.public_key)),
        "seller_signature": text(bytes(rows["seller"].signature)),
        "buyer_signature": text(bytes(rows["buyer"].signature)),
    }
    escrow = Escrow.objects.get()
    assert (escrow.deal_id, escrow.state, escrow.amount_minor, escrow.payer_id) == (made.uuid, "UNFUNDED", 1_200_000, of.buyer.id)
    assert not Grant.objects.filter(deal_id=made.uuid).exists()


def test_the_buyer_may_sign_first(of, made):
    assert trade.sign(made, of.buyer, "BUYER")["deal"]["state"] == "CHECKED"
    assert trade.sign(made, of.seller, "SELLER")["deal"]["state"] == "SIGNED"


def test_the_text_to_sign_names_the_hash_the_deal_and_the_side(of, made):
    for side in ("SELLER", "BUYER"):
        shown = of.buyer.client.query(trade.SIGNING, id=made.id, side=side)["node"]["signingText"]
        assert shown == f"egret-contract-v1\n{trade.digest(bytes(made.deal.terms_bytes))}\n{made.uuid}\n{side.lower()}\n"


def test_a_repeated_signature_is_one(of, made):
    given = {"idempotencyKey": "s", "expectedVersion": 2, "signature": trade.signature(made, of.seller, "SELLER")}
    first = trade.sign(made, of.seller, "SELLER", **given)["deal"]
    assert trade.sign(made, of.seller, "SELLER", **given)["deal"] == first
    assert Signature.objects.count() == 1
    assert trade.sign(made, of.seller, "SELLER", **{**given, "expectedVersion": 3}).codes == ["IDEMPOTENCY_MISMATCH"]


def test_a_side_signs_once(of, made, snapshot):
    assert trade.sign(made, of.seller, "SELLER").ok
    before = snapshot(*WRITTEN)
    refused = trade.sign(made, of.seller, "SELLER")
    assert refused.user_errors == [UserError(code="ALREADY_SIGNED", field=["dealId"])]
    assert refused.user_errors[0].message == "The seller has already signed."
    assert snapshot(*WRITTEN) == before
    assert trade.sign(made, of.buyer, "BUYER").ok
    before = snapshot(*WRITTEN)
    assert trade.sign(made, of.buyer, "BUYER").codes == ["ILLEGAL_TRANSITION"]
    assert snapshot(*WRITTEN) == before


def test_a_side_is_named_in_the_language_of_the_request(of, made):
    assert trade.sign(made, of.seller, "SELLER").ok
    chinese = {who: Client(token=who.party.token, language="zh-hans") for who in (of.seller, of.buyer)}
    given = {"signingKeyId": of.seller.key, "signature": trade.signature(made, of.seller, "SELLER")}
    (error,) = made.step(chinese[of.seller], "dealSign", **given).user_errors
    assert error.message == "卖方已经签署。"
    (error,) = made.step(chinese[of.seller], "dealFund", paymentMethod="pm_card_visa").user_errors
    assert (error.message, error.remedy) == ("贵单位不是该交易的买方。", "此步骤由买方办理。")


def test_a_signature_serves_no_other_side_deal_or_contract(of, made, snapshot):
    twin = trade.checked(of)
    wrong = {
        "the other side": signed_text(made, "buyer"),
        "another deal": signed_text(made, "seller", deal=twin.uuid),
        "another deal of another hash": signed_text(twin, "seller"),
        "another hash": signed_text(made, "seller", hash_hex="0" * 64),
        "the bare hash": bytes.fromhex(made.deal.terms_hash),
        "the terms themselves": bytes(made.deal.terms_bytes),
        "nothing": b"",
    }
    before = snapshot(*WRITTEN)
    for what, message in wrong.items():
        refused = trade.sign(made, of.seller, "SELLER", signature=text(of.seller.private.sign(message)))
        assert refused.user_errors == [UserError(code="SIGNATURE_INVALID", field=["signature"])], what
    assert snapshot(*WRITTEN) == before


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param("", id="nothing"),
        pytest.param("not base64!", id="no base64"),
        pytest.param("签名" * 44, id="no ASCII"),
        pytest.param("é" * 88, id="one byte beyond ASCII"),
        pytest.param("A" * 87, id="without padding"),
        pytest.param("A" * 86 + "==", id="zeroes"),
        pytest.param("A" * 84 + "====", id="too much padding"),
        pytest.param("A" * 4000, id="too long"),
        pytest.param("AAAA", id="too short"),
        pytest.param("-_" * 43 + "==", id="the URL alphabet"),
    ],
)
def test_what_is_no_signature_changes_nothing(of, made, snapshot, broken):
    before = snapshot(*WRITTEN)
    refused = trade.sign(made, of.seller, "SELLER", signature=broken)
    assert refused.user_errors == [UserError(code="SIGNATURE_INVALID", field=["signature"])]
    assert snapshot(*WRITTEN) == before


def test_every_flipped_byte_spoils_a_signature(of, made, snapshot):
    raw = base64.b64decode(trade.signature(made, of.seller, "SELLER"))
    before = snapshot(*WRITTEN)
    for place in (0, 31, 32, 63):
        flipped = raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :]
        assert trade.sign(made, of.seller, "SELLER", signature=text(flipped)).codes == ["SIGNATURE_INVALID"]
    assert snapshot(*WRITTEN) == before


def test_only_the_acting_persons_own_active_key_signs(of, made, snapshot):
    mate = colleague(of.seller.party, authority=AUTHORITY)
    mates_private, mates_key = register_key(mate)
    before = snapshot(*WRITTEN)
    by_seller = signed_text(made, "seller")
    for key, private in ((of.buyer.key, of.buyer.private), (of.other.key, of.other.private), (mates_key, mates_private)):
        refused = trade.sign(made, of.seller, "SELLER", signingKeyId=key, signature=text(private.sign(by_seller)))
        assert refused.user_errors == [UserError(code="KEY_NOT_YOURS", field=["signingKeyId"])]
    for wrong in ("nonsense", of.seller.party.organisation):
        assert trade.sign(made, of.seller, "SELLER", signingKeyId=wrong).user_errors == [
            UserError(code="INVALID_ID", field=["signingKeyId"])
        ]
    assert snapshot(*WRITTEN) == before


def test_another_person_signs_for_the_side_with_their_own_key(of, made):
    mate = colleague(of.seller.party, authority=AUTHORITY)
    private, key = register_key(mate)
    secret = api_key_issue(
        actor=of.seller.party.actor, person_id=mate.person, scopes=mate.scopes, expires_at=clock.now() + trade.YEAR, idempotency_key="k"
    ).secret
    signed = made.step(Client(token=secret), "dealSign", signingKeyId=key, signature=text(private.sign(signed_text(made, "seller"))))
    assert signed.ok, signed.codes
    assert Signature.objects.get().signing_key_id == key.pk


def test_a_revoked_key_signs_nothing(of, made, snapshot):
    assert of.seller.client.mutate("signingKeyRevoke", keyId=of.seller.key, idempotencyKey="r").ok
    before = snapshot(*WRITTEN)
    assert trade.sign(made, of.seller, "SELLER").user_errors == [UserError(code="KEY_NOT_YOURS", field=["signingKeyId"])]
    assert snapshot(*WRITTEN) == before
    private, key = register_key(of.seller.party.actor)
    new = trade.Trader(of.seller.party, of.seller.client, private, key)
    assert trade.sign(made, new, "SELLER").ok


def test_a_signature_outlives_its_key(of, made):
    assert trade.sign(made, of.seller, "SELLER").ok
    assert of.seller.client.mutate("signingKeyRevoke", keyId=of.seller.key, idempotencyKey="r").ok
    assert trade.sign(made, of.buyer, "BUYER")["deal"]["state"] == "SIGNED"


def test_an_api_key_alone_signs_nothing(of, made, snapshot):
    """A key without the scope may not, and with it there is no signature without the private half of a signing key."""
    given = {"person_id": of.seller.party.person.pk, "scopes": {"deal:buy"}, "expires_at": clock.now() + trade.YEAR}
    narrow = api_key_issue(actor=of.seller.party.actor, **given, idempotency_key="k").secret
    good = trade.signature(made, of.seller, "SELLER")
    before = snapshot(*WRITTEN)
    refused = made.step(Client(token=narrow), "dealSign", signingKeyId=of.seller.key, signature=good)
    assert refused.codes == ["FORBIDDEN"]
    assert made.step(Client(), "dealSign", signingKeyId=of.seller.key, signature=good).codes == ["UNAUTHENTICATED"]
    for missing in ({"signature": None}, {"signingKeyId": None}):
        given = {"signingKeyId": of.seller.key, "signature": good, **missing}
        assert made.step(of.seller.client, "dealSign", **given).codes == ["BAD_QUERY"]
    assert snapshot(*WRITTEN) == before


def test_who_is_no_side_signs_nothing(of, made, snapshot):
    before = snapshot(*WRITTEN)
    assert trade.sign(made, of.other, "SELLER").user_errors == [UserError(code="NOT_FOUND", field=["dealId"])]
    for party in (of.institution, of.regulator):
        refused = made.step(
            Client(token=party.token), "dealSign", signingKeyId=of.seller.key, signature=trade.signature(made, of.seller, "SELLER")
        )
        assert refused.codes == ["FORBIDDEN"]
    assert snapshot(*WRITTEN) == before


def test_only_a_checked_hash_is_signed(of, snapshot):
    made = trade.requested(of)
    before = snapshot(*WRITTEN)
    assert trade.sign(made, of.seller, "SELLER").user_errors == [UserError(code="ILLEGAL_TRANSITION", field=["dealId"])]
    assert snapshot(*WRITTEN) == before


def test_a_stale_version_is_refused(of, made, snapshot):
    before = snapshot(*WRITTEN)
    assert trade.sign(made, of.seller, "SELLER", expectedVersion=1).user_errors == [
        UserError(code="STALE_VERSION", field=["expectedVersion"])
    ]
    assert snapshot(*WRITTEN) == before


def test_an_expired_verdict_concludes_nothing_until_the_deal_is_checked_again(of, made, snapshot):
    assert trade.sign(made, of.seller, "SELLER").ok
    advance(to=Verdict.objects.get(subject_id=made.uuid).expires_at)
    before = snapshot(*WRITTEN)
    refused = trade.sign(made, of.buyer, "BUYER")
    assert refused.codes == ["NOT_YET"]
    assert refused.user_errors[0].message == "The database refuses this step: no passing, unexpired verdict for signing these terms"
    assert snapshot(*WRITTEN) == before
    assert made.step(of.buyer.client, "dealCheck").ok
    assert trade.sign(made, of.buyer, "BUYER")["deal"]["state"] == "SIGNED"


def test_a_signature_is_never_changed_or_taken_back(of, made):
    assert trade.sign(made, of.seller, "SELLER").ok
    for change in (lambda: Signature.objects.update(side="buyer"), lambda: Signature.objects.all()._raw_delete("default")):
        with pytest.raises(DatabaseError, match=r"append-only|permission denied"), transaction.atomic():
            change()
    with pytest.raises(IntegrityError, match="signature_one_per_side"), transaction.atomic():
        Signature.objects.create(
            deal_id=made.uuid, side="seller", signing_key=of.seller.key, terms_hash="0" * 64, signature=b"0" * 64, signed_at=clock.now()
        )


def test_a_licence_comes_into_force_with_its_grant_and_its_entitlement(of):
    shelf = trade.shelved(of.seller, trade.registered(of.seller))
    made = trade.signed(of, shelf=shelf)
    row = made.deal
    assert (row.state, row.version, row.signed_at is None) == ("IN_FORCE", 4, False)
    grant = Grant.objects.get(deal_id=made.uuid)
    assert (grant.holder_id, grant.kind, grant.income_share_ppm) == (of.buyer.id, "USE", trade.SHARE_PPM)
    assert grant.parent.holder_id == of.seller.id
    assert [told["schema"] for told in shop.events("deal.signed", "deal.in_force")] == ["deal.signed", "deal.in_force"]
    assert not Escrow.objects.filter(deal_id=made.uuid).exists()
    shown = of.buyer.client.query(
        "query($id: ID!) { node(id: $id) { ... on Deal { state rights { grant { id } } division { role } } } }", id=made.id
    )
    assert shown["node"]["rights"] == [{"grant": {"id": global_id(grant)}}]
    assert json.loads(bytes(row.terms_bytes))["consideration"]["income_share_ppm"] == trade.SHARE_PPM
