"""The log changes its key: by the commands, followed by outsiders from the files, killed between any two steps, restored from a backup."""

import json
from base64 import b64encode
from io import StringIO
from pathlib import Path
from uuid import uuid4

import pytest
from django.core.files.storage import storages
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, connections, transaction

from registry.base.actor import SYSTEM, PartyKind
from registry.base.environment import django_database, with_database
from registry.base.storage import DurableFileStorage
from registry.log import publication
from registry.log.audit import Audit
from registry.log.checkpoint import BadCheckpoint, open_by_any
from registry.log.cosignature import WitnessSigner
from registry.log.files import LogFiles
from registry.log.integrator import integrate
from registry.log.keys import NoSigningKey, environment_keys
from registry.log.mirror import mirror
from registry.log.models import LogKey, LogState, Outbox, SignedCheckpoint
from registry.log.monitor.monitor import Monitor
from registry.log.note import parse_note
from registry.log.policy import parse_policy
from registry.log.publication import StaleBackup
from registry.log.selectors import consistency_proof, log_sm2_key, verifier_key
from registry.log.services import record
from registry.log.sm2_line import Sm2Key
from registry.log.witness import Witness
from tests.registry.log.integrating import arm_files, killed
from tests.support.graphql import Client
from tests.support.parties import admit

SEED, THIRD, SM2 = "a1" * 32, "b2" * 32, "17" * 32


@pytest.fixture(autouse=True)
def nothing_remembered():
    publication._frontiers.clear()


def happen(count=1):
    for _ in range(count):
        record("asset.attached", subject=("Test", uuid4()), actor=SYSTEM, public={"asset": uuid4(), "object": uuid4()}, sealed={})
    while integrate():
        pass


def command(*arguments):
    """One `manage.py log_keys`; returns what it printed."""
    out = StringIO()
    call_command("log_keys", *map(str, arguments), stdout=out)
    return out.getvalue().splitlines()


def keys():
    """The verifier keys of the environment, present one first."""
    return [key.verifier for key in environment_keys(LogState.objects.get().log_id)]


def files():
    return LogFiles.of(LogState.objects.get().log_id)


def signers(*known):
    """Who of these signed the published checkpoint, in the order of its lines."""
    lines = [(each.name, each.key_id) for each in parse_note(files().read("checkpoint")).signatures]
    return [key for line in lines for key in known if (key.name, key.key_id) == line]


def told():
    """The key events of the log as outsiders read them."""
    audit = Audit(files().read, *keys())
    entries = [json.loads(entry) for block in audit.blocks() for entry in block.entries]
    assert audit.findings == []
    return [(index, each["schema"], each["data"]) for index, each in enumerate(entries) if each["schema"].startswith("log_key.")]


@pytest.fixture
def rotated(db, settings):
    """A log of two entries, whose next key was announced and is covered; returns both keys."""
    happen(2)
    settings.EGRET_LOG_NEXT_KEY = SEED
    command("add")
    happen()
    return keys()


@pytest.mark.django_db
def test_two_steps_lead_from_one_key_to_the_next(settings):
    happen(2)
    (old,) = keys()
    assert command("list") == [f"{old}   from size 自规模 0"]
    settings.EGRET_LOG_NEXT_KEY = SEED
    new = keys()[1]
    assert command("add") == [f"{new}   once its entry has a place 待入序"]
    assert signers(old, new) == [old]
    happen()
    assert (signers(old, new), verifier_key()) == ([old, new], str(new))
    assert command("list") == [f"{old}   from size 自规模 0", f"{new}   from size 自规模 3"]
    happen(300)
    assert signers(old, new) == [old, new]
    assert command("retire", "--key", old) == [f"{old}   from size 自规模 0 to 至 304"]
    happen()
    assert (signers(old, new), verifier_key()) == ([new], str(new))
    assert told() == [
        (2, "log_key.added", {"key": str(new)}),
        (304, "log_key.retired", {"compromised": False, "key": str(old), "last_size": 304}),
    ]
    settings.EGRET_LOG_KEY, settings.EGRET_LOG_NEXT_KEY = SEED, ""  # the operator moves it up
    happen()
    assert signers(old, new) == [new]


