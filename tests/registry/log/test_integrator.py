"""The integrator: dense places, proofs that verify, a stale backup refused."""

import json
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.db import DatabaseError, connection, transaction

from registry.base.actor import SYSTEM
from registry.log import integrator
from registry.log.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
from registry.log.integrator import integrate
from registry.log.keys import environment_keys
from registry.log.merkle import leaf_hash, verify_inclusion
from registry.log.models import Cursor, Disclosure, Entry, Leaf, LogState, Outbox, SignedCheckpoint
from registry.log.publication import StaleBackup
from registry.log.schemas import UndeclaredEvent, declare
from registry.log.selectors import first_checkpoint_over, leaf_bytes, logged, proof_of
from registry.log.services import EventTooLong, follow, record

declare("test.happened", public=("what",), sealed=("price",))
declare("test.aside", public=("what",))

pytestmark = pytest.mark.django_db


def happen(what: str, price: str = "1") -> object:
    """Record one test event."""
    return record("test.happened", subject=("Test", uuid4()), actor=SYSTEM, public={"what": what}, sealed={"price": price})


def test_an_event_that_no_bundle_could_hold_is_refused_before_the_log_would_stand_still():
    happen("x" * 65_000)
    with pytest.raises(EventTooLong, match=r"test\.happened: a leaf of 6\d{4} bytes"), transaction.atomic():
        happen("x" * 65_400)
    assert (Outbox.objects.count(), Disclosure.objects.count(), integrate()) == (1, 2, 1)


def test_an_event_is_registered_at_commit_and_logged_when_a_checkpoint_covers_it():
    event = happen("a")
    assert not logged(event)
    assert integrate() == 1
    assert logged(event)
    proof, body = proof_of(event), leaf_bytes(event)
    key = environment_keys(LogState.objects.get().log_id)[0].verifier
    checkpoint, _ = open_checkpoint(proof.note.encode(), log=key)
    verify_inclusion(index=proof.index, size=proof.size, leaf=leaf_hash(body), proof=proof.hashes, root=checkpoint.root)


def test_places_are_dense_and_in_the_order_of_recording():
    events = [happen(str(number)) for number in range(25)]
    assert integrate() == 25
    assert list(Leaf.objects.order_by("index").values_list("index", "entry")) == list(enumerate(events))
    assert not Outbox.objects.exists()
    assert integrate() == 0


def test_a_sealed_value_stands_in_the_leaf_only_as_a_hash():
    event = happen("a", price="12345678")
    integrate()
    data = json.loads(leaf_bytes(event))["data"]
    assert data["what"] == "a"
    assert list(data["price"]) == ["_h"]
    assert b"12345678" not in leaf_bytes(event)
    disclosed = dict(Disclosure.objects.filter(event=event).values_list("path", "value"))
    assert disclosed == {"price": "12345678", "/actor": {"person": None, "organisation": None}}


@pytest.mark.parametrize("public", [{}, {"what": "a", "more": "b"}])
def test_an_undeclared_or_missing_field_is_refused(public):
    with pytest.raises(UndeclaredEvent):
        record("test.happened", subject=("Test", uuid4()), actor=SYSTEM, public=public, sealed={"price": "1"})
    assert not Outbox.objects.exists()


