"""The log in an object store: as on a disk; killed between any two requests, run twice at once, given a failing store, an old backup."""

import os
import secrets
import subprocess
import sys
import time

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.test import Client

from registry.base import environment
from registry.log import integrator, object_store, publication
from registry.log.files import AlteredFile
from registry.log.integrator import integrate
from registry.log.models import LogState, SignedCheckpoint
from registry.log.object_store import StoreFailed
from registry.log.publication import StaleBackup
from tests.registry.log.integrating import (
    assert_killed_anywhere_it_loses_doubles_and_skips_nothing,
    assert_two_at_once_make_one_log,
    audited,
    happen,
    restored_from_before,
)
from tests.registry.log.moto_server import served


@pytest.fixture(scope="module")
def store():
    with served() as server:
        yield server


@pytest.fixture
def bucket(store, settings, monkeypatch):
    """An empty bucket that the log is published to, by the setting that an operator writes."""
    publication._frontiers.clear()
    name = f"egret-{secrets.token_hex(6)}"
    for variable, value in (("AWS_ACCESS_KEY_ID", "test"), ("AWS_SECRET_ACCESS_KEY", "test"), ("AWS_EC2_METADATA_DISABLED", "true")):
        monkeypatch.setenv(variable, value)
    monkeypatch.setenv("EGRET_LOG_STORAGE", f"s3://{name}/the/log?endpoint_url={store.url}&region=us-east-1&addressing_style=path")
    options = environment.object_store("EGRET_LOG_STORAGE")
    settings.STORAGES = {**settings.STORAGES, "log": {"BACKEND": "registry.log.object_store.ObjectStorage", "OPTIONS": options}}
    client().create_bucket(Bucket=name)
    yield name
    store.heals()


def client():
    return storages["log"].connection.meta.client


def objects(bucket):
    """Return the keys of the log's objects, below the prefix and the log's id, with their cache rules."""
    start = f"the/log/{LogState.objects.get().log_id}/"
    keys = [each["Key"] for each in client().list_objects_v2(Bucket=bucket).get("Contents", [])]
    assert all(key.startswith(start) for key in keys)
    return {key.removeprefix(start): client().head_object(Bucket=bucket, Key=key)["CacheControl"] for key in keys}


@pytest.mark.django_db
def test_the_log_is_published_audited_and_served_from_a_bucket_and_outgrown_objects_go(bucket):
    events = []
    for count in (1, 2, 300, 1, 250):
        events += happen(count)
        assert integrate() == count
        assert audited() == [str(event) for event in events]
    rules = objects(bucket)
    assert set(rules) == {
        *("checkpoint", "tile/0/002.p/42", "tile/entries/002.p/42", "tile/1/000.p/1", "tile/1/000.p/2"),
        *(f"tile/{kind}/00{number}" for kind in ("0", "entries") for number in range(2)),
    }
    assert rules.pop("checkpoint") == "public, max-age=2"
    assert set(rules.values()) == {"public, max-age=31536000, immutable"}
    answer = Client().get(f"/log/{LogState.objects.get().log_id}/tile/0/000")
    assert (answer.status_code, len(answer.content)) == (200, 8192)
    assert Client().get(f"/log/{LogState.objects.get().log_id}/tile/0/007").status_code == 404


@pytest.mark.django_db
def test_an_object_that_is_there_with_other_bytes_is_never_overwritten_and_nothing_is_signed(bucket):
    happen(3)
    integrate()
    name = f"{LogState.objects.get().log_id}/tile/0/000.p/4"
    storages["log"].save(name, ContentFile(b"other"))
    happen(1)
    with pytest.raises(AlteredFile, match=r"tile/0/000\.p/4 is not what the log has written"):
        integrate()
    assert storages["log"].open(name).read() == b"other"
    assert SignedCheckpoint.objects.get().size == 3


@pytest.mark.django_db
def test_an_object_that_appears_between_the_question_and_the_write_is_not_overwritten(bucket, monkeypatch):
    storage = storages["log"]
    answer = storage._answer
    monkeypatch.setattr(storage, "_answer", lambda request, name, **given: answer(request, name, **given) if given else None)  # not asked
    storage.save("a/tile/0/000", ContentFile(b"first"))
    assert storage.create_all({"a/tile/0/000": b"second", "a/tile/0/001": b"new"}) == {"a/tile/0/000"}
    monkeypatch.undo()
    assert [storages["log"].open(f"a/tile/0/00{number}").read() for number in range(2)] == [b"first", b"new"]


@pytest.mark.django_db
@pytest.mark.parametrize("part", ["tile/0/", "tile/entries/", "/checkpoint"])
def test_a_store_that_refuses_a_write_gets_nothing_signed_until_it_takes_it(bucket, store, part):
    first = happen(1)
    integrate()
    events = first + happen(300)
    store.fails(part=part)
    with pytest.raises(StoreFailed, match="InternalError"):
        integrate()
    assert store.heals() >= object_store.TRIES
    assert SignedCheckpoint.objects.get().size == 1
    assert audited() == [str(event) for event in first]  # what was there stays a whole log
    integrate()
    assert SignedCheckpoint.objects.order_by("-size").first().size == 301
    assert audited() == [str(event) for event in events]