def test_the_keys_are_listed_for_outsiders_with_what_they_vouch_for(rotated):
    old, new = map(str, rotated)
    command("retire", "--key", old, "--compromised", "--last-size", "3")
    happen()
    asked = Client(token=admit(PartyKind.BUYER).token).query("{ logKey logSm2Key logKeys { key fromSize lastSize compromised retiredAt } }")
    ended = LogKey.objects.get(key=old).retired_at.isoformat()
    assert (asked["logKey"], asked["logSm2Key"]) == (new, None)
    assert asked["logKeys"] == [
        {"key": old, "fromSize": "0", "lastSize": "3", "compromised": True, "retiredAt": ended},
        {"key": new, "fromSize": "3", "lastSize": None, "compromised": False, "retiredAt": None},
    ]


def next_key(settings, seed):
    settings.EGRET_LOG_NEXT_KEY = settings.EGRET_LOG_KEY if seed == "present" else seed


RETIRE = ["retire", "--key", "OLD"]
REFUSALS = {
    "no next key": ("", ["add"], "set EGRET_LOG_NEXT_KEY"),
    "the present key again": ("present", ["add"], "must be a fresh key"),
    "a strange key": (SEED, ["retire", "--key", "nonsense"], "no key that signs for this log"),
    "compromised without a size": (SEED, [*RETIRE, "--compromised"], "needs one"),
    "a size without compromise": (SEED, [*RETIRE, "--last-size", "1"], "needs one"),
    "a size beyond the log": (SEED, [*RETIRE, "--compromised", "--last-size", "5"], "between 0 and 4"),
    "a size below zero": (SEED, [*RETIRE, "--compromised", "--last-size", "-1"], "between 0 and 4"),
    "without the next key at hand": ("", RETIRE, "no other key has signed"),
}


@pytest.mark.parametrize("what", REFUSALS)
def test_a_step_that_nobody_could_follow_is_refused_and_changes_nothing(rotated, settings, snapshot, what):
    seed, arguments, message = REFUSALS[what]
    old = str(rotated[0])
    before = snapshot(LogKey, Outbox)
    next_key(settings, seed)
    with pytest.raises(CommandError, match=message):
        command(*(old if each == "OLD" else each for each in arguments))
    assert snapshot(LogKey, Outbox) == before


def test_no_more_keys_are_announced_than_a_monitor_follows(rotated, settings, snapshot, monkeypatch):
    monkeypatch.setattr("registry.log.rotation.KEYS_MAX", 2)
    before = snapshot(LogKey, Outbox)
    assert command("add")[0].startswith(str(rotated[1]))  # the one that is announced already
    settings.EGRET_LOG_NEXT_KEY = THIRD
    with pytest.raises(CommandError, match="at most 2 keys in its life"):
        command("add")
    assert snapshot(LogKey, Outbox) == before


def test_files_that_cannot_be_read_are_an_error_in_one_line(rotated, settings, snapshot, monkeypatch):
    before = snapshot(LogKey, Outbox)
    settings.EGRET_LOG_NEXT_KEY = SEED

    def away(_files, path):
        raise OSError(f"{path}: the store does not answer")

    monkeypatch.setattr(LogFiles, "read", away)
    with pytest.raises(CommandError, match="checkpoint: the store does not answer"):
        command("retire", "--key", rotated[0])
    assert snapshot(LogKey, Outbox) == before


@pytest.mark.django_db
def test_the_old_key_stays_until_the_new_one_has_signed_what_is_published(settings, snapshot):
    with pytest.raises(CommandError, match="no entry yet"):
        command("add")
    happen()
    settings.EGRET_LOG_NEXT_KEY = SEED
    old, _ = keys()
    before = snapshot(LogKey, Outbox)
    with pytest.raises(CommandError, match="no other key has signed"):
        command("retire", "--key", old)
    assert snapshot(LogKey, Outbox) == before
    command("add")
    before = snapshot(LogKey, Outbox)
    with pytest.raises(CommandError, match="no other key has signed"):
        command("retire", "--key", old)
    assert command("add") == command("add")
    assert snapshot(LogKey, Outbox) == before


def test_a_retired_key_signs_nothing_and_is_never_announced_again(rotated, settings):
    old, new = rotated
    command("retire", "--key", old)
    happen()
    note = files().read("checkpoint")
    settings.EGRET_LOG_NEXT_KEY = ""
    with pytest.raises(NoSigningKey, match="retired key signs nothing"), transaction.atomic():
        happen()
    assert files().read("checkpoint") == note
    settings.EGRET_LOG_KEY, settings.EGRET_LOG_NEXT_KEY = SEED, settings.EGRET_LOG_KEY
    with pytest.raises(CommandError, match="must be a fresh key"):
        command("add")
    with pytest.raises(CommandError, match="no other key"):
        command("retire", "--key", new)
    assert LogKey.objects.count() == 2


