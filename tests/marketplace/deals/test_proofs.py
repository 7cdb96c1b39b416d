"""What a settled deal rests on: one query shows it, the voucher states it, and the bundle proves it to an outsider."""

import hashlib
import json
import subprocess
import sys
from uuid import UUID

import pytest
from django.db.models import F
from django.test import Client as DjangoClient

from marketplace.deals.models import Voucher
from pricing.fees.services import PLATFORM
from registry.base.actor import SYSTEM
from registry.log import verifier
from registry.log.canonical import canonical
from registry.log.selectors import verifier_key
from registry.parties.models import Organisation
from registry.rights.ending import end
from registry.rights.models import Grant
from settlement.ledger.selectors import ledger_balanced
from tests.registry.log.deal_log import repacked
from tests.support import trade
from tests.support.graphql import Client, global_id

PROOFS = """query($id: ID!) { node(id: $id) { ... on Deal {
  state termsHash
  rights { kind grant { id kind holder { id } parent { kind holder { id } } } }
  signatures { side termsHash signingKey { id } }
  settlementVerdict { id stage outcome passes findings { ruleId outcome } }
  escrows { state amountMinor settlement { kind moves { amount } } }
} } }"""
LINES = {"platform_fee": [24_000], "institution_fee": [11_999], "share": [104_760, 244_440, 814_800]}


def by_role(lines):
    return {role: sorted(int(line["amount"]) for line in lines if line["role"] == role) for role in {line["role"] for line in lines}}


def bundle(made, token):
    return DjangoClient().get(f"/deals/{made.uuid}/evidence.zip", headers={"Authorization": f"Bearer {token}"})


def judged(content, tmp_path, *, key=None):
    """What the verifier says in a process of its own, as an outsider runs it: its exit code and its report."""
    file = tmp_path / "bundle.zip"
    file.write_bytes(content)
    said = subprocess.run(
        [sys.executable, "-I", verifier.__file__, str(file), "--log-key", key or verifier_key(), "--json"],
        capture_output=True,
        check=False,
        timeout=60,
    )
    return said.returncode, json.loads(said.stdout)


def test_one_query_returns_the_four_proofs(done):
    for party in (done.seller.party, done.buyer.party, done.world.institution, done.world.regulator):
        shown = Client(token=party.token).query(PROOFS, id=done.id)["node"]
        assert shown["state"] == "SETTLED"
        (right,) = shown["rights"]
        assert (right["kind"], right["grant"]["kind"]) == ("USE", "USE")
        assert right["grant"]["holder"] == {"id": global_id(done.buyer.party.organisation)}
        assert right["grant"]["parent"] == {"kind": "OPERATE", "holder": {"id": global_id(done.seller.party.organisation)}}
        assert {(each["side"], each["termsHash"], each["signingKey"]["id"]) for each in shown["signatures"]} == {
            ("SELLER", shown["termsHash"], global_id(done.seller.key)),
            ("BUYER", shown["termsHash"], global_id(done.buyer.key)),
        }
        verdict = shown["settlementVerdict"]
        assert (verdict["stage"], verdict["outcome"], verdict["passes"]) == ("settlement", "PASS", True)
        assert {"ST-01", "DL-04"} <= {found["ruleId"] for found in verdict["findings"]}
    assert Client(token=done.world.other.party.token).query(PROOFS, id=done.id)["node"] is None


def test_the_settlement_entry_sums_to_the_amount_for_those_who_audit(done):
    for party in (done.world.institution, done.world.regulator):
        (escrow,) = Client(token=party.token).query(PROOFS, id=done.id)["node"]["escrows"]
        assert (escrow["state"], escrow["amountMinor"], escrow["settlement"]["kind"]) == ("RELEASED", "1199999", "release")
        assert sorted(int(move["amount"]) for move in escrow["settlement"]["moves"]) == [11_999, 24_000, 104_760, 244_440, 814_800]


def test_a_side_sees_of_the_settlement_entry_what_concerns_it(done):
    (paid,) = done.buyer.client.query(PROOFS, id=done.id)["node"]["escrows"]
    assert (paid["state"], paid["amountMinor"], paid["settlement"]) == ("RELEASED", "1199999", None)
    assert done.seller.client.query(PROOFS, id=done.id)["node"]["escrows"] == []
    entries = done.seller.client.query("{ ledgerEntries(first: 5) { nodes { kind moves { amount } } } }")["ledgerEntries"]["nodes"]
    assert entries == [{"kind": "release", "moves": [{"amount": "814800"}]}]


