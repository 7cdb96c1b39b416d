"""Signed notes: a text with signature lines that anyone can check with a public key alone.

Source: C2SP signed-note, with Ed25519 (type 01). Keys are written as verifier keys, ``<name>+<key id>+<base64(type || key)>``.
"""

import binascii
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final, Protocol, Self, TypeVar

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from registry.base import signing

NOTE_BYTES_MAX: Final = 1_000_000
SIGNATURES_MAX: Final = 100
NAME_MAX: Final = 200
_ED25519: Final = b"\x01"
_KEY_ID_BYTES: Final = 4
_KEY_BYTES: Final = 32
_DASH: Final = "\u2014 "


class BadNote(ValueError):
    """A note or key that must not be trusted; ``reason`` and ``chinese`` say why."""

    def __init__(self, *, reason: str, chinese: str = "") -> None:
        """Keep the reason in English, and in Chinese where it may reach a reader of a log and not only the market's own operator."""
        super().__init__(reason)
        self.reason, self.chinese = reason, chinese or reason


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line: who says they signed, which of their keys, and the bytes."""

    name: str
    key_id: bytes
    signature: bytes

    @property
    def line(self) -> str:
        """The line as it stands in a note, with its newline."""
        return f"{_DASH}{self.name} {b64encode(self.key_id + self.signature).decode()}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """A parsed note: the signed text (ends with a newline) and every signature line, checked or not."""

    text: str
    signatures: tuple[Signature, ...]

    def __str__(self) -> str:
        """The note as it is stored and sent."""
        return f"{self.text}\n{''.join(each.line for each in self.signatures)}"


class Key(Protocol):
    """A public key of whatever kind that can stand behind a signature line."""

    @property
    def name(self) -> str:
        """Whose key it is."""
        ...

    @property
    def key_id(self) -> bytes:
        """The 4 bytes that a signature line gives beside the name."""
        ...

    def accepts(self, text: str, signature: bytes) -> bool:
        """Whether the signature over a note's text is by this key."""
        ...


AnyKey = TypeVar("AnyKey", bound=Key)


@dataclass(frozen=True, slots=True)
class Verifier:
    """A public Ed25519 key that we trust for a name."""

    name: str
    key: bytes

    @classmethod
    def parse(cls, vkey: str) -> Self:
        """Read a verifier key.

        Raises:
            BadNote: not an Ed25519 verifier key, or its key id is not that of the key.
        """
        return cls(*read_vkey(vkey, _ED25519))

    @property
    def key_id(self) -> bytes:
        """The first 4 bytes of SHA-256(name || 0A || type || key)."""
        return key_id_of(self.name, _ED25519, self.key)

    def __str__(self) -> str:
        """The verifier key as text."""
        return vkey_of(self.name, _ED25519, self.key)

    def accepts(self, text: str, signature: bytes) -> bool:
        """Whether the signature over the text is by this key."""
        try:
            Ed25519PublicKey.from_public_bytes(self.key).verify(signature, text.encode())
        except InvalidSignature:
            return False
        return True


class NoteSigner(Protocol):
    """Whatever puts a signature line under a note."""

    def sign(self, text: str) -> Signature:
        """Sign a text (with its last newline)."""
        ...


