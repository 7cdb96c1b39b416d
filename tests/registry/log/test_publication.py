"""What the integrator publishes, read back as an outsider would; killed between any two steps, run twice at once, given an old backup."""

import json
import os
import time
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.files.storage import storages

from registry.base import storage as base_storage
from registry.base.storage import DRAFT
from registry.log import integrator, publication, tasks
from registry.log.files import AlteredFile
from registry.log.integrator import integrate, integrate_backlog
from registry.log.merkle import leaf_hash
from registry.log.models import Entry, Leaf, LogState, SignedCheckpoint
from registry.log.publication import StaleBackup, publish
from registry.log.tiles import decode_bundle
from tests.registry.log.integrating import (
    arm_files,
    assert_killed_anywhere_it_loses_doubles_and_skips_nothing,
    assert_two_at_once_make_one_log,
    audited,
    happen,
    restored_from_before,
)


@pytest.fixture(autouse=True)
def nothing_remembered():
    publication._frontiers.clear()


def folder():
    return Path(storages["log"].path(str(LogState.objects.get().log_id)))


def files():
    """Return the names of all files of the log."""
    return {str(path.relative_to(folder())) for path in folder().rglob("*") if path.is_file()}


@pytest.mark.django_db
def test_what_is_published_in_several_steps_is_one_sound_log_without_outgrown_files():
    events = []
    for count in (1, 2, 300, 1, 250, 700):
        events += happen(count)
        assert integrate() == count
        assert audited() == [str(event) for event in events]
    assert files() == {
        *("checkpoint", "tile/0/004.p/230", "tile/entries/004.p/230"),
        *("tile/1/000.p/1", "tile/1/000.p/2", "tile/1/000.p/4"),  # partial forms go when the tile is full
        *(f"tile/{kind}/00{number}" for kind in ("0", "entries") for number in range(4)),
    }
    assert integrate() == 0


@pytest.mark.django_db
def test_a_long_backlog_is_published_in_one_go_with_every_level_whole(monkeypatch):
    monkeypatch.setattr(integrator, "publish", lambda: 0)  # as if every try to publish had failed
    monkeypatch.setattr(integrator, "BATCH_MAX", 1_000)
    events = happen(2_305)
    while integrate():
        pass
    assert not storages["log"].exists(f"{LogState.objects.get().log_id}/checkpoint")
    assert publish() == 2_305
    assert audited() == [str(event) for event in events]
    assert decode_bundle((folder() / "tile/entries/009.p/1").read_bytes())[0].startswith(b'{"actor"')


@pytest.mark.django_db
def test_an_altered_or_missing_tile_at_the_edge_stops_the_signing_and_is_named():
    happen(3)
    integrate()
    edge = folder() / "tile/0/000.p/3"
    edge.write_bytes(bytes(96))
    publication._frontiers.clear()
    happen(1)
    with pytest.raises(AlteredFile, match="does not have the root of the checkpoint of size 3"):
        integrate()
    edge.unlink()
    with pytest.raises(AlteredFile, match=r"tile/0/000\.p/3 is missing"):
        publish()
    assert SignedCheckpoint.objects.get().size == 3


@pytest.mark.django_db
def test_a_file_that_is_there_with_other_bytes_is_never_overwritten():
    happen(3)
    integrate()
    squatter = folder() / "tile/0/000.p/4"
    squatter.write_bytes(b"other")
    happen(1)
    with pytest.raises(AlteredFile, match=r"tile/0/000\.p/4 is not what the log has written"):
        integrate()
    assert squatter.read_bytes() == b"other"


@pytest.mark.django_db
def test_a_storage_that_renames_instead_of_replacing_is_refused(settings, tmp_path):
    plain = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": tmp_path}}
    settings.STORAGES = {**settings.STORAGES, "log": plain}
    happen(1)
    with pytest.raises(ImproperlyConfigured, match=r"must be a DurableStorage.*not FileSystemStorage"):
        integrate()
    assert list(tmp_path.iterdir()) == []
    assert not SignedCheckpoint.objects.exists()


@pytest.mark.django_db
def test_an_entry_says_in_columns_what_its_bytes_say():
    happen(3)
    integrate()
    for entry in Entry.objects.all():
        body = json.loads(bytes(entry.body))
        told = {"schema": entry.schema, "version": entry.schema_version, "id": str(entry.pk), "at": entry.at.isoformat()}
        assert told == {name: body[name] for name in told}
        assert body["subject"] == {"type": entry.subject_type, "id": str(entry.subject_id)}
        assert bytes(Leaf.objects.get(entry=entry.pk).hash) == leaf_hash(bytes(entry.body))


