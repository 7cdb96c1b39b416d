"""The canonical form is that of the library that implements RFC 8785, whatever the value; Python's encoder is only a faster way."""

from enum import IntEnum, StrEnum

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from registry.log.canonical import SAFE_INTEGER_MAX, NotCanonical, canonical

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
SCALARS = st.none() | st.booleans() | st.integers(-SAFE_INTEGER_MAX, SAFE_INTEGER_MAX) | TEXTS
KEYS = st.text(st.characters(max_codepoint=0x7F), max_size=6) | TEXTS
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.tuples(inner) | st.dictionaries(KEYS, inner, max_size=5), max_leaves=20
)


class Word(StrEnum):
    ONE = 'o"ne\n'


class Number(IntEnum):
    TWO = 2


@given(VALUES)
def test_every_value_has_the_form_of_the_rfc(value):
    assert canonical(value) == rfc8785.dumps(value)


@given(st.dictionaries(TEXTS, SCALARS))
def test_keys_stand_in_the_order_of_utf_16(value):
    assert canonical({"outer": value}) == rfc8785.dumps({"outer": value})


def test_an_astral_key_stands_before_a_key_of_the_last_plane_of_two_bytes():
    assert canonical({"\uffff": 1, "\U00010000": 2}) == '{"\U00010000":2,"\uffff":1}'.encode()


def test_every_control_character_is_written_as_the_rfc_writes_it():
    text = "".join(map(chr, range(0x100)))
    assert canonical({text[:0x80]: text}) == rfc8785.dumps({text[:0x80]: text})


def test_members_of_enumerations_are_their_values():
    assert canonical([Word.ONE, Number.TWO, {Word.ONE: True}]) == rfc8785.dumps([Word.ONE, Number.TWO, {Word.ONE: True}])


@pytest.mark.parametrize("value", ["\ud800", {"\udfff": 1}, [["\ud800\ud800"]], {"a": "\udc00"}], ids=ascii)
def test_half_a_surrogate_pair_is_refused_wherever_it_stands(value):
    with pytest.raises(NotCanonical, match="surrogate"):
        canonical(value)
