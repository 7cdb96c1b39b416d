"""Official holidays and make-up working days, by year, with the notice that announced them.

2027's notice is not known here; its row holds only the festivals that the State Council's regulation on public holidays (revised
2024-11-10) fixes, and is marked provisional: bridging days and make-up weekends are still to come.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True)
class Year:
    """The days of one year that depart from the plain week."""

    rest: frozenset[date]
    work: frozenset[date]
    source: str
    official: bool = True


def _days(year: int, text: str) -> frozenset[date]:
    """``"0101 0501-0505"`` as the dates of that year."""
    days: set[date] = set()
    for part in text.split():
        first, _, last = part.partition("-")
        start, end = (date(year, int(day[:2]), int(day[2:])) for day in (first, last or first))
        days.update(start + timedelta(days=offset) for offset in range((end - start).days + 1))
    return frozenset(days)


def _year(year: int, *, rest: str, work: str, source: str, official: bool = True) -> Year:
    return Year(_days(year, rest), _days(year, work), source, official)


YEARS: Final[Mapping[int, Year]] = MappingProxyType(
    {
        2023: _year(
            2023,
            rest="0101-0102 0121-0127 0405 0429-0503 0622-0624 0929-1006",
            work="0128 0129 0423 0506 0625 1007 1008",
            source="国办发明电〔2022〕16号",
        ),
        2024: _year(
            2024,
            rest="0101 0210-0217 0404-0406 0501-0505 0610 0915-0917 1001-1007",
            work="0204 0218 0407 0428 0511 0914 0929 1012",
            source="国办发明电〔2023〕7号",
        ),
        2025: _year(
            2025,
            rest="0101 0128-0204 0404-0406 0501-0505 0531-0602 1001-1008",
            work="0126 0208 0427 0928 1011",
            source="国办发明电〔2024〕12号",
        ),
        2026: _year(
            2026,
            rest="0101-0103 0215-0223 0404-0406 0501-0505 0619-0621 0925-0927 1001-1007",
            work="0104 0214 0228 0509 0920 1010",
            source="国务院办公厅关于2026年部分节假日安排的通知",
        ),
        2027: _year(
            2027,
            rest="0101 0205-0208 0405 0501-0502 0609 0915 1001-1003",
            work="",
            source="全国年节及纪念日放假办法",
            official=False,
        ),
    }
)
