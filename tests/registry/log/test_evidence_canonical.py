"""One byte form per value, in both implementations, and sealed members that only the right salt and value open."""

import json
from typing import Any

import pytest
import rfc8785
from hypothesis import example, given
from hypothesis import strategies as st

from registry.log import verifier
from registry.log.canonical import NotCanonical, canonical, check_disclosure, fresh_salt, seal_member
from tests.support.shared import shared

SALT = bytes(range(16))


@pytest.mark.parametrize("name", ["arrays", "french", "unicode", "weird"])
def test_the_vectors_of_rfc_8785_without_floats(name: str):
    data = shared("vectors", "jcs", "testdata")
    value = json.loads((data / "input" / f"{name}.json").read_text(encoding="utf-8"))
    expected = (data / "output" / f"{name}.json").read_bytes()
    assert bytes.fromhex((data / "outhex" / f"{name}.txt").read_text()) == expected
    assert canonical(value) == verifier.canonical(value) == expected


@pytest.mark.parametrize(("name", "path"), [("structures", "/1/\n"), ("values", "/numbers/0")])
def test_the_vectors_with_floats_are_refused_because_money_has_no_floats(name: str, path: str):
    value = json.loads((shared("vectors", "jcs", "testdata") / "input" / f"{name}.json").read_text(encoding="utf-8"))
    with pytest.raises(NotCanonical) as refusal:
        canonical(value)
    assert (refusal.value.path, refusal.value.reason) == (path, "a float has no place here; write a decimal string")
    with pytest.raises(ValueError, match=r"56\.0|333333333"):
        verifier.canonical(value)


def test_integers_are_exact_and_within_what_every_reader_keeps():
    assert canonical([2**53 - 1, -(2**53) + 1, True, None]) == b"[9007199254740991,-9007199254740991,true,null]"
    for number in (2**53, -(2**53)):
        with pytest.raises(NotCanonical, match="beyond"):
            canonical({"amount": number})
        with pytest.raises(ValueError, match=str(number)):
            verifier.canonical({"amount": number})


@pytest.mark.parametrize("value", [b"", {1: 2}, {"a": {1, 2}}, "\ud800", {"\ud800": 1}, object(), float("nan")])
def test_what_is_no_json_is_refused(value: object):
    with pytest.raises(NotCanonical):
        canonical(value)


def test_nesting_has_a_limit():
    value: list = []
    for _ in range(31):
        value = [value]
    assert canonical(value) == b"[" * 32 + b"]" * 32
    with pytest.raises(NotCanonical, match="deeper than 32"):
        canonical([[value]])


def test_a_seal_opens_with_its_own_salt_and_value_only():
    sealed = seal_member({"b": "2", "a": "1"}, SALT)
    assert sealed == {"_h": "HoShVPlPuB4X1sozTUMyZGfNlS3YhsHMD-2KeLhDE2Y"}
    assert check_disclosure(sealed["_h"], SALT, {"a": "1", "b": "2"}) is True
    assert check_disclosure(sealed["_h"], SALT, {"a": "1", "b": "3"}) is False
    assert check_disclosure(sealed["_h"], bytes(16), {"a": "1", "b": "2"}) is False
    assert check_disclosure("\u00e9", SALT, {"a": "1", "b": "2"}) is False
    for wrong in (b"", bytes(15), bytes(17)):
        with pytest.raises(ValueError, match="a salt has 16 bytes"):
            seal_member("1", wrong)
    assert len({fresh_salt() for _ in range(8)}) == 8


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(1 - 2**53, 2**53 - 1) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=20,
    )
)
@example({"\U0001f600": 1, "\ufb33": 2})  # sorted by UTF-16 code units, not by code points
def test_any_value_has_the_bytes_that_the_library_for_rfc_8785_gives_it(value: Any):
    assert canonical(value) == rfc8785.dumps(value) == verifier.canonical(value)
