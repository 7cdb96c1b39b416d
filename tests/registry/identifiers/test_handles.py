"""The check character: known answers, and every error of the two common kinds is caught."""

import random

import pytest

from registry.identifiers.handles import CHECK_ALPHABET, CROCKFORD, Handle, check_character, draw, encode, parse

PREFIX = "88.118.100111"


def samples(count):
    state = random.Random(7)
    while count:
        handle = Handle(PREFIX, state.getrandbits(60))
        if str(handle)[-1] in CROCKFORD:
            count -= 1
            yield str(handle)


def test_the_donation_number_of_isbt_128_has_its_published_check_character():
    total = check_character("", "G123489654321")
    assert total == "Y"


def test_a_number_is_written_in_twelve_digits_the_most_significant_first():
    assert encode(0) == "000000000000"
    assert encode(1) == "000000000001"
    assert encode(2**60 - 1) == "ZZZZZZZZZZZZ"
    assert encode(0b00111_10011 << 50) == "7K0000000000"


def test_a_known_identifier_reads_back():
    assert parse("88.118.100111/7K3M9QX2B4DTC") == Handle(
        PREFIX, sum(CROCKFORD.index(c) << 5 * (11 - at) for at, c in enumerate("7K3M9QX2B4DT"))
    )
    assert str(parse(" 88.118.100111/7k3m9qx2b4dtc\n")) == "88.118.100111/7K3M9QX2B4DTC"


@pytest.mark.parametrize("seed", range(3))
def test_every_substitution_of_one_character_is_caught(seed):
    text = list(samples(seed + 1))[seed]
    digits = range(len(PREFIX)), range(len(PREFIX) + 1, len(text))
    wrong = [text[:at] + other + text[at + 1 :] for at in digits[0] if text[at] != "." for other in "0123456789" if other != text[at]]
    wrong += [text[:at] + other + text[at + 1 :] for at in digits[1] for other in CROCKFORD if other != text[at]]
    assert len(wrong) == 11 * 9 + 13 * 31
    assert [each for each in wrong if parse(each) is not None] == []


@pytest.mark.parametrize("text", list(samples(40)))
def test_every_swap_of_neighbours_is_caught(text):
    pairs = [at for at in range(len(text) - 1) if text[at] != text[at + 1] and not {".", "/"} & set(text[at : at + 2])]
    wrong = [text[:at] + text[at + 1] + text[at] + text[at + 2 :] for at in pairs]
    assert [each for each in wrong if parse(each) is not None] == []


def test_a_drawn_identifier_ends_in_a_base32_digit():
    drawn = [draw(PREFIX) for _ in range(500)]
    assert all(parse(str(handle)) == handle for handle in drawn)
    assert {str(handle)[-1] for handle in drawn} <= set(CROCKFORD)
    assert len({handle.number for handle in drawn}) == 500


def test_a_number_whose_check_character_is_no_base32_digit_is_drawn_again(monkeypatch):
    rejected = [number for number in range(400) if check_character(PREFIX, encode(number)) in "*ILOU"]
    assert {check_character(PREFIX, encode(number)) for number in rejected} == set("*ILOU")
    good = next(number for number in range(400) if number not in rejected)
    queue = iter([*rejected[:30], good])
    monkeypatch.setattr("secrets.randbits", lambda _bits: next(queue))
    assert draw(PREFIX) == Handle(PREFIX, good)


def test_drawing_gives_up_when_randomness_is_broken(monkeypatch):
    bad = next(number for number in range(400) if check_character(PREFIX, encode(number)) == "*")
    monkeypatch.setattr("secrets.randbits", lambda _bits: bad)
    with pytest.raises(RuntimeError, match="no usable identifier in 40 draws"):
        draw(PREFIX)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/",
        "88.118.100111/",
        "88.118/7K3M9QX2B4DTC",
        "88.118.100111/7K3M9QX2B4DT",
        "88.118.100111/7K3M9QX2B4DTCC",
        "88.118.100111/7K3M9QX2B4DTX",
        "88.118.100111/7K3M9QXIB4DTC",
        "x" * 100_000,
        "88.118.100111/7K3M9QX2B4DT*",
        "８８.118.100111/7K3M9QX2B4DTC",
    ],
)
def test_what_is_no_identifier_is_told(text):
    assert parse(text) is None


def test_the_check_alphabet_is_the_standards():
    assert len(CHECK_ALPHABET) == 37
    assert set(CROCKFORD) < set(CHECK_ALPHABET)
