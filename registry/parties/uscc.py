"""The unified social credit code (统一社会信用代码) of a Chinese organisation: form and check character."""

import re
from typing import Final

ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""The 31 characters by value; I, O, S, V and Z are left out."""
MODULUS: Final = 31
_FORM: Final = re.compile(rf"[{ALPHABET}]{{2}}[0-9]{{6}}[{ALPHABET}]{{10}}")


def check_character(body: str) -> str:
    """The check character of the first seventeen.

    Source: GB 32100-2015: weights are powers of 3 modulo 31, most significant position first with weight 1.
    """
    total = sum(ALPHABET.index(character) * pow(3, place, MODULUS) for place, character in enumerate(body))
    return ALPHABET[-total % MODULUS]


def uscc_valid(code: str) -> bool:
    """Whether eighteen characters have the form of a credit code and the right check character."""
    return _FORM.fullmatch(code) is not None and check_character(code[:-1]) == code[-1]
