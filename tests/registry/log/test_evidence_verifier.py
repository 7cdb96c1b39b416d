"""The stand-alone verifier: an honest bundle is proven, and each forgery is named by file and by what is wrong."""

import io
import json
import subprocess
import sys
import zipfile
from hashlib import sha256
from pathlib import Path

import pytest

from registry.log import verifier
from registry.log.canonical import canonical
from registry.log.evidence import CannotPack, pack
from registry.log.note import Signer
from tests.registry.log.deal_log import DEAL, LOG, OWNER, VKEY, Deal, found, leaf, repacked, uuid

HONEST = Deal().bundle()
MEMBERS = verifier.unzip(HONEST)


def edited(name: str, change) -> bytes:
    """The honest bundle with one JSON member edited and everything around it recomputed."""

    def rewrite(members: dict[str, bytes]) -> None:
        value = json.loads(members[name])
        change(value)
        members[name] = canonical(value)

    return repacked(HONEST, rewrite)


def test_an_honest_bundle_is_proven_and_what_it_cannot_prove_is_said():
    report = verifier.verify(HONEST, VKEY)
    assert (report.problems, report.verified) == ([], True)
    unasked = {verifier.Case.check_second_line: "second", verifier.Case.check_witnesses: "history", verifier.Case.check_time: "time"}
    unasked |= {verifier.Case.check_certificates: "certificate", verifier.Case.check_sm2: "no_sm2"}
    checks = [check for check in verifier.CHECKS["deal"] if check.run not in unasked]
    facts = {"log": LOG.name, "size": "20", "deal": DEAL}
    assert report.proven == [check.sentence(facts) for check in checks]
    said = " ".join(english for english, _ in report.proven)
    assert "one of the first 20 entries of the log log.example/one, which" in said
    assert f"the deal {DEAL} was signed, funded" in said
    missing = " ".join(english for english, _ in report.unproven)
    for words in (
        "SM2",
        "neither stolen nor revoked",
        "before or after (hold, ended right, revoked key, refund)",
        "status list",
        "the scope that",
    ):
        assert words in missing
    assert report.unproven == [*(verifier.UNSHOWN[name] for name in unasked.values()), *verifier.NOT_PROVEN["deal"]]
    assert all(not text.isascii() for _, text in report.proven + report.unproven)
    assert Deal().bundle() == HONEST


def test_any_zip_program_reads_a_bundle():
    with zipfile.ZipFile(io.BytesIO(HONEST)) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == MEMBERS
        assert archive.namelist() == sorted(MEMBERS)
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    assert verifier.zip_of(MEMBERS) == HONEST


def test_what_makes_no_bundle_is_not_packed():
    for members in ({}, {"": b""}, {"机": b""}, {str(number): b"" for number in range(501)}, {"big": bytes(16 * 1024 * 1024)}):
        with pytest.raises(CannotPack):
            pack(members)


@pytest.mark.parametrize("name", sorted(MEMBERS))
def test_a_changed_byte_is_named_by_its_file(name: str):
    start = HONEST.index(name.encode() + MEMBERS[name]) + len(name)
    for place in range(start, start + len(MEMBERS[name])):
        broken = HONEST[:place] + bytes([HONEST[place] ^ 1]) + HONEST[place + 1 :]
        assert found(broken) == [(name, "was changed: it does not have the checksum that the zip gives")]
    if name != "manifest.json":
        patched = pack(MEMBERS | {name: MEMBERS[name][:-1] + bytes([MEMBERS[name][-1] ^ 1])})
        assert (name, "was changed: its SHA-256 is not the one in manifest.json") in found(patched)


def test_every_byte_of_the_zip_itself_counts():
    inside = {place for name, data in MEMBERS.items() for place in range(*bounds(name, data))}
    for place in sorted(set(range(len(HONEST))) - inside):
        for flip in (1, 128):
            broken = HONEST[:place] + bytes([HONEST[place] ^ flip]) + HONEST[place + 1 :]
            assert found(broken) != [], place


