"""The suite's published vectors, byte for byte with every step between, and those of canonical JSON."""

import json

import pytest
import rfc8785

from registry.base.signing import Algorithm, PublicKey, base58btc, from_base58btc, multikey
from registry.certificates.data_integrity import BadProof, check_proof, proof_options, signing_input, with_proof
from registry.log.canonical import NotCanonical, canonical
from tests.support.shared import shared

KEY = "z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2"
JCS = ("arrays", "french", "structures", "unicode", "values", "weird")
WITH_FRACTIONS = ("structures", "values")
"""Pairs that our own ``canonical`` refuses on purpose, because they hold numbers with a fraction or an exponent."""


def vector(name):
    return shared("vectors", "vc-di-eddsa", "TestVectors", "eddsa-jcs-2022", name).read_text().rstrip("\n")


def test_every_step_of_the_suites_vector_is_reproduced():
    signed = json.loads(vector("signedJCS.json"))
    document = {name: value for name, value in signed.items() if name != "proof"}
    options = proof_options(document, method=f"did:key:{KEY}#{KEY}", created="2023-02-24T23:36:38Z")
    assert options == json.loads(vector("proofConfigJCS.json"))
    assert canonical(document).decode() == vector("canonDocJCS.txt")
    assert canonical(options).decode() == vector("proofCanonJCS.txt")
    message = signing_input(canonical(document), options)
    assert message.hex() == vector("combinedHashJCS.txt")
    assert (message[:32].hex(), message[32:].hex()) == (vector("proofHashJCS.txt"), vector("docHashJCS.txt"))
    signature = bytes.fromhex(vector("sigHexJCS.txt"))
    assert base58btc(signature) == vector("sigBTC58JCS.txt")
    assert from_base58btc(vector("sigBTC58JCS.txt")) == signature
    assert with_proof(document, options, signature) == signed


def test_the_suites_signature_holds_for_its_key_alone():
    prefixed = from_base58btc(KEY)
    key = PublicKey(Algorithm.ED25519, prefixed[2:])
    assert multikey(key) == KEY
    signed = json.loads(vector("signedJCS.json"))
    assert canonical(check_proof(signed, key)).decode() == vector("canonDocJCS.txt")
    signed["name"] = "Alumna Credential"
    with pytest.raises(BadProof):
        check_proof(signed, key)


@pytest.mark.parametrize("name", JCS)
def test_canonical_json_is_that_of_the_vectors(name):
    value = json.loads(shared("vectors", "jcs", "testdata", "input", f"{name}.json").read_bytes())
    expected = shared("vectors", "jcs", "testdata", "output", f"{name}.json").read_bytes().rstrip(b"\n")
    listed = bytes.fromhex(shared("vectors", "jcs", "testdata", "outhex", f"{name}.txt").read_text())
    assert rfc8785.dumps(value) == expected == listed
    if name in WITH_FRACTIONS:
        with pytest.raises(NotCanonical):
            canonical(value)
    else:
        assert canonical(value) == expected
