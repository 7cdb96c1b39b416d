"""The text of an API key."""

import hashlib
import re

import pytest

from registry.parties import tokens


def test_a_fresh_key_has_the_published_shape_and_only_its_hash_is_kept():
    token = tokens.mint(demo=False)
    assert re.fullmatch(r"egret_live_[A-Za-z0-9]{8}_[A-Za-z0-9_-]{43}", token.text)
    assert tokens.lookup_of(token.text) == token.lookup == token.text[11:19]
    assert token.digest == hashlib.sha256(token.text.encode()).digest()
    assert tokens.matches(token.text, token.digest)


def test_a_demo_servers_keys_say_so_and_open_nothing_elsewhere():
    token = tokens.mint(demo=True)
    assert token.text.startswith("egret_demo_")
    assert not tokens.matches(token.text.replace("demo", "live"), token.digest)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "egret_live_",
        "egret_test_abcdefgh_" + "a" * 43,
        "egret_live_abcdefgh_" + "a" * 42,
        "egret_live_abcdefgh_" + "a" * 44,
        "egret_live_abcdefgh_" + "a" * 43 + "\n",
        "egret_live_abcdéfgh_" + "a" * 43,
    ],
)
def test_what_has_not_the_shape_is_no_key(text):
    assert tokens.lookup_of(text) is None
