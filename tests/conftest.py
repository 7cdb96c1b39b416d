"""What every test stands on: a real PostgreSQL, a migrated database of its own, and no network beyond this machine."""

from __future__ import annotations

import gc
import os
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

import hypothesis
import pytest
from django.conf import settings
from django.core.files.storage import storages
from django.db import connections
from django.utils import translation

from registry.base.environment import django_database, with_database
from registry.base.local_keys import LENGTHS
from tests.support import rows, shared
from tests.support.databases import Session

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from pytest_django.plugin import DjangoDbBlocker

collect_ignore = ["support"]
DATABASE_FIXTURES = {"databases", "db", "committed_db", "django_db_setup"}


# a busy machine is no failure; what must be fast is measured in benchmarks/
hypothesis.settings.register_profile("egret", deadline=None)
hypothesis.settings.load_profile("egret")


def pytest_configure() -> None:
    """Give this session keys of its own; the servers that tests start inherit them."""
    for name, length in LENGTHS.items():
        setattr(settings, name, os.environ.setdefault(name, secrets.token_hex(length)))


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let `.ci/run` repeat on another server what a server can change."""
    parser.addoption("--database-only", action="store_true", help="run only tests that use the database")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Leave the collected modules and tests to no garbage collector: it would walk through half a million objects that all live on."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep the tests that were asked for, in the order they were shuffled to but for the longest, which must not be the last to end."""
    items.sort(key=lambda item: item.get_closest_marker("longest") is None)
    if config.getoption("--database-only"):
        kept = [
            item for item in items if item.get_closest_marker("django_db") or DATABASE_FIXTURES & set(getattr(item, "fixturenames", ()))
        ]
        config.hook.pytest_deselected(items=[item for item in items if item not in kept])
        items[:] = kept


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fail a test that skips for the absence of EGRET_SHARED although it is there."""
    report = yield
    _refuse_absence(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Fail a module that skips for the absence of EGRET_SHARED although it is there."""
    report = yield
    _refuse_absence(report)
    return report


def _refuse_absence(report: pytest.TestReport | pytest.CollectReport) -> None:
    if report.outcome == "skipped" and shared.SHARED.is_dir() and shared.ABSENT in str(report.longrepr):
        report.outcome = "failed"
        report.longrepr = f"{shared.SHARED} is there, so this may not skip: {report.longrepr}"


@pytest.fixture(scope="session", autouse=True)
def stored_files(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep the files of every storage in this session's temporary directory."""
    root = tmp_path_factory.mktemp("storages")
    for alias, storage in settings.STORAGES.items():
        if "location" in storage.get("OPTIONS", {}):
            storage["OPTIONS"]["location"] = root / alias
    vars(storages).pop("backends", None)


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """Start every test in English: what an earlier request of this worker asked for ends with its test."""
    with translation.override("en"):
        yield


@pytest.fixture(scope="session")
def databases() -> Iterator[Session]:
    """The session's server and template; started by the first test that asks, so that pure tests start nothing."""
    session = Session.open()
    yield session
    session.close()


@pytest.fixture(scope="session")
def django_db_setup(databases: Session, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Point Django at this worker's own copy of the migrated template; pytest-django's `db` rolls each test back in it."""
    with django_db_blocker.unblock():
        name = databases.clone()
        _point_at(with_database(databases.server.url, name))
        yield
        connections.close_all()


@dataclass(frozen=True)
class CommittedDatabase:
    """A database that one test has to itself."""

    name: str
    url: str


@pytest.fixture
def committed_db(databases: Session, django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[CommittedDatabase]:
    """A fresh copy of the template in which commits are real: for several connections, threads, processes, deferred constraints.

    Use it instead of `transactional_db`, which empties tables with a statement that the application role is not allowed.
    Threads that a test starts close their own connections.
    """
    before = with_database(databases.server.url, connections.settings["default"]["NAME"])
    name = databases.clone()
    url = with_database(databases.server.url, name)
    with django_db_blocker.unblock():
        _point_at(url)
        try:
            yield CommittedDatabase(name, url)
        finally:
            _point_at(before)
            databases.drop(name)


@pytest.fixture
def snapshot() -> Callable[..., dict[str, list[tuple[object, ...]]]]:
    """Return the function that takes every row of the given models as values."""
    return rows.snapshot


def _point_at(url: str) -> None:
    connections["default"].close()
    connections.settings["default"].update(django_database(url))
