"""The log's second signature line: SM2 with SM3 over the same text, for readers who need Chinese commercial cryptography (商用密码).

Others do not know its type and pass over the line. Source: C2SP signed-note, type ff, which is for private types and is followed by a
longer name; GB/T 32918.2 and GM/T 0009.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, field
from typing import Final, Self

from registry.base import signing
from registry.log.note import BadNote, Signature, checked_name, checked_text, decoded, key_id_of

KIND: Final = b"\xffegret SM2 with SM3, user id " + signing.SM2_USER_ID.encode() + b"\n"
"""Stands before the public key wherever other types have their one byte."""
_POINT_BYTES: Final = 65


@dataclass(frozen=True, slots=True)
class Sm2Key:
    """The public key of such a line: an uncompressed point of the curve."""

    name: str
    key: bytes

    @classmethod
    def parse(cls, vkey: str) -> Self:
        """Read ``<name>+<key id>+<base64(kind || point)>``.

        Raises:
            BadNote: it is none, or its key id is not that of the key.
        """
        name, _, rest = vkey.partition("+")
        stated, _, encoded = rest.partition("+")
        typed = decoded(encoded)
        if not typed.startswith(KIND) or len(typed) != len(KIND) + _POINT_BYTES:
            raise BadNote(reason="this is no SM2 key of a log", chinese="不是日志的国密公钥")
        found = cls(checked_name(name), typed[len(KIND) :])
        if stated != found.key_id.hex():
            raise BadNote(reason="the key id is not that of the key", chinese="公钥编号与公钥不符")
        return found

    @property
    def key_id(self) -> bytes:
        """The first 4 bytes of SHA-256(name || 0A || kind || point)."""
        return key_id_of(self.name, KIND, self.key)

    def __str__(self) -> str:
        """The key as text."""
        return f"{self.name}+{self.key_id.hex()}+{b64encode(KIND + self.key).decode()}"

    def accepts(self, text: str, signature: bytes) -> bool:
        """Whether the signature over the text is by this key.

        Raises:
            CannotSign: SM2 needs a library that is not installed.
        """
        return signing.is_signed(signing.PublicKey(signing.Algorithm.SM2_SM3, self.key), text.encode(), signature)


@dataclass(frozen=True, slots=True)
class Sm2LineSigner:
    """An SM2 key, wherever it is kept, that signs under a name."""

    name: str
    key: signing.Signer = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse a name or key that cannot sign."""
        checked_name(self.name)
        if self.key.public_key.algorithm is not signing.Algorithm.SM2_SM3:
            raise BadNote(reason="this line is signed with SM2", chinese="此行以国密 SM2 签署")

    @property
    def verifier(self) -> Sm2Key:
        """The public half."""
        return Sm2Key(self.name, self.key.public_key.raw)

    def sign(self, text: str) -> Signature:
        """Sign a text (with its last newline).

        Raises:
            BadNote: the text cannot be a note's text.
            CannotSign: the key or its device cannot be used.
        """
        return Signature(self.name, self.verifier.key_id, self.key.sign(checked_text(text).encode()))