class PowerCut:
    """Knows what a power cut would leave: a file's bytes once they were synced, a name once the folder that it is in was."""

    def __init__(self, root, monkeypatch):
        self.root, self.durable, self.lost = root, set(), []
        self.fsync, self.replace = os.fsync, Path.replace
        monkeypatch.setattr(os, "fsync", self.synced)

        def replace(draft, place):
            return self.placed(draft, place)

        monkeypatch.setattr(Path, "replace", replace)  # a function, so that it becomes a method

    def synced(self, handle):
        self.fsync(handle)
        path = Path(f"/proc/self/fd/{handle}").readlink()
        self.durable |= {("name", each) for each in path.iterdir()} if path.is_dir() else {("bytes", os.fstat(handle).st_ino)}

    def placed(self, draft, place):
        if place.name == "checkpoint":
            files = [path for path in self.root.rglob("*") if path.is_file() and DRAFT not in path.name and path.name != "checkpoint"]
            self.lost += [path for path in files if not self.survives(path)]
        self.durable.discard(("name", place))
        return self.replace(draft, place)

    def survives(self, path):
        above = [folder for folder in path.parents if self.root in folder.parents or folder == self.root]
        return ("bytes", path.stat().st_ino) in self.durable and all(("name", each) in self.durable for each in (path, *above))


@pytest.mark.django_db
def test_no_checkpoint_is_signed_over_a_file_that_a_power_cut_could_lose(settings, tmp_path, monkeypatch):
    cut = PowerCut(tmp_path / "log", monkeypatch)
    durable = {"BACKEND": "registry.base.storage.DurableFileStorage", "OPTIONS": {"location": tmp_path / "log"}}
    settings.STORAGES = {**settings.STORAGES, "log": durable}
    for count in (1, 300, 5, 600):
        happen(count)
        assert integrate() == count
    assert cut.lost == []
    # and it would be found out: the same log, with folders that are never synced
    monkeypatch.setattr(base_storage, "_sync", lambda _folder: None)
    happen(1)
    integrate()
    assert [path.name for path in cut.lost] != []


@pytest.mark.django_db
def test_what_a_killed_integrator_had_written_is_made_durable_by_the_next(settings, tmp_path, monkeypatch):
    durable = {"BACKEND": "registry.base.storage.DurableFileStorage", "OPTIONS": {"location": tmp_path / "log"}}
    settings.STORAGES = {**settings.STORAGES, "log": durable}
    cut = PowerCut(tmp_path / "log", monkeypatch)
    happen(300)
    sync = base_storage._sync
    with monkeypatch.context() as dying:
        dying.setattr(base_storage, "_sync", lambda _folder: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            integrate()
    assert base_storage._sync is sync
    assert len(list((tmp_path / "log").rglob("tile/**/*"))) > 4
    settings.STORAGES = {**settings.STORAGES, "log": durable | {"OPTIONS": {"location": str(tmp_path / "log")}}}  # a new process
    integrate()
    assert (SignedCheckpoint.objects.get().size, cut.lost) == (300, [])


@pytest.mark.parametrize(
    ("chunk", "batch", "many", "integrating"),
    [
        (publication.CHUNK, integrator.BATCH_MAX, 130, integrate),
        (256, integrator.BATCH_MAX, 600, integrate),
        (256, 200, 500, integrate_backlog),
    ],
    ids=["in_one_part", "in_parts_by_a_thread", "in_batches_published_by_a_thread"],
)
def test_an_integrator_killed_between_any_two_steps_loses_doubles_and_skips_nothing(
    committed_db, monkeypatch, chunk, batch, many, integrating
):
    monkeypatch.setattr(publication, "CHUNK", chunk)
    monkeypatch.setattr(integrator, "BATCH_MAX", batch)
    began = time.monotonic()
    assert_killed_anywhere_it_loses_doubles_and_skips_nothing(arm_files, many=many, integrating=integrating)
    assert time.monotonic() - began < 300
    assert not [name for name in files() if DRAFT in name and name.startswith("checkpoint")]


def test_the_relay_takes_several_batches_in_one_run_and_goes_on_at_once_while_more_may_wait(committed_db, monkeypatch):
    monkeypatch.setattr(integrator, "BATCH_MAX", 3)
    monkeypatch.setattr(tasks, "BATCH_MAX", 3)
    monkeypatch.setattr(integrator, "BATCHES_MAX", 2)
    events = happen(8)
    assert [tasks.run_once() for _ in range(3)] == [6, 0, 0]
    assert audited() == [str(event) for event in events]
    sizes = list(SignedCheckpoint.objects.order_by("size").values_list("size", flat=True))
    assert sizes[-2:] == [6, 8]  # before, whatever the thread beside met


def test_two_integrators_at_once_make_one_log(committed_db, monkeypatch):
    monkeypatch.setattr(integrator, "BATCH_MAX", 3)
    assert_two_at_once_make_one_log(integrate, integrate_backlog)
    assert SignedCheckpoint.objects.count() > 3


def test_a_restored_old_database_signs_nothing_whether_it_is_shorter_or_went_another_way(committed_db, databases):
    with restored_from_before(committed_db, databases):
        with pytest.raises(StaleBackup, match="published size 5, stored size 3"):
            integrate()
        for count in (2, 10):
            happen(count)
            with pytest.raises(StaleBackup, match="does not continue"):
                integrate()
        assert SignedCheckpoint.objects.get().size == 3
