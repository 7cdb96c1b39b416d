"""Sealed values: encrypted under a key of their own subject, so that destroying one key erases exactly its values."""

import os
import struct
from collections.abc import Iterable, Iterator
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.utils.translation import gettext_noop

from registry.base import clock
from registry.base.errors import UserError
from registry.base.models import DataKey

_NONCE: Final = 12
CHUNK_BYTES: Final = 1024 * 1024


class Erased(UserError):
    """The value's key was destroyed."""

    code = "ERASED"
    message = gettext_noop("This value was erased; its key no longer exists.")
    remedy = gettext_noop("Nothing can bring it back; the record that it existed remains.")


def seal(*, kind: str, subject: UUID, value: bytes) -> bytes:
    """Encrypt a value under the subject's data key (made on first use). AES-256-GCM, nonce first, bound to the subject."""
    nonce = os.urandom(_NONCE)
    return nonce + AESGCM(_data_key(kind, subject)).encrypt(nonce, value, _context(kind, subject))


def unseal(*, kind: str, subject: UUID, sealed: bytes) -> bytes:
    """Decrypt a sealed value.

    Raises:
        Erased: the subject's key was destroyed.
        InvalidTag: the bytes were altered.
    """
    return AESGCM(_data_key(kind, subject)).decrypt(sealed[:_NONCE], sealed[_NONCE:], _context(kind, subject))


def seal_stream(*, kind: str, subject: UUID, chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Encrypt a stream in frames (length, nonce, ciphertext); each frame is bound to its position and an end mark closes the stream."""
    cipher, context = AESGCM(_data_key(kind, subject)), _context(kind, subject)
    position = 0
    for chunk in filter(None, chunks):
        yield _frame(cipher, context, position, chunk)
        position += 1
    yield _frame(cipher, context, position, b"")


def unseal_stream(*, kind: str, subject: UUID, read: Iterator[bytes]) -> Iterator[bytes]:
    """Decrypt a stream made by ``seal_stream``.

    Raises:
        Erased: the subject's key was destroyed.
        InvalidTag: altered, reordered or cut short.
    """
    cipher, context = AESGCM(_data_key(kind, subject)), _context(kind, subject)
    for position, frame in enumerate(_frames(read)):
        plain = cipher.decrypt(frame[:_NONCE], frame[_NONCE:], context + struct.pack(">Q", position))
        if not plain:
            return
        yield plain
    raise InvalidTag


def destroy(*, kind: str, subject: UUID) -> None:
    """Destroy the subject's key: every value sealed under it is erased, here and in every backup of the values."""
    DataKey.objects.filter(subject_kind=kind, subject=subject, destroyed_at=None).update(wrapped=None, destroyed_at=clock.now())


def _frame(cipher: AESGCM, context: bytes, position: int, chunk: bytes) -> bytes:
    nonce = os.urandom(_NONCE)
    body = nonce + cipher.encrypt(nonce, chunk, context + struct.pack(">Q", position))
    return struct.pack(">I", len(body)) + body


def _frames(read: Iterator[bytes]) -> Iterator[bytes]:
    buffer = bytearray()
    for piece in read:
        buffer += piece
        while len(buffer) >= 4 and len(buffer) >= 4 + (size := struct.unpack_from(">I", buffer)[0]):  # noqa: PLR2004 the length field's own size
            yield bytes(buffer[4 : 4 + size])
            del buffer[: 4 + size]


def _context(kind: str, subject: UUID) -> bytes:
    return kind.encode() + b"\x00" + subject.bytes


def _data_key(kind: str, subject: UUID) -> bytes:
    master, context = AESGCM(bytes.fromhex(settings.EGRET_MASTER_KEY)), b"data-key\x00" + _context(kind, subject)
    row = DataKey.objects.filter(subject_kind=kind, subject=subject).first()
    if row is None:
        nonce = os.urandom(_NONCE)
        wrapped = nonce + master.encrypt(nonce, AESGCM.generate_key(256), context)
        row, _ = DataKey.objects.get_or_create(subject_kind=kind, subject=subject, defaults={"wrapped": wrapped, "created_at": clock.now()})
    if row.wrapped is None:
        raise Erased
    wrapped = bytes(row.wrapped)
    return master.decrypt(wrapped[:_NONCE], wrapped[_NONCE:], context)