def test_a_chain_of_two_licences_pays_three_right_holders_to_the_fen(done):
    lines = json.loads(bytes(Voucher.objects.get(deal=done.uuid).statement))["lines"]
    assert by_role(lines) == LINES
    assert sum(int(line["amount"]) for line in lines) == 1_199_999
    names = dict(Organisation.objects.values_list("id", "name_en"))
    paid = {names[holder]: amount for holder, amount in shares(lines).items()}
    assert paid == {"Refiner": 814_800, "Maker": 244_440, "Airport": 104_760}
    assert next(line["party"] for line in lines if line["role"] == "platform_fee") == str(PLATFORM)
    assert ledger_balanced()


def shares(lines):
    return {UUID(line["party"]): int(line["amount"]) for line in lines if line["role"] == "share"}


def test_the_voucher_states_the_deal_in_one_form(done):
    row = done.deal
    shown = "query($id: ID!) { node(id: $id) { ... on Deal { vouchers { number sha256 statement issuedAt } } } }"
    (voucher,) = done.buyer.client.query(shown, id=done.id)["node"]["vouchers"]
    stated = json.loads(voucher["statement"])
    assert canonical(stated).decode() == voucher["statement"]
    assert hashlib.sha256(voucher["statement"].encode()).hexdigest() == voucher["sha256"]
    lines = stated.pop("lines")
    assert by_role(lines) == LINES
    assert stated == {
        "format": "egret-voucher",
        "version": 1,
        "number": voucher["number"],
        "deal": str(done.uuid),
        "seller": str(done.seller.id),
        "buyer": str(done.buyer.id),
        "institution": str(done.world.institution.organisation.pk),
        "product": row.terms["product"],
        "rights": row.terms["rights"],
        "contract_sha256": trade.digest(bytes(row.terms_bytes)),
        "amount": "1199999",
        "currency": "CNY",
        "delivered_at": row.delivered_at.isoformat(),
        "accepted_at": row.accepted_at.isoformat(),
        "settled_at": row.settled_at.isoformat(),
    }
    assert voucher["number"] == f"V{trade.m.today():%Y%m%d}-{row.pk.hex[-12:].upper()}"
    vouchers = "query($id: ID!) { node(id: $id) { ... on Voucher { number } } }"
    voucher_id = global_id(Voucher.objects.get(deal=done.uuid))
    assert done.seller.client.query(vouchers, id=voucher_id)["node"] == {"number": voucher["number"]}
    assert done.world.other.client.query(vouchers, id=voucher_id)["node"] is None


def test_the_evidence_of_a_settled_deal_is_proven_in_a_process_of_its_own(done, tmp_path):
    answer = bundle(done, done.buyer.party.token)
    assert (answer.status_code, answer["Content-Type"], answer["Cache-Control"]) == (200, "application/zip", "no-store")
    assert answer["Content-Disposition"] == f'attachment; filename="egret-deal-{done.uuid}.zip"'
    code, report = judged(answer.content, tmp_path)
    assert (code, report["problems"], report["verified"]) == (0, [], True)
    assert len(report["proven"]) == len(verifier.CHECKS["deal"]) - 5  # no witness, authority, issuer or SM2 key was named
    members = verifier.unzip(answer.content)
    assert members["contract.json"] == bytes(done.deal.terms_bytes)
    assert by_role(json.loads(members["deal.json"])["lines"]) == LINES


def test_every_side_gets_the_same_bundle_and_nobody_else_any(done):
    of = done.world
    same = {bundle(done, party.token).content for party in (done.seller.party, done.buyer.party, of.institution, of.regulator)}
    assert len(same) == 1
    refused = [
        (bundle(done, token).status_code, bundle(done, token).json()["error"]["code"]) for token in (of.other.party.token, "nonsense")
    ]
    assert refused == [(404, "NOT_FOUND"), (401, "UNAUTHENTICATED")]
    assert DjangoClient().get(f"/deals/{done.uuid}/evidence.zip").status_code == 401
    assert DjangoClient().get(f"/deals/{done.uuid}/evidence.zip", headers={"Authorization": "Basic eDp5"}).status_code == 401
    assert DjangoClient().post(f"/deals/{done.uuid}/evidence.zip").status_code == 405
    assert bundle(trade.replace(done, uuid=of.flat.object.pk), done.buyer.party.token).status_code == 404


