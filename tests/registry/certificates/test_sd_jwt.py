"""Tokens that are shown in part: RFC 9901's own examples, every subset of disclosures, and nothing else accepted."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.base.signing import Ed25519Signer, Sm2Signer
from registry.certificates.sd_jwt import BadToken, conceal, digest_of, disclosure_of, issue, present, process, verify

KEY, OTHER = Ed25519Signer(bytes(range(32))), Ed25519Signer(bytes(32))
KIND = "test+sd-jwt"
AT = datetime(2026, 7, 1, tzinfo=UTC)
CLAIMS = {"number": "EGR-202607-0001", "name": "航班", "uscc": None, "scope": {"derive": True, "purposes": ["a", "b"]}, "open": 1}
HIDDEN = ("name", "number", "scope", "uscc")
TIMES = {"nbf": int(AT.timestamp()), "exp": int(AT.timestamp()) + 60}

FAMILY_NAME = "WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsICJmYW1pbHlfbmFtZSIsICJNw7ZiaXVzIl0"
IN_OTHER_WORDS = (
    "WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsICJmYW1pbHlfbmFtZSIsICJNXHUwMGY2Yml1cyJd",
    "WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsImZhbWlseV9uYW1lIiwiTcO2Yml1cyJd",
    "WwoiXzI2YmM0TFQtYWM2cTJLSTZjQlc1ZXMiLAoiZmFtaWx5X25hbWUiLAoiTcO2Yml1cyIKXQ",
)
NATIONALITY = "WyJsa2x4RjVqTVlsR1RQVW92TU5JdkNBIiwgIkZSIl0"
"""Disclosures printed in RFC 9901, 4.2.1 and 4.2.2."""


def text(value):
    return urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def token(disclosures=None, signer=KEY, kind=KIND, **payload):
    opened, hidden = conceal(CLAIMS, HIDDEN, padded_to=6)
    shown = hidden if disclosures is None else disclosures
    return issue({**TIMES, **opened, **payload}, list(shown.values()), signer=signer, kind=kind, key_id="k"), hidden


def shown_in(presented, **changes):
    return verify(presented, **{"key": KEY.public_key, "kind": KIND, "at": AT} | changes)


def test_the_digests_of_the_rfc():
    assert digest_of(FAMILY_NAME) == "X9yH0Ajrdm1Oij4tWso9UzzKJvPoDxwmuEcO3XAdRC0"  # 4.2.3
    assert digest_of(NATIONALITY) == "w0I8EKcdCtUPkGCNUrfwVp2xEgNjtoIDlOxc9-PlOhs"  # 4.2.4.2


def test_our_own_disclosure_is_the_one_that_the_rfc_prints_without_white_space():
    salt = urlsafe_b64decode("_26bc4LT-ac6q2KI6cBW5es=")
    assert disclosure_of("family_name", "Möbius", salt) == IN_OTHER_WORDS[1]


@pytest.mark.parametrize("disclosure", [FAMILY_NAME, *IN_OTHER_WORDS], ids=["printed", "escaped", "tight", "lines"])
def test_a_claim_of_the_rfc_comes_back_however_it_was_written(disclosure):
    payload = {"given_name": "Alice", "_sd": [digest_of(disclosure)], "_sd_alg": "sha-256"}
    assert process(payload, [disclosure]) == {"given_name": "Alice", "family_name": "Möbius"}
    assert process(payload, []) == {"given_name": "Alice"}


def test_an_array_element_of_the_rfc_comes_back_in_its_place():
    payload = {"nationalities": ["DE", {"...": "w0I8EKcdCtUPkGCNUrfwVp2xEgNjtoIDlOxc9-PlOhs"}, "US"]}  # 4.2.4.2
    assert process(payload, [NATIONALITY]) == {"nationalities": ["DE", "FR", "US"]}
    assert process(payload, []) == {"nationalities": ["DE", "US"]}


def test_disclosures_within_disclosures_as_in_the_rfc():
    """The structure of 4.2.6, whose printed digests leave the white space of their disclosures open."""
    german, french = text(["s1", "DE"]), text(["s2", "FR"])
    outer = text(["s3", "nationalities", [{"...": digest_of(german)}, {"...": digest_of(french)}]])
    payload = {"family_name": "Möbius", "_sd": [digest_of(outer)]}
    assert process(payload, [german, french, outer]) == {"family_name": "Möbius", "nationalities": ["DE", "FR"]}
    assert process(payload, [outer, french]) == {"family_name": "Möbius", "nationalities": ["FR"]}
    assert process(payload, []) == {"family_name": "Möbius"}
    with pytest.raises(BadToken, match="no hash"):
        process(payload, [german])


@given(st.sets(st.sampled_from(HIDDEN)))
def test_any_subset_of_disclosures_verifies_and_shows_exactly_that(names):
    whole, hidden = token()
    claims = shown_in(present(whole, {hidden[name] for name in names}))
    assert claims == {"open": 1, **TIMES, **{name: CLAIMS[name] for name in names}}


def test_a_token_says_neither_how_many_claims_nor_in_what_order_nor_the_same_twice():
    (first, hidden), (second, _) = token(), token()
    payloads = [json.loads(urlsafe_b64decode(each.split(".")[1] + "==")) for each in (first, second)]
    assert [len(payload["_sd"]) for payload in payloads] == [6, 6]
    assert payloads[0]["_sd"] == sorted(payloads[0]["_sd"])
    assert not set(payloads[0]["_sd"]) & set(payloads[1]["_sd"])
    assert {digest_of(each) for each in hidden.values()} < set(payloads[0]["_sd"])
    salts = [json.loads(urlsafe_b64decode(each + "=="))[0] for each in hidden.values()]
    assert len({len(urlsafe_b64decode(salt + "==")) for salt in salts}) == 1 == len({16, len(urlsafe_b64decode(salts[0] + "=="))})
    assert len(set(salts)) == len(salts)


def altered(disclosure):
    salt, name, _ = json.loads(urlsafe_b64decode(disclosure + "=="))
    return text([salt, name, "another"])


WRONG = {
    "a disclosure altered": lambda whole, hidden: whole.replace(hidden["name"], altered(hidden["name"])),
    "a disclosure twice": lambda whole, hidden: whole + hidden["name"] + "~",
    "a disclosure of nothing": lambda whole, _hidden: whole + text(["s", "name2", 1]) + "~",
    "a disclosure that is no JSON": lambda whole, _hidden: whole + "AAAA~",
    "a disclosure that is no base64": lambda whole, _hidden: whole + "!!~",
    "a disclosure that is empty": lambda whole, _hidden: whole + "~",
    "no tilde at the end": lambda whole, _hidden: whole[:-1],
    "a key binding": lambda whole, _hidden: whole + "a.b.c",
    "the signature altered": lambda whole, _hidden: whole.replace("~", "A~", 1),
    "the signature gone": lambda whole, _hidden: whole.split("~")[0].rpartition(".")[0] + ".~",
    "no signature at all": lambda whole, _hidden: whole.split("~")[0].rpartition(".")[0] + "~",
    "the payload altered": lambda whole, _hidden: whole.replace(".", ".A", 1),
    "another key": lambda _whole, _hidden: token(signer=OTHER)[0],
    "another kind": lambda _whole, _hidden: token(kind="other+sd-jwt")[0],
    "not yet": lambda _whole, _hidden: token(nbf=int(AT.timestamp()) + 1)[0],
    "no longer": lambda _whole, _hidden: token(exp=int(AT.timestamp()))[0],
    "no end": lambda _whole, _hidden: token(exp=None)[0],
    "an end that is yes": lambda _whole, _hidden: token(exp=True)[0],
    "nothing": lambda _whole, _hidden: "",
    "a tilde": lambda _whole, _hidden: "~",
    "a letter outside": lambda whole, _hidden: whole.replace("~", "é~", 1),
    "too long": lambda whole, _hidden: whole + "A" * 300_000 + "~",
    "too many": lambda whole, _hidden: whole + "".join(f"{text(['s', str(n), n])}~" for n in range(600)),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_does_not_hold_is_refused(wrong):
    whole, hidden = token()
    shown_in(whole)
    with pytest.raises(BadToken):
        shown_in(WRONG[wrong](whole, hidden))


def headed(header):
    whole, _ = token()
    payload = whole.split(".")[1]
    signed = f"{text(header)}.{payload}"
    return f"{signed}.{urlsafe_b64encode(KEY.sign(signed.encode())).decode().rstrip('=')}~"


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "none", "typ": KIND},
        {"alg": "EdDSA", "typ": KIND},
        {"alg": "HS256", "typ": KIND},
        {"alg": "Ed25519"},
        {"alg": "Ed25519", "typ": KIND, "crit": ["b64"], "b64": False},
        ["Ed25519"],
    ],
    ids=str,
)
def test_a_header_other_than_ours_is_refused_though_it_is_signed(header):
    shown_in(headed({"alg": "Ed25519", "typ": KIND}))
    with pytest.raises(BadToken):
        shown_in(headed(header))


@pytest.mark.parametrize(
    "payload",
    [
        {"_sd": [digest_of(FAMILY_NAME)], "_sd_alg": "sha-1"},
        {"_sd": [digest_of(FAMILY_NAME)] * 2},
        {"_sd": digest_of(FAMILY_NAME)},
        {"_sd": [7]},
        {"_sd": [digest_of(FAMILY_NAME)], "family_name": "Riemann"},
        {"_sd": [digest_of(FAMILY_NAME)], "other": {"_sd": [digest_of(FAMILY_NAME)]}},
        {"_sd": [digest_of(FAMILY_NAME)], "other": {"...": "x"}},
        {"names": [{"...": digest_of(FAMILY_NAME)}]},
        {"names": [{"...": 7}], "_sd": [digest_of(FAMILY_NAME)]},
    ],
    ids=["hash", "twice", "text", "number", "taken", "two places", "reserved", "parts", "no text"],
)
def test_a_payload_that_breaks_the_rules_is_refused_though_it_is_signed(payload):
    with pytest.raises(BadToken):
        process(payload, [FAMILY_NAME])


@pytest.mark.parametrize("name", ["_sd", "..."])
def test_a_disclosure_of_a_reserved_name_is_refused(name):
    disclosure = text(["s", name, "value"])
    with pytest.raises(BadToken):
        process({"_sd": [digest_of(disclosure)]}, [disclosure])


def test_what_cannot_be_concealed_is_a_mistake_of_ours():
    for claims, padded_to in (({"_sd": 1}, 3), ({"a": 1, "b": 2}, 1)):
        with pytest.raises(ValueError, match="within"):
            conceal(claims, ("a", "b"), padded_to=padded_to)


def test_a_key_of_another_algorithm_verifies_nothing():
    whole, _ = token()
    with pytest.raises(BadToken):
        shown_in(whole, key=Sm2Signer(bytes(range(1, 33))).public_key)
