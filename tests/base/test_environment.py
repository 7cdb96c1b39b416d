"""A wrong variable stops the start with its name; a right one becomes a typed value."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from registry.base import environment
from registry.base.environment import WrongEnvironment


@pytest.mark.parametrize(("value", "expected"), [("1", True), ("Yes", True), ("off", False), ("", False)])
def test_a_flag_is_yes_or_no(monkeypatch, value, expected):
    monkeypatch.setenv("EGRET_X", value)
    assert environment.flag("EGRET_X", default=False) is expected


@pytest.mark.parametrize(
    ("read", "value", "message"),
    [
        (lambda: environment.flag("EGRET_X", default=True), "perhaps", "EGRET_X must be one of"),
        (lambda: environment.integer("EGRET_X", default=1, least=0, most=9), "10", "EGRET_X must be a whole number from 0 to 9"),
        (lambda: environment.integer("EGRET_X", default=1, least=0, most=9), "1.5", "EGRET_X must be a whole number from 0 to 9"),
        (lambda: environment.choice("EGRET_X", default="a", options=["a"]), "b", "EGRET_X must be one of"),
        (lambda: environment.key_hex("EGRET_X", length=2), "abc", "EGRET_X must be 4 hexadecimal digits"),
        (lambda: environment.secret("EGRET_X", least=50), "short", "EGRET_X must have at least 50 characters"),
        (lambda: environment.base_url("EGRET_X", default=""), "https://market.example/path", "EGRET_X must look like"),
        (lambda: environment.base_url("EGRET_X", default=""), "market.example", "EGRET_X must look like"),
        (lambda: environment.text("EGRET_X"), "x" * 8193, "EGRET_X is longer than 8192 characters"),
    ],
)
def test_a_wrong_value_is_refused_and_not_repeated(monkeypatch, read, value, message):
    monkeypatch.setenv("EGRET_X", value)
    with pytest.raises(WrongEnvironment, match=message):
        read()


def test_an_outside_address_is_kept_without_its_last_slash(monkeypatch):
    monkeypatch.setenv("EGRET_X", "https://market.example:8443/")
    assert environment.base_url("EGRET_X", default="") == "https://market.example:8443"


def test_an_address_is_taken_apart_and_given_another_database():
    url = "postgres://ann:p%40ss@db.example:6432/egret?sslmode=require"
    assert environment.django_database(url) == {
        "NAME": "egret",
        "USER": "ann",
        "PASSWORD": "p@ss",
        "HOST": "db.example",
        "PORT": "6432",
    }
    assert environment.with_database(url, "other") == "postgres://ann:p%40ss@db.example:6432/other?sslmode=require"
    with pytest.raises(WrongEnvironment, match="database name"):
        environment.with_database(url, 'x"; DROP')
    with pytest.raises(WrongEnvironment, match="must name a database"):
        environment.database("postgres://ann@db.example:6432")


def test_an_object_store_is_taken_apart(monkeypatch):
    monkeypatch.setenv("EGRET_X", "s3://bucket/the/log/?endpoint_url=https://store.example:9000&region=cn-east-1&addressing_style=path")
    assert environment.object_store("EGRET_X") == {
        "bucket_name": "bucket",
        "location": "the/log",
        "endpoint_url": "https://store.example:9000",
        "region_name": "cn-east-1",
        "addressing_style": "path",
    }
    monkeypatch.setenv("EGRET_X", "s3://bucket")
    assert environment.object_store("EGRET_X") == {"bucket_name": "bucket", "location": ""}
    monkeypatch.setenv("EGRET_X", "")
    assert environment.object_store("EGRET_X") == {}
    monkeypatch.setenv("EGRET_X", "s3://bucket")
    monkeypatch.setattr(environment, "find_spec", lambda _name: None)
    with pytest.raises(WrongEnvironment, match=r"EGRET_X needs the extra s3"):
        environment.object_store("EGRET_X")


def test_the_tests_do_not_hear_what_the_shell_says_of_an_installation():
    assert settings.SETTINGS_MODULE == "tests.support.settings"
    said = {
        "EGRET_LOG_STORAGE": "s3://bucket/prefix",
        "EGRET_LOG_LEVEL": "nonsense",
        "EGRET_ROLE": "egret_owner",
        "EGRET_OF_TOMORROW": "1",
        "STRIPE_API_KEY": "sk_live",
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "SECRET_KEY": "short",
        "EGRET_LONG_TESTS": "1",
    }
    program = (
        "import json, os; from tests.support import settings as heard; "
        "print(json.dumps([heard.STORAGES['log']['BACKEND'], heard.EGRET_ROLE, heard.STRIPE_API_KEY, heard.SECRET_KEY, dict(os.environ)]))"
    )
    root = Path(__file__).resolve().parents[2]
    told = subprocess.run([sys.executable, "-c", program], cwd=root, env=os.environ | said, capture_output=True, text=True, check=True)
    *heard, left = json.loads(told.stdout)
    assert heard == ["registry.base.storage.DurableFileStorage", "egret_app", "", ""]
    assert {name: left[name] for name in said if name in left} == {"EGRET_LONG_TESTS": "1"}
    assert left["DJANGO_SETTINGS_MODULE"] == "marketplace.settings"
