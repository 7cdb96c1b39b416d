"""The bits of a status list as text and back: pure.

Bit 0 is the leftmost of the first byte. Source: W3C Bitstring Status List 1.0, 3.3 and 3.4.
"""

from __future__ import annotations

import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from collections.abc import Iterable
from gzip import compress
from typing import Final

MULTIBASE: Final = "u"
"""The letter that stands before unpadded base64url."""
GZIP_WINDOW: Final = 31
"""What zlib calls a gzip stream."""
ENCODED_MAX: Final = 1024 * 1024


class BadList(ValueError):
    """A text that is no list of that many bits, or a place that it does not have."""


def encode(places: Iterable[int], bits: int) -> str:
    """A list of so many bits in which those at ``places`` are set; the same bits are always the same text."""
    content = bytearray(bits // 8)
    for place in places:
        content[place // 8] |= 0x80 >> place % 8
    return MULTIBASE + urlsafe_b64encode(compress(bytes(content), mtime=0)).decode().rstrip("=")


def decode(encoded: str, bits: int) -> bytes:
    """The bits of a list, which must have exactly so many.

    Raises:
        BadList: another base, no gzip stream, another length, or something after it.
    """
    if not encoded.startswith(MULTIBASE) or len(encoded) > ENCODED_MAX:
        raise BadList("unpadded base64url with a u before it")
    stream = zlib.decompressobj(GZIP_WINDOW)
    try:
        # one byte more than there should be, so that a stream that goes on is noticed before it fills the memory
        content = stream.decompress(urlsafe_b64decode(encoded[1:] + "=" * (-len(encoded[1:]) % 4)), bits // 8 + 1)
    except (NotBase64, ValueError, zlib.error) as error:
        raise BadList(str(error)) from error
    if len(content) != bits // 8 or not stream.eof or stream.unused_data:
        raise BadList(f"a gzip stream of {bits} bits")
    return content


def is_set(content: bytes, place: int) -> bool:
    """Whether the bit at a place is set.

    Raises:
        BadList: the list has no such place.
    """
    if not 0 <= place < len(content) * 8:
        raise BadList(f"places 0 to {len(content) * 8 - 1}")
    return bool(content[place // 8] & 0x80 >> place % 8)
