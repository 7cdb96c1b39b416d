"""Software keys of both algorithms: they sign, verify, refuse what is altered, and OpenSSL agrees about SM2."""

import shutil
import subprocess
from base64 import b64encode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.base.signing import SM2_USER_ID, Algorithm, CannotSign, Ed25519Signer, PublicKey, Sm2Signer, is_signed
from registry.base.signing.sm2 import ORDER

KEYS = [Ed25519Signer(bytes(range(32))), Sm2Signer(bytes(range(1, 33)))]
SPKI = bytes.fromhex("3059301306072a8648ce3d020106082a811ccf5501822d034200")
"""What stands before an SM2 point in a SubjectPublicKeyInfo (RFC 5480 with the curve's own object identifier)."""


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.public_key.algorithm)
def test_a_signature_holds_for_its_message_and_key_alone(key):
    signature = key.sign(b"message")
    other = type(key)(bytes(range(2, 34)))
    assert is_signed(key.public_key, b"message", signature)
    assert not is_signed(key.public_key, b"massage", signature)
    assert not is_signed(other.public_key, b"message", signature)
    assert repr(key) == f"{type(key).__name__}()"  # the secret is not shown


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.public_key.algorithm)
@settings(max_examples=60)
@given(garbage=st.binary(max_size=80))
def test_bytes_that_are_no_signature_or_no_key_are_simply_not_accepted(key, garbage):
    assert not is_signed(key.public_key, b"message", garbage)
    assert not is_signed(PublicKey(key.public_key.algorithm, garbage), b"message", key.sign(b"message"))


@pytest.mark.parametrize("scalar", [bytes(32), ORDER.to_bytes(32, "big"), (ORDER - 1).to_bytes(32, "big"), b"\xff" * 32, b"short"])
def test_what_is_no_sm2_key_is_refused(scalar):
    with pytest.raises(CannotSign):
        Sm2Signer(scalar)


def test_the_key_of_the_standards_example_has_its_public_key():
    # GB/T 32918.5, annex A.2
    scalar = bytes.fromhex("3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8")
    x = "09F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020"
    y = "CCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13"
    assert Sm2Signer(scalar).public_key == PublicKey(Algorithm.SM2_SM3, bytes.fromhex(f"04{x}{y}"))


def test_openssl_accepts_our_sm2_signature_under_the_stated_user_id_only(tmp_path):
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not on this machine")
    key = KEYS[1]
    pem = b64encode(SPKI + key.public_key.raw).decode()
    (tmp_path / "key.pem").write_text(f"-----BEGIN PUBLIC KEY-----\n{pem[:64]}\n{pem[64:]}\n-----END PUBLIC KEY-----\n")
    (tmp_path / "signature").write_bytes(key.sign(b"message"))
    (tmp_path / "message").write_bytes(b"message")

    def verified(user_id):
        command = ["openssl", "dgst", "-sm3", "-verify", "key.pem", "-signature", "signature", "-sigopt", f"distid:{user_id}", "message"]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode == 0

    assert verified(SM2_USER_ID)
    assert not verified("somebody else")
