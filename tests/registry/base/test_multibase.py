"""Keys and signatures as text: published examples, every text back to its bytes, and nothing else read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.base.signing import Algorithm, NotMultibase, PublicKey, Sm2Signer, base58btc, from_base58btc, multikey
from registry.base.signing.multibase import ALPHABET, LENGTH_MAX

PUBLISHED = [  # draft-msporny-base58, section 5
    (b"Hello World!", "z2NEpo7TZRRrLZSi2U"),
    (b"The quick brown fox jumps over the lazy dog.", "zUSm3fpXnKG5EUBx2ndxBDMPVciP5hGey2Jh4NDv6gmeo1LkMeiKrLJUUBk6Z"),
    (bytes.fromhex("0000287fb4cd"), "z11233QC4"),
]


@pytest.mark.parametrize(("raw", "text"), PUBLISHED, ids=["short", "long", "zeros"])
def test_the_published_examples(raw, text):
    assert (base58btc(raw), from_base58btc(text)) == (text, raw)


@given(st.binary(max_size=100))
def test_every_text_leads_back_to_its_bytes(raw):
    assert from_base58btc(base58btc(raw)) == raw


@given(st.text(alphabet=ALPHABET, max_size=100))
def test_and_every_bytes_to_their_one_text(text):
    assert base58btc(from_base58btc(f"z{text}")) == f"z{text}"


@pytest.mark.parametrize("text", ["", "2NEpo7TZ", "m2NEpo7TZ", "z0", "zO", "zl", "zI", "z 1", "z\u0661", "z" + "2" * LENGTH_MAX])
def test_what_is_not_base58btc_is_refused(text):
    with pytest.raises(NotMultibase):
        from_base58btc(text)


def test_an_sm2_key_is_a_compressed_point_behind_its_codec():
    key = Sm2Signer(bytes(range(1, 33))).public_key
    raw = from_base58btc(multikey(key))
    assert (raw[:2], raw[3:]) == (b"\x86\x24", key.raw[1:33])
    assert raw[2] == 2 + key.raw[64] % 2
    assert from_base58btc(multikey(PublicKey(Algorithm.ED25519, bytes(32)))) == b"\xed\x01" + bytes(32)
