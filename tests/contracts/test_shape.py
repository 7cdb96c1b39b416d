"""Sizes and habits that keep the house readable, checked on the source itself."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
PACKAGES = ("registry", "pricing", "listings", "settlement", "marketplace", "benchmarks")
FILES = sorted(path for package in PACKAGES for path in (PROJECT / package).rglob("*.py") if "migrations" not in path.parts)
NAMES = [str(path.relative_to(PROJECT)) for path in FILES]
LONGEST_FILE = 400
ONE_FILE = {"registry/log/verifier.py"}  # whoever checks a bundle without us needs exactly one file
LONGEST_FUNCTION = 70
LONG_FUNCTION = 40  # nine of ten are no longer
REAL_TIME = (  # the clock itself, and servers that others run with their own
    *("registry/base/clock.py", "settlement/payments/simulator/", "registry/log/witness_server.py", "registry/log/monitor/live.py"),
    "registry/log/verifier.py",
)
EVENT_NAME_FIRST = {"record", "follow"}  # read as sentences: record("lease.granted", subject=…)
WALL_CLOCKS = {("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today"), ("timezone", "now"), ("time", "time")}


def functions(path):
    return [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def lines(function):
    return function.end_lineno - function.lineno + 1


def attributes(path):
    return [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Attribute)]


def test_no_file_is_longer_than_a_person_reads_at_once():
    assert {
        name: count
        for name, path in zip(NAMES, FILES, strict=True)
        if name not in ONE_FILE and (count := len(path.read_text().splitlines())) > LONGEST_FILE
    } == {}


def test_no_function_is_longer_than_a_screen():
    found = [(name, function.name, lines(function)) for name, path in zip(NAMES, FILES, strict=True) for function in functions(path)]
    assert [entry for entry in found if entry[2] > LONGEST_FUNCTION] == []


def test_nine_functions_of_ten_are_short():
    sizes = sorted(lines(function) for path in FILES for function in functions(path))
    assert sizes[int(0.9 * len(sizes))] <= LONG_FUNCTION


def test_a_schema_reads_through_selectors_only():
    schemas = [path for path in FILES if path.name == "schema.py"]
    assert [(str(path), node.lineno) for path in schemas for node in attributes(path) if node.attr in {"objects", "_default_manager"}] == []


def test_only_the_clock_reads_the_time_of_day():
    found = [
        (name, node.lineno)
        for name, path in zip(NAMES, FILES, strict=True)
        for node in attributes(path)
        if isinstance(node.value, ast.Name) and (node.value.id, node.attr) in WALL_CLOCKS and not name.startswith(REAL_TIME)
    ]
    assert found == []


@pytest.mark.parametrize("path", [path for path in FILES if path.name == "services.py"], ids=str)
def test_services_take_keyword_arguments_only(path):
    public = [node for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")]
    loose = [node.name for node in public if node.args.args or node.args.posonlyargs or node.args.vararg]
    assert [name for name in loose if name not in EVENT_NAME_FIRST] == []