def bounds(name: str, data: bytes) -> tuple[int, int]:
    start = HONEST.index(name.encode() + data) + len(name)
    return start, start + len(data)


@pytest.mark.parametrize("name", sorted(MEMBERS.keys() - {"manifest.json"}))
def test_a_changed_byte_is_found_even_when_all_hashes_are_recomputed(name: str):
    data = MEMBERS[name]
    # Ids and accounts of ledger moves are not in the log; the verifier says so under "not proven".
    unlogged = range(data.index(b'"moves"'), data.index(b'"rights"')) if name == "deal.json" else range(0)
    # The last line of the checkpoint is a signature by somebody unknown, which signed notes ignore.
    size = data.rindex("\u2014".encode()) if name == "checkpoint" else len(data)
    step = max(1, size // 60)
    for place in sorted(set(range(0, size, step)) - set(unlogged)):
        broken = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
        problems = found(repacked(HONEST, lambda members, broken=broken: members.update({name: broken})))
        named = {name, name.replace("proofs", "entries"), "manifest.json" if name == "deal.json" else name}
        assert named & {file for file, _ in problems}, (place, problems)


def test_a_changed_manifest_contradicts_the_file_or_the_form():
    for change, problem in (
        (lambda m: m.update(version=2), ("manifest.json", "/version: 2 is no value that is known here")),
        (lambda m: m.update(format="other"), ("manifest.json", "/format: 'other' is no value that is known here")),
        (lambda m: m.update(extra=1), ("manifest.json", "/: unknown or missing fields: extra")),
        (lambda m: m.pop("subject"), ("manifest.json", "/: unknown or missing fields: subject")),
        (lambda m: m["subject"].update(id=uuid(9)), ("manifest.json", "subject is not what deal.json says")),
        (lambda m: m["members"].pop(0), ("checkpoint", "is not listed in manifest.json")),
        (lambda m: m["members"].reverse(), ("manifest.json", "does not list each item once, in order")),
        (lambda m: m["members"].append(m["members"][0]), ("manifest.json", "does not list each item once, in order")),
    ):
        value = json.loads(MEMBERS["manifest.json"])
        change(value)
        assert found(pack(MEMBERS | {"manifest.json": canonical(value)})) == [problem]
    assert found(pack(MEMBERS | {"manifest.json": MEMBERS["manifest.json"] + b" "})) == [
        ("manifest.json", "is not JSON in its one canonical form")
    ]


def test_a_name_that_the_manifest_makes_up_cannot_command_a_terminal():
    value = json.loads(MEMBERS["manifest.json"])
    value["members"].append({"name": "z\u0085VERIFIED\u009b2J\u202e", "sha256": "00" * 32})
    assert found(pack(MEMBERS | {"manifest.json": canonical(value)})) == [("z?VERIFIED?2J?", "is missing")]


DROPPED = {
    1: ("entries/", f"no key.registered before entries/9.json binds the key of the seller to {uuid(0x5)}"),
    3: ("entries/", f"no key.registered before entries/9.json binds the key of the buyer to {uuid(0xB)}"),
    5: ("entries/7.json", f"no entry before it has the grant {uuid(0x61)} that it rests on"),
    7: ("entries/11.json", f"no entry before it has the grant {uuid(0x62)} that it rests on"),
    9: ("entries/", "the required step deal.signed is there 0 times, not once"),
    11: ("contract.json", "the rights granted in the log are not the rights that the contract grants"),
    13: ("entries/", "the required step deal.funded is there 0 times, not once"),
    15: ("entries/", "the required step deal.delivered is there 0 times, not once"),
    17: ("entries/", "the required step deal.accepted is there 0 times, not once"),
    19: ("entries/", "the required step deal.settled is there 0 times, not once"),
}


@pytest.mark.parametrize("index", DROPPED)
def test_a_dropped_entry_is_named_by_what_is_then_missing(index: int):
    def drop(members: dict[str, bytes]) -> None:
        del members[f"entries/{index}.json"], members[f"proofs/{index}.json"]
        kept = [each for each in json.loads(members["disclosures.json"]) if each["index"] != index]
        members["disclosures.json"] = canonical(kept)

    assert DROPPED[index] in found(repacked(HONEST, drop))
    plain = {name: data for name, data in MEMBERS.items() if name not in {f"entries/{index}.json", f"proofs/{index}.json"}}
    assert {(f"entries/{index}.json", "is missing"), (f"proofs/{index}.json", "is missing")} <= set(found(pack(plain)))


@pytest.mark.parametrize("name", sorted(MEMBERS))
def test_a_missing_member_is_named(name: str):
    without = pack({other: data for other, data in MEMBERS.items() if other != name})
    assert (name, "is missing") in found(without)
    if name != "manifest.json":
        assert (name, "is missing") in found(repacked(HONEST, lambda members: members.pop(name)))


def test_a_share_altered_in_the_claim_contradicts_the_log():
    def alter(deal: dict) -> None:
        deal["lines"][3]["amount"], deal["lines"][4]["amount"] = "2480", "6120"
        deal["moves"][4]["amount"], deal["moves"][5]["amount"] = "2480", "6120"

    problems = found(edited("deal.json", alter))
    ours = f'[{{"amount":"2480","party":"{OWNER}","role":"share"}}]'
    assert ("deal.json", f"line 3 was altered: {ours}, but the log settled {ours.replace('2480', '2580')}") in problems
    assert {file for file, _ in problems} == {"deal.json"}
    assert ("deal.json", "the ledger moves do not make up 10000") in problems


def test_a_share_altered_in_the_disclosure_contradicts_the_sealed_hash():
    def alter(disclosed: list) -> None:
        disclosed[2]["value"][3]["amount"] = "2480"

    problems = found(edited("disclosures.json", alter))
    assert ("disclosures.json", "lines of entries/19.json was altered: it is not the value that the log sealed") in problems
    assert ("entries/19.json", "shares, fees and taxes sum to 9900, not to the amount 10000") in problems


def test_a_share_altered_everywhere_a_forger_can_reach_is_named():
    def alter(members: dict[str, bytes]) -> None:
        for name in ("deal.json", "disclosures.json"):
            members[name] = members[name].replace(b'"2580"', b'"2480"').replace(b'"6020"', b'"6120"')

    problem = ("disclosures.json", "lines of entries/19.json was altered: it is not the value that the log sealed")
    assert found(repacked(HONEST, alter)) == [problem]

    def alter_leaf_too(members: dict[str, bytes]) -> None:
        alter(members)
        salt = bytes.fromhex(json.loads(members["disclosures.json"])[2]["salt"])
        lines = json.loads(members["disclosures.json"])[2]["value"]
        opened = ("deal.settled", {"deal": DEAL, "currency": "CNY"}, {"amount": "10000", "lines": lines})
        old = json.loads(members["disclosures.json"])[1]["salt"]
        members["entries/19.json"] = leaf(9, *opened, {(9, "amount"): bytes.fromhex(old), (9, "lines"): salt})

    problem = ("entries/19.json", "is not in the signed log: the entry or its proof was changed")
    assert found(repacked(HONEST, alter_leaf_too)) == [problem]


def test_a_log_forged_whole_fails_on_the_key_from_outside():
    thief = Signer.of_seed(LOG.name, b"\x66" * 32)
    forged = Deal().bundle(thief)
    assert verifier.verify(forged, str(thief.verifier)).verified is True
    assert found(forged)[0] == ("checkpoint", f"is not signed by the trusted log key {VKEY}")

    def swap(members: dict[str, bytes]) -> None:
        members["checkpoint"] = verifier.unzip(forged)["checkpoint"]

    assert found(repacked(HONEST, swap)) == [("checkpoint", f"is not signed by the trusted log key {VKEY}")]


def test_a_wrong_trusted_key_proves_nothing():
    other = str(Signer.of_seed("log.example/two", b"\x01" * 32).verifier)
    assert ("checkpoint", f"is not signed by the trusted log key {other}") in found(HONEST, other)
    for wrong in ("", "log.example/one", VKEY[:-4], VKEY.replace("+", "-"), VKEY.replace("log", "lag"), "\udcff+00000000+AQ=="):
        assert ("--log-key", "is not an Ed25519 verifier key <name>+<id>+<base64>") in found(HONEST, wrong)


def test_a_truncated_or_padded_zip_is_refused():
    for length in [*range(0, len(HONEST), 211), len(HONEST) - 1]:
        assert found(HONEST[:length]) != []
    assert found(b"") == [("bundle.zip", "the zip's frame was changed or cut off at byte 0")]
    assert found(HONEST + b"\x00")[0] == ("bundle.zip", f"the zip's frame was changed or cut off at byte {len(HONEST)}")
    assert found(b"\x00" + HONEST)[0][0] == "bundle.zip"


def test_nothing_is_inflated_and_sizes_have_limits():
    deflated = io.BytesIO()
    with zipfile.ZipFile(deflated, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.json", bytes(100_000_000))
    bomb = deflated.getvalue()
    assert found(bomb) == [("manifest.json", f"is cut off, or is no zip of this form, at byte {len(bomb)}")]
    assert found(bytes(verifier.BUNDLE_BYTES_MAX + 1)) == [("bundle.zip", "is larger than 16777216 bytes")]
    many = verifier.zip_of({f"entries/{number}.json": b"" for number in range(501)})
    assert found(many)[0][1].startswith("is cut off, or is no zip of this form")


def test_unknown_and_doubled_members_are_refused():
    assert found(pack(MEMBERS | {"note.txt": b""})) == [("'note.txt'", "is no known member, or stands there twice")]
    assert found(pack(MEMBERS | {"entries/01.json": b""})) == [("'entries/01.json'", "is no known member, or stands there twice")]
    assert found(pack(MEMBERS | {"../\x1b[2J": b""})) == [("'../\\x1b[2J'", "is no known member, or stands there twice")]
    doubled = HONEST[: bounds("checkpoint", MEMBERS["checkpoint"])[1]]
    assert found(doubled + HONEST) == [("'checkpoint'", "is no known member, or stands there twice")]


@pytest.mark.parametrize(
    ("name", "raw", "problem"),
    [
        ("deal.json", b"", "is not JSON in its one canonical form"),
        ("deal.json", b"[" * 100_000, "is not JSON in its one canonical form"),
        ("deal.json", b"[]", "/: unknown or missing fields: {}"),
        ("deal.json", b"\xff", "is not JSON in its one canonical form"),
        ("deal.json", b"1.5", "is not JSON in its one canonical form"),
        ("deal.json", b'{"a":1,"a":1}', "is not JSON in its one canonical form"),
        ("deal.json", b'{"\\u001b[2J":1}', None),
        ("disclosures.json", b"{}", "/: dict is no value that is known here"),
        ("contract.json", b"[]", "/: unknown or missing fields: amount, buyer, currency, rights, seller"),
        ("contract.json", b"{}", "/: unknown or missing fields: amount, buyer, currency, rights, seller"),
        ("checkpoint", b"", "is not a signed checkpoint in its one form"),
        ("keys.txt", b"", "text is not what deal.json, --log-key says"),
        ("proofs/1.json", b'{"hashes":[],"index":1,"size":true}', "/size: True is no value that is known here"),
        ("proofs/1.json", b'{"hashes":[],"index":1,"size":-1}', "/size: -1 is no value that is known here"),
    ],
)
def test_malformed_members_are_refused_without_a_crash(name: str, raw: bytes, problem: str | None):
    problems = found(repacked(HONEST, lambda members: members.update({name: raw})))
    assert all(text.isprintable() for _, text in problems)
    assert problem is None or (name, problem) in problems


def test_a_proof_for_another_entry_or_size_is_named():
    def swap(members: dict[str, bytes]) -> None:
        members["proofs/1.json"], members["proofs/3.json"] = members["proofs/3.json"], members["proofs/1.json"]

    assert ("proofs/1.json", "index, size is not what checkpoint says") in found(repacked(HONEST, swap))
    wrong_size = edited("proofs/1.json", lambda proof: proof.update(size=19))
    assert ("proofs/1.json", "index, size is not what checkpoint says") in found(wrong_size)


def test_disclosures_are_exactly_the_sealed_members():
    kept_back = edited("disclosures.json", lambda stated: stated.pop(0))
    assert ("disclosures.json", "amount of entries/13.json: sealed but not disclosed, or the reverse") in found(kept_back)
    extra = edited("disclosures.json", lambda stated: stated.append(stated[-1] | {"index": 99}))
    assert found(extra) == [("disclosures.json", "lines of entries/99.json: sealed but not disclosed, or the reverse")]
    doubled = edited("disclosures.json", lambda stated: stated.append(stated[-1] | {"value": "1"}))
    assert ("disclosures.json", "does not list each item once, in order") in found(doubled)
    salted = edited("disclosures.json", lambda stated: stated[0].update(salt="00" * 16))
    assert found(salted) == [("disclosures.json", "amount of entries/13.json was altered: it is not the value that the log sealed")]


def test_a_contract_other_than_the_signed_one_is_named():
    other = edited("contract.json", lambda terms: terms.update(purpose="anything"))
    assert found(other) == [("contract.json", "is not the contract whose hash both sides signed in entries/9.json")]


def test_it_runs_alone_from_anywhere(tmp_path: Path):
    alone = tmp_path / "verify.py"
    alone.write_bytes(Path(verifier.__file__).read_bytes())
    (tmp_path / "good.zip").write_bytes(HONEST)
    (tmp_path / "bad.zip").write_bytes(edited("deal.json", lambda deal: deal.update(amount="9999")))

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-I", "-X", "utf8", str(alone), *arguments]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60, encoding="utf-8")

    good = run("good.zip", "--log-key", VKEY, "--json")
    assert (good.returncode, good.stderr) == (0, "")
    answer = json.loads(good.stdout)
    assert (answer["verified"], answer["problems"], len(answer["proven"])) == (True, [], len(verifier.CHECKS["deal"]) - 5)
    bad = run("bad.zip", "--log-key", VKEY)
    assert (bad.returncode, bad.stderr) == (1, "")
    assert bad.stdout.startswith("NOT VERIFIED 验证未通过\n  wrong 有误   deal.json: amount is not what entries/19.json says / ")
    assert run("good.zip", "--log-key", VKEY).stdout.startswith("VERIFIED 验证通过\n  proven 已证明   the bundle is complete")
    absent = run("absent.zip", "--log-key", VKEY)
    assert (absent.returncode, absent.stderr) == (1, "")
    assert absent.stdout.startswith("NOT VERIFIED 验证未通过\n  wrong 有误   absent.zip: cannot be read / 无法读取\n  not proven 未证明")
    imports = run_imports(alone)
    assert not any(name.split(".")[0] in {"django", "registry", "rfc8785", "marketplace"} for name in imports)


def run_imports(alone: Path) -> list[str]:
    code = f"import runpy, sys; runpy.run_path({str(alone)!r}); print(*sys.modules)"
    return subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True, timeout=60).stdout.split()


def test_the_file_documents_the_hash_it_signs():
    message = f"egret-contract-v1\n{sha256(MEMBERS['contract.json']).hexdigest()}\n{DEAL}\nseller\n".encode()
    signed = json.loads(MEMBERS["entries/9.json"])["data"]
    assert verifier.is_signed(verifier.b64decode(signed["seller_key"]), verifier.b64decode(signed["seller_signature"]), message)
