"""What is measured in a table: exact counts, narrowest types, exact means, and numbers that look like people's."""

import csv
import gzip
import io
import zipfile
from collections import Counter
from decimal import Decimal
from fractions import Fraction
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listings.resources import measuring, table
from listings.resources.errors import NotTabular
from listings.resources.measuring import Measure, bank_card, personal_kind, resident_id
from listings.resources.table import Table
from tests.support.shared import shared


def read(content, size=7):
    return Table(content[start : start + size] for start in range(0, len(content), size))


def measure(content, size=1 << 20):
    found = read(content, size)
    measured = Measure(found.header)
    for batch in found.batches():
        measured.add(batch)
    return measured


def column(*cells):
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows([["c"], *([cell] for cell in cells)])
    return measure(text.getvalue().encode()).columns()[0]


def test_a_column_is_measured_exactly():
    assert column("3", "", "10", "3", "NA", "-2") == {
        "name": "c",
        "type": "INTEGER",
        "nulls": 2,
        "distinct": 3,
        "distinct_more": False,
        "min": "-2",
        "max": "10",
        "mean": "3.500000",
        "personal": {},
    }


@pytest.mark.parametrize(
    ("cells", "kind", "least", "greatest", "mean"),
    [
        (["true", "FALSE"], "BOOLEAN", "FALSE", "true", None),
        (["0.1", "0.2", "1e2"], "DECIMAL", "0.1", "100", "33.433333"),
        (["9", "10", "2.5"], "DECIMAL", "2.5", "10", "7.166667"),
        (["2013-01-02", "2012-12-31"], "DATE", "2012-12-31", "2013-01-02", None),
        (["2013-01-02T05:00:00Z", "2013-01-02 04:00"], "DATETIME", "2013-01-02 04:00", "2013-01-02T05:00:00Z", None),
        (["007", "8"], "TEXT", "007", "8", None),
        (["1", "x"], "TEXT", "1", "x", None),
        (["2013-13-02"], "TEXT", "2013-13-02", "2013-13-02", None),
        (["", "NULL"], "EMPTY", None, None, None),
    ],
)
def test_the_narrowest_type_that_fits_every_value(cells, kind, least, greatest, mean):
    found = column(*cells)
    assert (found["type"], found["min"], found["max"], found["mean"]) == (kind, least, greatest, mean)


def test_a_type_learnt_from_one_batch_is_unlearnt_by_another(monkeypatch):
    monkeypatch.setattr(table, "ROWS_A_BATCH", 2)
    monkeypatch.setattr(table, "ROWS_A_STEP", 2)
    found = column("1", "2", "3", "4", "x", "0")
    assert (found["type"], found["min"], found["max"], found["mean"], found["distinct"]) == ("TEXT", "0", "x", None, 6)


def test_a_mean_of_huge_and_tiny_values_is_exact():
    assert column("1" + "0" * 29, "-1" + "0" * 29, "0.000003")["mean"] == "0.000001"
    assert column("0.0000005", "0.0000005")["mean"] == "0.000000"
    assert column("0.0000015", "0.0000015")["mean"] == "0.000002"


def test_beyond_what_is_remembered_the_count_says_more(monkeypatch):
    monkeypatch.setattr(measuring, "DISTINCT_MAX", 3)
    found = column("a", "b", "c", "d", "a")
    assert (found["distinct"], found["distinct_more"]) == (3, True)
    found = column("a", "b", "c", "c")
    assert (found["distinct"], found["distinct_more"]) == (3, False)


@given(
    st.lists(st.one_of(st.integers(-(10**20), 10**20).map(str), st.decimals(-1000, 1000, places=4).map(str), st.sampled_from(["", "NA"])))
)
def test_measures_agree_with_a_plain_computation(cells):
    found = column(*cells)
    values = [cell for cell in cells if cell not in {"", "NA"}]
    assert found["nulls"] == len(cells) - len(values)
    assert found["distinct"] == len(Counter(values))
    if values and not found["personal"]:
        numbers = [Decimal(value) for value in values]
        mean = Fraction(found["mean"])
        assert Decimal(found["min"]) == min(numbers)
        assert Decimal(found["max"]) == max(numbers)
        assert abs(mean - sum(map(Fraction, values)) / len(values)) <= Fraction(1, 2_000_000)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("11010519491231002X", "RESIDENT_ID"),
        ("11010519491231002x", "RESIDENT_ID"),
        ("110105194912310021", None),
        ("11010519491331002X", None),
        ("13800138000", "MOBILE"),
        ("+8613800138000", "MOBILE"),
        ("12800138000", None),
        ("4111111111111111", "BANK_CARD"),
        ("6222021234567890122", None),
        ("4111111111111112", None),
        ("2013-01-01", None),
    ],
)
def test_personal_numbers_are_told_by_pattern_and_check_digit(text, kind):
    assert personal_kind(text) == kind


def test_check_digits_refuse_every_single_changed_digit():
    for place in range(17):
        changed = ["11010519491231002X"[:place] + digit + "11010519491231002X"[place + 1 :] for digit in "0123456789"]
        assert [text for text in changed if resident_id(text)] == (["11010519491231002X"] if "11010519491231002X" in changed else [])
    for place in range(1, 16):
        changed = ["4111111111111111"[:place] + digit + "4111111111111111"[place + 1 :] for digit in "0123456789"]
        assert [text for text in changed if bank_card(text)] == ["4111111111111111"]