@pytest.mark.django_db
def test_a_store_that_fails_now_and_then_is_asked_again(bucket, store):
    events = happen(300)
    store.fails(times=2, status=503)
    assert integrate() == 300
    assert store.heals() > 2
    assert audited() == [str(event) for event in events]


@pytest.mark.django_db
def test_a_store_that_does_not_answer_in_time_gets_nothing_signed(bucket, store, monkeypatch):
    monkeypatch.setattr(object_store, "READ_SECONDS", 0.5)
    storages["log"].__init__(**settings_of(storages["log"]))
    happen(3)
    store.fails(part="tile/0/", status=0, seconds=3)
    began = time.monotonic()
    with pytest.raises(StoreFailed, match="timeout"):
        integrate()
    assert time.monotonic() - began < 120
    store.heals()
    assert not SignedCheckpoint.objects.exists()
    integrate()
    assert SignedCheckpoint.objects.get().size == 3


def settings_of(storage):
    return {name: getattr(storage, name) for name in ("bucket_name", "location", "endpoint_url", "region_name")} | {
        "addressing_style": "path"
    }


@pytest.mark.django_db
def test_readers_are_told_that_the_store_is_away(bucket, store):
    happen(1)
    integrate()
    store.fails(method="GET")
    answer = Client().get(f"/log/{LogState.objects.get().log_id}/checkpoint")
    assert (answer.status_code, answer.content) == (503, b"the log's files cannot be read just now\n")
    store.heals()
    assert Client().get(f"/log/{LogState.objects.get().log_id}/checkpoint").status_code == 200


def test_an_integrator_killed_between_any_two_requests_loses_doubles_and_skips_nothing(committed_db, bucket):
    def arm(before):
        client().meta.events.register_first("before-send.s3", before(lambda **_given: None))

    assert_killed_anywhere_it_loses_doubles_and_skips_nothing(arm, many=130)


def test_two_integrators_at_once_make_one_log(committed_db, bucket):
    assert_two_at_once_make_one_log(integrate, integrate)
    assert SignedCheckpoint.objects.count() > 2


def test_a_restored_old_database_signs_nothing(committed_db, databases, bucket):
    with restored_from_before(committed_db, databases):
        with pytest.raises(StaleBackup, match="published size 5, stored size 3"):
            integrate()
        happen(10)
        with pytest.raises(StaleBackup, match="does not continue"):
            integrate()
        assert SignedCheckpoint.objects.get().size == 3


@pytest.mark.django_db
def test_a_long_backlog_goes_to_the_bucket_in_bounded_parts(bucket, monkeypatch):
    monkeypatch.setattr(integrator, "BATCH_MAX", 1_000)
    monkeypatch.setattr(publication, "CHUNK", 512)
    events = happen(2_305)
    while integrate():
        pass
    assert audited() == [str(event) for event in events]


@pytest.mark.parametrize(("address", "said"), [("{url}", "NoSuchBucket"), ("http://127.0.0.1:1", "Could not connect")])
def test_the_server_does_not_start_on_a_store_that_cannot_be_used(bucket, store, address, said):
    value = f"s3://{bucket}-not?endpoint_url={address.format(url=store.url)}&region=us-east-1&addressing_style=path"
    command = [sys.executable, "manage.py", "serve", "--port", "0"]
    given = {**os.environ, "EGRET_LOG_STORAGE": value}
    ended = subprocess.run(command, env=given, capture_output=True, text=True, check=False, timeout=300)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith("CommandError: EGRET_LOG_STORAGE names an object store that cannot be used: ")
    assert said in ended.stderr


@pytest.mark.parametrize(
    "value",
    [
        *("https://store.example/bucket", "s3://", "s3://Bucket", "s3://key:secret@bucket", "s3://bucket/../other", "s3://bucket/a//b"),
        *("s3://bucket?endpoint_url=store.example", "s3://bucket?endpoint=https://store.example", "s3://bucket?region=", "s3://bucket#x"),
        *(
            "s3://bucket?region=a&region=b",
            "s3://bucket?location=other",
            "s3://bucket?endpoint_url=https://u:p@store.example",
            "s3://[bucket",
        ),
    ],
)
def test_a_wrong_setting_stops_the_start_and_is_named(value):
    given = {**os.environ, "EGRET_LOG_STORAGE": value}
    ended = subprocess.run(
        [sys.executable, "-c", "import marketplace.settings"], env=given, capture_output=True, text=True, check=False, timeout=300
    )
    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1].startswith("registry.base.environment.WrongEnvironment: EGRET_LOG_STORAGE must look like s3://")
    assert "secret" not in ended.stderr.splitlines()[-1]
