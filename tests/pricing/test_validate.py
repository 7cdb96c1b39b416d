"""The validator looks at the whole of a text, and says of a decimal which limit it breaks however long it is."""

import pytest

from pricing.engines.errors import InputError
from pricing.engines.shapes import amount, text
from pricing.engines.validate import validate

LONG = text(("Rows", "数据"), pattern=r"^[\s\S]*$", longest=5_000)


@pytest.mark.parametrize("bad", ["\0", "\ud800"])
@pytest.mark.parametrize("at", [0, 1_500, 4_999])
def test_a_text_that_cannot_be_stored_is_refused_wherever_it_cannot(bad, at):
    with pytest.raises(InputError) as refused:
        validate(LONG, "x" * at + bad + "x" * (4_999 - at), "inputs.rows")
    assert (refused.value.code, refused.value.field) == ("BAD_TEXT", "inputs.rows")


def test_the_longest_text_is_taken_and_one_longer_is_not():
    assert validate(LONG, "x" * 5_000, "inputs.rows") == "x" * 5_000
    with pytest.raises(InputError) as refused:
        validate(LONG, "x" * 5_001, "inputs.rows")
    assert refused.value.code == "TOO_LONG"


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("0" * 2_000, "TOO_LARGE"),
        ("1." + "5" * 2_000, "OVER_PRECISE"),
        ("1" * 1_024 + "\ud800", "TOO_LARGE"),
        ("\0", "NOT_A_NUMBER"),
        ("１２", "NOT_A_NUMBER"),
    ],
)
def test_a_decimal_of_any_length_is_refused_for_what_it_breaks(given, code):
    with pytest.raises(InputError) as refused:
        validate(amount(("Amount", "金额")), given, "inputs.amount")
    assert refused.value.code == code
