"""The shape of an identifier, `88.<node>.<enterprise>/<12 base32><check>`: pure text and numbers, no database."""

import re
import secrets
from dataclasses import dataclass
from typing import Final

BODY_LENGTH: Final = 12
NUMBER_BITS: Final = 60
CROCKFORD: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base32 digits, which leave out I, L, O and U. Source: D. Crockford, Base 32 (2019)."""
CHECK_ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ*"
"""Characters of ISO 7064 MOD 37-2 by value."""
DRAWS_MAX: Final = 40
"""Draws before giving up; one in seven is rejected, so forty rejections in a row have a probability below 1e-34."""

_PREFIX: Final = re.compile(r"[0-9]{1,6}(\.[0-9]{1,16}){2}")
_HANDLE: Final = re.compile(rf"(?P<prefix>{_PREFIX.pattern})/(?P<body>[{CROCKFORD}]{{{BODY_LENGTH}}})(?P<check>[{CROCKFORD}])")
_MODULUS: Final = 37
_CHECK_VALUES: Final = {character: value for value, character in enumerate(CHECK_ALPHABET)}
_LONGEST: Final = 64


@dataclass(frozen=True, slots=True)
class Handle:
    """An identifier taken apart: the prefix of the node and enterprise, and a 60-bit number."""

    prefix: str
    number: int

    def __str__(self) -> str:
        """The identifier as people write it, upper case, with its check character."""
        body = encode(self.number)
        return f"{self.prefix}/{body}{check_character(self.prefix, body)}"


def prefix_valid(prefix: str) -> bool:
    """Whether a prefix has three dotted groups of digits."""
    return _PREFIX.fullmatch(prefix) is not None


def check_character(prefix: str, body: str) -> str:
    """The check character over the prefix's digits (dots dropped) followed by the body.

    It catches every single substitution and every swap of neighbours.

    Source: ISO/IEC 7064:2003, MOD 37-2 (pure system, radix 2).
    """
    total = 0
    for character in prefix.replace(".", "") + body:
        total = 2 * total + _CHECK_VALUES[character]
    return CHECK_ALPHABET[(1 - 2 * total) % _MODULUS]


def encode(number: int) -> str:
    """Twelve base32 digits of a number below 2^60, the most significant first."""
    return "".join(CROCKFORD[number >> shift & 31] for shift in range(NUMBER_BITS - 5, -1, -5))


def draw(prefix: str) -> Handle:
    """A random identifier whose check character is itself a base32 digit: never `*`, I, L, O or U.

    Raises:
        RuntimeError: the machine's randomness is broken.
    """
    for _ in range(DRAWS_MAX):
        number = secrets.randbits(NUMBER_BITS)
        if check_character(prefix, encode(number)) in CROCKFORD:
            return Handle(prefix, number)
    message = f"no usable identifier in {DRAWS_MAX} draws"
    raise RuntimeError(message)


def parse(text: str) -> Handle | None:
    """Read an identifier in either case, blanks around it ignored; None if it is malformed or its check character is wrong."""
    found = _HANDLE.fullmatch(text.strip().upper()) if len(text) <= _LONGEST else None
    if found is None or check_character(found["prefix"], found["body"]) != found["check"]:
        return None
    number = 0
    for character in found["body"]:
        number = number << 5 | CROCKFORD.index(character)
    return Handle(found["prefix"], number)
