"""Note keys behind the signing interface: a device's Ed25519 key signs like one in memory, an SM2 key only on its own kind of line."""

from base64 import b64encode
from hashlib import sha256

import pytest

from registry.base.signing import Ed25519Signer, Sm2Signer
from registry.log.checkpoint import Checkpoint, open_by_any, sign_checkpoint
from registry.log.merkle import EMPTY_ROOT
from registry.log.note import BadNote, Signer, Verifier
from registry.log.sm2_line import KIND, Sm2Key, Sm2LineSigner

NAME = "log.example/one"
SM2 = Sm2LineSigner(NAME, Sm2Signer(bytes(range(1, 33))))
EMPTY = Checkpoint(NAME, 0, EMPTY_ROOT)


class Device:
    """A key that never leaves its device: it signs, and says what it is."""

    def __init__(self):
        self._kept = Ed25519Signer(b"\x05" * 32)
        self.public_key = self._kept.public_key

    def sign(self, message):
        return self._kept.sign(message)


def test_a_device_signs_checkpoints_as_a_seed_does():
    ours = Signer(NAME, Device())
    assert sign_checkpoint(EMPTY, [ours]) == sign_checkpoint(EMPTY, [Signer.of_seed(NAME, b"\x05" * 32)])


def test_each_kind_of_line_is_signed_by_its_own_kind_of_key():
    with pytest.raises(BadNote, match="Ed25519"):
        Signer(NAME, Sm2Signer(bytes(range(1, 33))))
    with pytest.raises(BadNote, match="SM2"):
        Sm2LineSigner(NAME, Ed25519Signer(bytes(32)))


def test_the_key_is_of_the_private_type_followed_by_a_longer_name():
    key = SM2.verifier
    assert (KIND[:1], len(key.key), key.key[:1]) == (b"\xff", 65, b"\x04")
    assert key.key_id == sha256(NAME.encode() + b"\n" + KIND + key.key).digest()[:4]
    assert Sm2Key.parse(str(key)) == key
    with pytest.raises(BadNote):
        Verifier.parse(str(key))


def wrong_keys():
    name, number, encoded = str(SM2.verifier).split("+", 2)
    yield from ("", name, f"{name}+{number}", f"{name}+00000000+{encoded}", f"other+{number}+{encoded}", f"{name}+{number}+{encoded[:-4]}")
    yield f"{name}+{number}+{b64encode(b'x' * 100).decode()}"
    yield str(Signer.of_seed(NAME, bytes(32)).verifier)


@pytest.mark.parametrize("text", list(wrong_keys()))
def test_what_is_no_such_key_is_refused(text):
    with pytest.raises(BadNote):
        Sm2Key.parse(text)


def test_a_checkpoint_by_sm2_alone_is_not_the_logs():
    log = Signer.of_seed(NAME, bytes(32))
    note = sign_checkpoint(EMPTY, [log, SM2])
    assert open_by_any(note, logs=[log.verifier], witnesses=[SM2.verifier])[1] == (log.verifier, SM2.verifier)
    with pytest.raises(ValueError, match="did not sign"):
        open_by_any(sign_checkpoint(EMPTY, [SM2]), logs=[log.verifier], witnesses=[SM2.verifier])