def test_personal_cells_are_counted_and_hide_the_extremes():
    found = column("13800138000", "13800138000", "13912345678", "4111111111111111", "0")
    assert found["personal"] == {"BANK_CARD": 1, "MOBILE": 3}
    assert (found["min"], found["max"]) == (None, None)


ROWS = b'a,b\n1,x\n2,"y\nz"\n\n3,\n'


def packed_zip(*names, content=ROWS):
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, content)
    return raw.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        ROWS,
        b"\xef\xbb\xbf" + ROWS,
        ROWS.replace(b"\n", b"\r\n"),
        gzip.compress(ROWS),
        packed_zip("t.csv"),
        packed_zip("__MACOSX/t.csv", "t.csv"),
    ],
    ids=["plain", "with a mark", "carriage returns", "gz", "zip", "zip from a Mac"],
)
@pytest.mark.parametrize("size", [1, 7, 1 << 20])
def test_a_table_reads_the_same_however_it_is_packed_and_cut(content, size):
    found = read(content, size)
    rows = [row for batch in found.batches() for row in batch]
    assert found.header == ["a", "b"]
    assert [[cell.replace("\r\n", "\n") for cell in row] for row in rows] == [["1", "x"], ["2", "y\nz"], ["3", ""]]
    assert found.consumed == len(content) or content[:2] == b"\x1f\x8b"


def test_chinese_is_read_in_either_encoding():
    text = "日期,航班\n一月一日,厦航\n"
    for encoding in ("utf-8", "gb18030"):
        found = read(text.encode(encoding))
        assert (found.header, list(found.batches())) == (["日期", "航班"], [[["一月一日", "厦航"]]])


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "it has 0 columns, of 1 to 200"),
        (b"a" + b",a" * 200, "it has 201 columns, of 1 to 200"),
        (b"a,b\n1\n", "a row has another number of cells than the header's 2"),
        (b"a,b\n1,2\n1,2,3\n", "a row has another number of cells than the header's 2"),
        (b'a\n"1\n', "unexpected end of data"),
        (b"\xff\xff\xff", "its text is neither UTF-8 nor GB 18030"),
        (gzip.compress(ROWS)[:-9], "Compressed file ended before the end-of-stream marker was reached"),
        (packed_zip("a.csv", "b.csv"), "the .zip holds 2 files, not one"),
        (packed_zip("a.csv")[:-30], "File is not a zip file"),
        (b"a\n" + b"x" * (1 << 20) + b"\n", "a line has more than 1048576 characters"),
        (b"a\n" + b"x" * 200_000 + b"\n", "field larger than field limit (131072)"),
    ],
    ids=[
        *(
            "empty",
            "too wide",
            "short row",
            "long row",
            "open quote",
            "no text",
            "cut gz",
            "two files",
            "cut zip",
            "long line",
            "long cell",
        ),
    ],
)
def test_what_is_no_table_is_refused_with_the_reason(content, reason):
    with pytest.raises(NotTabular) as caught:
        measure(content)
    assert caught.value.params["reason"] == reason


@pytest.mark.parametrize("pack", [gzip.compress, lambda content: packed_zip("t.csv", content=content)], ids=["gz", "zip"])
def test_a_bomb_is_stopped_at_the_limit(pack, monkeypatch):
    monkeypatch.setattr(table, "UNPACKED_BYTES_MAX", 1_000_000)
    with pytest.raises(NotTabular) as caught:
        measure(pack(b"a\n" + b"1\n" * 1_000_000))
    assert caught.value.params["reason"] == "it unpacks to more than 1000000 bytes"


def test_wide_rows_come_in_small_batches(monkeypatch):
    monkeypatch.setattr(table, "CHARACTERS_A_BATCH", 1_000)
    monkeypatch.setattr(table, "ROWS_A_STEP", 10)
    found = read(b"a\n" + (b"x" * 99 + b"\n") * 100)
    assert [len(batch) for batch in found.batches()] == [10] * 10


def test_a_real_table_has_the_known_measures():
    measured = measure(shared("data", "seattle_weather_daily.csv").read_bytes())
    with shared("data", "seattle_weather_daily.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert measured.rows == len(rows)
    for found in measured.columns():
        values = [row[found["name"]] for row in rows]
        assert found["distinct"] == len(set(values))
        if found["type"] in {"INTEGER", "DECIMAL"}:
            assert Fraction(found["mean"]) == round(sum(map(Fraction, values)) / len(values) * 10**6) / Fraction(10**6)


def test_three_hundred_thousand_rows_take_seconds():
    line = b"2013,1,1,517,515,2,830,819,11,UA,1545,N14228,EWR,IAH,227,1400,5,15,2013-01-01T10:00:00Z\n"
    content = b",".join(b"c%d" % number for number in range(19)) + b"\n" + line * 336_776
    began = process_time()
    assert measure(content).rows == 336_776
    assert process_time() - began < 10