@pytest.mark.django_db
def test_a_key_that_was_changed_by_hand_signs_nothing(settings):
    happen()
    note = files().read("checkpoint")
    settings.EGRET_LOG_KEY = SEED
    with pytest.raises(NoSigningKey, match="must be announced"), transaction.atomic():
        happen()
    assert files().read("checkpoint") == note


def test_the_table_of_keys_is_written_once_and_once_more(rotated):
    old = rotated[0]
    command("retire", "--key", old)
    for statement in (
        "DELETE FROM registry_log_logkey", "UPDATE registry_log_logkey SET key = 'x'", "UPDATE registry_log_logkey SET last_size = 1",
        "UPDATE registry_log_logkey SET retired_event = NULL, retired_at = NULL, last_size = NULL, compromised = NULL",
        "UPDATE registry_log_logkey SET last_size = 7 WHERE retired_event IS NULL",
        "INSERT INTO registry_log_logkey (id, key, algorithm, added_at) VALUES (gen_random_uuid(), 'x', 'Ed25519', '2027-01-01')",
    ):  # fmt: skip
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


class TestOutsiders:
    @pytest.mark.django_db
    def test_a_monitor_learns_the_new_key_from_the_old_one_and_follows_on(self, settings):
        happen(2)
        monitor = Monitor(keys())
        assert (monitor.advance(files().read).findings, len(monitor.trust.held)) == ([], 1)
        old = keys()[0]
        settings.EGRET_LOG_NEXT_KEY = SEED
        command("add")
        happen()
        assert monitor.advance(files().read).findings == []
        command("retire", "--key", old)
        happen(3)
        assert monitor.advance(files().read).findings == []
        assert (monitor.frontier.size, monitor.trust.held[str(old)].last) == (LogState.objects.get().size, 4)
        late = Monitor([old])  # it was away while both signed, and needs the new key from outside
        assert [each.code for each in late.advance(files().read).findings] == ["untrusted"]
        assert Monitor(keys()).advance(files().read).findings == []

    def test_a_checkpoint_by_a_key_beyond_its_last_size_is_named(self, rotated):
        old, new = rotated
        monitor = Monitor([old])
        assert monitor.advance(files().read).sound
        command("retire", "--key", old)
        thief = environment_keys(LogState.objects.get().log_id)[0]
        happen()
        checkpoint, _ = open_by_any(files().read("checkpoint"), logs=[new])
        size, before = monitor.frontier.size, files().read("checkpoint")
        files().put("checkpoint", publication.sign_checkpoint(checkpoint, [thief]))
        done = monitor.advance(files().read)
        assert (done.sound, [(each.code, each.params) for each in done.findings]) == (False, [("beyond", (str(old), str(checkpoint.size)))])
        with pytest.raises(BadCheckpoint, match="no key that vouches for size"), transaction.atomic():
            happen()
        files().put("checkpoint", before)
        assert size == 4

    def test_a_compromised_key_vouches_for_nothing_beyond_and_takes_along_whom_it_alone_vouched_for(self, rotated):
        old, new = rotated
        alone, told_new = Monitor([old]), Monitor([old, new])
        assert alone.advance(files().read).sound
        assert told_new.advance(files().read).sound
        command("retire", "--key", old, "--compromised", "--last-size", 2)
        happen()
        done = alone.advance(files().read)
        fallen = [(each.index, each.params) for each in done.findings if each.code == "unfounded"]
        assert fallen == [(2, (str(new),))]
        assert (done.sound, {each.code for each in done.findings}) == (False, {"unfounded", "beyond"})
        assert told_new.advance(files().read).findings == []

    def test_a_mirror_and_an_audit_take_both_keys(self, rotated, tmp_path, capsys):
        old, new = rotated
        copy = LogFiles(".", DurableFileStorage(location=tmp_path / "copy"))
        assert mirror(files().read, copy, old).findings == []
        command("retire", "--key", old)
        happen(2)
        with pytest.raises(CommandError):
            audit("--key", old)
        audit("--key", old, "--key", new)
        audit("--key", new)
        assert [each.code for each in mirror(files().read, copy, old).findings] == ["untrusted"]
        assert mirror(files().read, copy, old, new).findings == []
        assert mirror(files().read, copy, new).findings == []
        assert "sound 完好" in capsys.readouterr().out

    def test_a_witness_knows_a_log_by_several_keys(self, rotated, tmp_path):
        old, new = rotated
        us = WitnessSigner("witness.example/w1", b"\x03" * 32)
        policy = parse_policy(f"log {old}\nlog {new}\nwitness w1 {us.key}\nquorum w1\n".encode())
        witness, size = Witness(us, policy.origins, tmp_path), 0

        def shown():
            nonlocal size
            note, checkpoint = files().read("checkpoint"), SignedCheckpoint.objects.latest("size")
            proof = "".join(f"{b64encode(each).decode()}\n" for each in consistency_proof(size, checkpoint.size))
            answer = witness.add_checkpoint(f"old {size}\n{proof}\n".encode() + note, seconds=1_790_000_000)
            assert answer.status.value == 200
            size = checkpoint.size
            return policy.accept(note + answer.body.encode()).size

        assert shown() == 4
        command("retire", "--key", old)
        happen(2)
        assert shown() == 7