def test_another_log_key_proves_nothing(done, tmp_path):
    name, _, _ = verifier_key().split("+", 2)
    stranger = f"{name}+00000000+{'A' * 44}"
    code, report = judged(bundle(done, done.buyer.party.token).content, tmp_path, key=stranger)
    assert (code, report["verified"]) == (1, False)
    assert {problem["file"] for problem in report["problems"]} >= {"--log-key"}


def more(members, name, change):
    value = json.loads(members[name])
    change(value)
    members[name] = canonical(value)


def entry_of(members, schema):
    return next(name for name, raw in members.items() if name.startswith("entries/") and json.loads(raw)["schema"] == schema)


def lift_share(deal):
    line = next(line for line in deal["lines"] if line["role"] == "share")
    line["amount"] = str(int(line["amount"]) + 1)


TAMPERED = {
    "a fen more for a holder": (lambda m: more(m, "deal.json", lift_share), "deal.json"),
    "another purpose in the contract": (lambda m: more(m, "contract.json", lambda c: c.update(purpose="resale")), "contract.json"),
    "another amount disclosed": (lambda m: more(m, "disclosures.json", lambda d: d[0].update(value="1")), "disclosures.json"),
    "another hash delivered": (
        lambda m: more(m, entry_of(m, "deal.delivered"), lambda e: e["data"].update(sha256="0" * 64)),
        "deal.delivered",
    ),
    "another key shown": (lambda m: m.update({"keys.txt": m["keys.txt"].replace(b"seller", b"vendor")}), "keys.txt"),
    "another signature": (
        lambda m: more(m, "deal.json", lambda d: d.update(seller_signature=d["buyer_signature"])),
        "deal.json",
    ),
    "a right left out": (lambda m: more(m, "deal.json", lambda d: d.update(rights=[])), "deal.json"),
}


@pytest.mark.parametrize("how", [pytest.param(how, id=how) for how in TAMPERED])
def test_a_tampered_copy_is_refused_and_the_file_is_named(done, how):
    change, where = TAMPERED[how]
    content = bundle(done, done.buyer.party.token).content
    named = entry_of(verifier.unzip(content), where) if where.startswith("deal.d") else where
    forged = verifier.verify(repacked(content, change), verifier_key())
    assert not forged.verified
    assert named in {problem.file for problem in forged.problems}


def test_a_byte_changed_on_the_way_is_named_in_a_process_of_its_own(done, tmp_path):
    content = bundle(done, done.buyer.party.token).content
    place = content.index(b'"purpose":"') + len(b'"purpose":"')
    code, report = judged(content[:place] + b"x" + content[place + 1 :], tmp_path)
    assert (code, [problem["file"] for problem in report["problems"]]) == (1, ["contract.json"])


def test_what_happens_later_to_a_right_does_not_spoil_the_evidence(done, tmp_path):
    """The bundle shows what was, even when every right in the chain ends afterwards."""
    before = verifier.unzip(bundle(done, done.seller.party.token).content)
    roots = Grant.objects.filter(kind="OPERATE", parent=None, pk=F("origin"))
    assert roots.count() == 4  # of the seller's two objects, the maker's and the refiner's
    for root in roots:
        if Grant.objects.filter(origin=root.pk, recorded__upper_inf=True, valid__endswith__gt=trade.m.today() + trade.MONTH).exists():
            end(actor=SYSTEM, origin_id=root.pk, ends_on=trade.m.today() + trade.MONTH, reason="False proof")
    trade.relay()
    content = bundle(done, done.seller.party.token).content
    code, report = judged(content, tmp_path)
    assert (code, report["problems"]) == (0, [])
    after = verifier.unzip(content)
    assert {name: after[name] for name in before if name.startswith("entries/")} == {
        name: raw for name, raw in before.items() if name.startswith("entries/")
    }


def test_a_deal_that_is_not_settled_has_no_evidence_yet(done):
    made = trade.signed(done.world)
    answer = bundle(made, done.buyer.party.token)
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "EVIDENCE_NOT_READY")
    accepted = trade.accepted(done.world)
    assert trade.settle(accepted).ok
    assert bundle(accepted, accepted.buyer.party.token).status_code == 409
    trade.relay()
    assert bundle(accepted, accepted.buyer.party.token).status_code == 200
