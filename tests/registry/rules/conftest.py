"""The rulebook that Egret comes with."""

import pytest

from registry.rules.book import Rulebook
from registry.rules.catalogue import builtin_rulebook


@pytest.fixture(scope="session")
def rulebook() -> Rulebook:
    """Version 1."""
    return builtin_rulebook()