def audit(*arguments):
    folder = Path(storages["log"].path(str(LogState.objects.get().log_id)))
    call_command("log", "audit", "--folder", str(folder), *map(str, arguments))


class TestSm2:
    @pytest.mark.django_db
    def test_every_checkpoint_has_a_second_line_that_others_pass_over(self, settings, capsys):
        settings.EGRET_LOG_SM2_KEY = SM2
        happen(2)
        key, second = keys()[0], Sm2Key.parse(log_sm2_key())
        assert len(parse_note(files().read("checkpoint")).signatures) == 2
        assert signers(key, second) == [key, second]
        audit("--key", key)
        audit("--key", key, "--sm2-key", second)
        settings.EGRET_LOG_SM2_KEY = ""
        happen()
        audit("--key", key)
        with pytest.raises(CommandError, match="1 findings"):
            audit("--key", key, "--sm2-key", second)
        assert "is not signed by" in capsys.readouterr().out

    @pytest.mark.django_db
    def test_a_second_line_over_another_text_condemns_the_checkpoint(self, settings):
        settings.EGRET_LOG_SM2_KEY = SM2
        happen()
        key, second = keys()[0], Sm2Key.parse(log_sm2_key())
        mine, theirs = (parse_note(files().read("checkpoint")) for _ in range(2) if happen() is None)
        forged = str(mine).replace(mine.signatures[1].line, theirs.signatures[1].line).encode()
        assert open_by_any(forged, logs=[key])[0].size == 2
        with pytest.raises(BadCheckpoint, match="is bad"):
            open_by_any(forged, logs=[key], witnesses=[second])


def test_a_step_killed_anywhere_is_done_or_not_and_the_log_goes_on(committed_db, settings):
    happen(3)
    settings.EGRET_LOG_NEXT_KEY = SEED
    old, new = keys()
    assert killed_until_done(lambda: command("add")) > 5
    happen()
    assert LogKey.objects.count() == 2
    assert signers(old, new) == [old, new]
    assert killed_until_done(lambda: command("retire", "--key", old)) > 5
    assert killed_until_done(integrate) > 5
    happen()
    assert signers(old, new) == [new]
    assert [(schema, data["key"]) for _, schema, data in told()] == [("log_key.added", str(new)), ("log_key.retired", str(old))]
    assert [key.last_size for key in LogKey.objects.order_by("added_at")] == [5, None]


def killed_until_done(work):
    """Do a step in children that are killed before their first, second, … statement, file or commit, until one lives; returns how many."""

    def stepping():
        try:
            work()
        except CommandError as error:
            if "no key that signs" not in str(error):  # an earlier child did it and was killed after its commit
                raise

    at = 1
    while killed(at, arm_files, stepping):
        publication._frontiers.clear()
        at += 1
    publication._frontiers.clear()
    return at


def test_a_backup_from_before_the_rotation_signs_nothing(committed_db, databases, settings):
    happen(3)
    connections.close_all()
    databases.run.clone("before", template=committed_db.name)
    settings.EGRET_LOG_NEXT_KEY = SEED
    old, _ = keys()
    command("add")
    happen()
    command("retire", "--key", old)
    happen()
    note = files().read("checkpoint")
    connections.close_all()
    connections.settings["default"].update(django_database(with_database(committed_db.url, databases.run.name("before"))))
    try:
        for refused in (BadCheckpoint, BadCheckpoint):
            with pytest.raises(refused):
                happen(10)
        settings.EGRET_LOG_NEXT_KEY = THIRD
        with pytest.raises((BadCheckpoint, StaleBackup)):
            happen()
        assert files().read("checkpoint") == note
    finally:
        connections.close_all()
        connections.settings["default"].update(django_database(committed_db.url))
        databases.drop(databases.run.name("before"))