@dataclass(frozen=True, slots=True)
class Signer:
    """An Ed25519 key, wherever it is kept, that signs under a name."""

    name: str
    key: signing.Signer = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse a name or key that cannot sign."""
        checked_name(self.name)
        if self.key.public_key.algorithm is not signing.Algorithm.ED25519:
            raise BadNote(reason="a note of this kind is signed with Ed25519", chinese="此类签注以 Ed25519 签署")

    @classmethod
    def of_seed(cls, name: str, seed: bytes) -> Self:
        """A key in memory, given by its seed of 32 bytes.

        Raises:
            BadNote: a name or seed that cannot sign.
        """
        try:
            return cls(name, signing.Ed25519Signer(seed))
        except signing.CannotSign as error:
            raise BadNote(reason=str(error)) from error

    @property
    def verifier(self) -> Verifier:
        """The public half."""
        return Verifier(name=self.name, key=self.key.public_key.raw)

    def sign(self, text: str) -> Signature:
        """Sign a text (with its last newline).

        Raises:
            BadNote: the text cannot be a note's text.
            CannotSign: the key or its device cannot be used.
        """
        return Signature(name=self.name, key_id=self.verifier.key_id, signature=self.key.sign(checked_text(text).encode()))


def sign_note(text: str, signers: Sequence[NoteSigner]) -> Note:
    """A note over ``text`` with one signature per signer, in order.

    Raises:
        BadNote: the text cannot be a note's text, or there is no signer or more than ``SIGNATURES_MAX``.
    """
    if not 1 <= len(signers) <= SIGNATURES_MAX:
        raise BadNote(reason=f"a note has 1 to {SIGNATURES_MAX} signatures", chinese=f"签注须有 1 至 {SIGNATURES_MAX} 个签名")
    return Note(text=checked_text(text), signatures=tuple(signer.sign(text) for signer in signers))


def parse_note(data: bytes) -> Note:
    """Read a note without judging its signatures.

    Raises:
        BadNote: too long, not UTF-8, a control character, no blank line, a malformed signature line, or not 1 to
            ``SIGNATURES_MAX`` signatures.
    """
    if len(data) > NOTE_BYTES_MAX:
        raise BadNote(reason=f"a note has at most {NOTE_BYTES_MAX} bytes", chinese=f"签注最多 {NOTE_BYTES_MAX} 字节")
    try:
        whole = data.decode()
    except UnicodeDecodeError as error:
        raise BadNote(reason="a note is UTF-8", chinese="签注须为 UTF-8 编码") from error
    text, blank, tail = whole.rpartition("\n\n")
    if not blank or not tail.endswith("\n"):
        raise BadNote(reason="a note is a text, a blank line and signature lines", chinese="签注须由正文、空行和签名行组成")
    lines = tail[:-1].split("\n")
    if len(lines) > SIGNATURES_MAX:
        raise BadNote(reason=f"a note has at most {SIGNATURES_MAX} signatures", chinese=f"签注最多 {SIGNATURES_MAX} 个签名")
    return Note(text=checked_text(f"{text}\n"), signatures=tuple(_signature(line) for line in lines))


def open_note(data: bytes, trusted: Sequence[AnyKey]) -> tuple[Note, tuple[AnyKey, ...]]:
    """Read a note and check it: the note, and which of the trusted keys signed it (at least one).

    Lines of unknown keys are ignored; a bad signature by a trusted key condemns the whole note.

    Raises:
        BadNote: malformed, a bad signature by a trusted key, or no signature by any trusted key.
    """
    note = parse_note(data)
    known = {(verifier.name, verifier.key_id): verifier for verifier in trusted}
    signed: dict[AnyKey, None] = {}
    for each in note.signatures:
        verifier = known.get((each.name, each.key_id))
        if verifier is None:
            continue
        if not verifier.accepts(note.text, each.signature):
            raise BadNote(reason=f"the signature of {each.name} is bad", chinese=f"{each.name} 的签名无效")
        signed[verifier] = None
    if not signed:
        raise BadNote(reason="no trusted key signed the note", chinese="没有可信公钥签署该签注")
    return note, tuple(signed)


def _signature(line: str) -> Signature:
    name, space, encoded = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not space:
        raise BadNote(reason="a signature line is a dash, a name and base64", chinese="签名行须由破折号、名称和 base64 组成")
    raw = decoded(encoded)
    if len(raw) <= _KEY_ID_BYTES:
        raise BadNote(reason="a signature line holds a key id and a signature", chinese="签名行须含公钥编号和签名")
    return Signature(name=checked_name(name), key_id=raw[:_KEY_ID_BYTES], signature=raw[_KEY_ID_BYTES:])


def key_id_of(name: str, kind: bytes, key: bytes) -> bytes:
    """The first 4 bytes of SHA-256(name || 0A || kind || key): what a signature line gives beside the name."""
    return sha256(name.encode() + b"\n" + kind + key).digest()[:_KEY_ID_BYTES]


def vkey_of(name: str, kind: bytes, key: bytes) -> str:
    """A public key of a kind as text, ``<name>+<key id>+<base64(kind || key)>``."""
    return f"{name}+{key_id_of(name, kind, key).hex()}+{b64encode(kind + key).decode()}"


def read_vkey(vkey: str, kind: bytes) -> tuple[str, bytes]:
    """Name and key of an Ed25519 key of a kind, from its text.

    Raises:
        BadNote: it is of another kind or length, or its key id is not that of the key.
    """
    name, _, rest = vkey.partition("+")
    stated, _, encoded = rest.partition("+")
    typed = decoded(encoded)
    if typed[:1] != kind or len(typed) != 1 + _KEY_BYTES:
        raise BadNote(reason=f"the key is not an Ed25519 key of type {kind.hex()}", chinese=f"不是类型为 {kind.hex()} 的 Ed25519 公钥")
    if stated != key_id_of(checked_name(name), kind, typed[1:]).hex():
        raise BadNote(reason="the key id is not that of the key", chinese="公钥编号与公钥不符")
    return name, typed[1:]


def decoded(encoded: str) -> bytes:
    """The bytes of base64 in its one form.

    Raises:
        BadNote: it is not.
    """
    try:
        raw = b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadNote(reason="not base64", chinese="不是 base64") from error
    # Base64 with stray low bits decodes too; one byte string must have one spelling.
    if b64encode(raw).decode() != encoded:
        raise BadNote(reason="not base64 in its one form", chinese="不是 base64 的唯一形式")
    return raw


def checked_name(name: str) -> str:
    """The name, if a key may have it.

    Raises:
        BadNote: it may not.
    """
    if not 1 <= len(name) <= NAME_MAX or "+" in name or not name.isprintable() or any(each.isspace() for each in name):
        raise BadNote(reason="a key name is printable, without spaces and plus signs", chinese="公钥名称须为可显示字符，不含空格和加号")
    return name


def checked_text(text: str) -> str:
    """The text, if a note may have it.

    Raises:
        BadNote: it may not.
    """
    if not text.endswith("\n") or text == "\n" or any(each < " " and each != "\n" for each in text):
        raise BadNote(
            reason="a note's text ends with a newline and has no control characters", chinese="签注正文须以换行结尾，且不含控制字符"
        )
    return text