def test_entries_can_be_neither_changed_nor_deleted():
    happen("a")
    integrate()
    for statement in ("UPDATE registry_log_entry SET schema = 'x'", "DELETE FROM registry_log_leaf", "TRUNCATE registry_log_entry"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    assert Entry.objects.get().schema == "test.happened"


def test_an_old_backup_cannot_make_the_log_sign_a_fork():
    happen("a")
    integrate()
    state = LogState.objects.get()
    key = environment_keys(state.log_id)[0]
    longer = sign_checkpoint(Checkpoint(origin=key.name, size=5, root=b"\x01" * 32), [key])
    storages["log"].delete(f"{state.log_id}/checkpoint")
    storages["log"].save(f"{state.log_id}/checkpoint", ContentFile(longer))
    happen("b")
    with pytest.raises(StaleBackup, match="published size 5, stored size 2"):
        integrate()


def test_a_follower_sees_each_entry_once_and_stops_at_the_one_that_fails():
    happen("a")
    happen("bad")
    happen("c")
    integrate()
    seen: list[str] = []

    def handler(entry: Entry) -> None:
        what = json.loads(bytes(entry.body))["data"]["what"]
        if what == "bad" and len(seen) < 2:
            seen.append(what)
            raise RuntimeError
        seen.append(what)

    with pytest.raises(RuntimeError):
        follow("test", handler, schemas=frozenset({"test.happened"}))
    assert seen == ["a", "bad"]
    assert follow("test", handler, schemas=frozenset({"test.happened"})) == 2
    assert seen == ["a", "bad", "bad", "c"]
    assert follow("test", handler, schemas=frozenset({"test.happened"})) == 0


def test_a_follower_passes_entries_of_other_schemas_together_with_its_own_next_one(django_assert_num_queries):
    for what in (*"abc", "own", *"def"):
        schema = "test.happened" if what == "own" else "test.aside"
        record(schema, subject=("Test", uuid4()), actor=SYSTEM, public={"what": what}, sealed={"price": "1"} if what == "own" else {})
    integrate()
    seen: list[tuple[int, str]] = []

    def handler(entry: Entry) -> None:
        seen.append((Cursor.objects.get(name="own").position, json.loads(bytes(entry.body))["data"]["what"]))
        if len(seen) < 2:
            raise RuntimeError

    own = frozenset({"test.happened"})
    assert follow("own", handler, schemas=own, limit=2) == 2
    assert seen == []
    with pytest.raises(RuntimeError):
        follow("own", handler, schemas=own)
    assert Cursor.objects.get(name="own").position == 2
    assert follow("own", handler, schemas=own, limit=2) == 2
    assert seen == [(2, "own"), (2, "own")]
    with django_assert_num_queries(7):  # three to look ahead, four for three places
        assert follow("own", handler, schemas=own) == 3
    with django_assert_num_queries(2):
        assert follow("own", handler, schemas=own) == 0
    assert len(seen) == 2


def test_a_follower_that_waits_for_checkpoints_sees_an_entry_once_one_covers_it(monkeypatch):
    happen("a")
    integrate()
    monkeypatch.setattr(integrator, "publish", lambda: 0)
    happen("b")
    integrate()
    seen: list[str] = []

    def handler(entry: Entry) -> None:
        seen.append(json.loads(bytes(entry.body))["data"]["what"])

    for _ in range(2):
        follow("covered", handler, schemas=frozenset({"test.happened"}), covered=True)
        assert seen == ["a"]
    assert follow("sequenced", lambda _entry: None, schemas=frozenset({"test.happened"})) == 2
    monkeypatch.undo()
    integrate()
    follow("covered", handler, schemas=frozenset({"test.happened"}), covered=True)
    assert seen == ["a", "b"]


def test_a_checkpoint_that_was_published_is_known_though_its_writer_was_killed_before_it_said_so(monkeypatch):
    """A seed comes from the first checkpoint over an event: one that readers may have seen first is never passed over."""
    happen("a")
    create = SignedCheckpoint.objects.get_or_create

    def killed(**given: Any) -> None:
        monkeypatch.setattr(SignedCheckpoint.objects, "get_or_create", create)
        raise KeyboardInterrupt

    monkeypatch.setattr(SignedCheckpoint.objects, "get_or_create", killed)
    with pytest.raises(KeyboardInterrupt):
        integrate()
    state = LogState.objects.get()
    with storages["log"].open(f"{state.log_id}/checkpoint") as file:
        published = file.read().decode()
    event = happen("b")
    integrate()
    assert [(row.size, row.note == published) for row in SignedCheckpoint.objects.order_by("size")] == [(1, True), (2, False)]
    first = Entry.objects.exclude(pk=event).get()
    found = first_checkpoint_over(first.pk)
    assert found is not None
    assert found.note == published
