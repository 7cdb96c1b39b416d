"""The key of the second line, by SM2, changes: announced and retired by entries, followed by a monitor, and never what stops the log."""

import json
from dataclasses import replace
from io import StringIO

import pytest
from django.core.files.storage import storages
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from registry.base.actor import PartyKind
from registry.base.signing import CannotSign, sm2
from registry.base.storage import DurableFileStorage
from registry.log import keys as log_keys
from registry.log import publication, verifier
from registry.log.cosignature import WitnessSigner
from registry.log.files import LogFiles
from registry.log.keys import sm2_signer
from registry.log.mirror import mirror
from registry.log.models import LogKey, LogState, Outbox
from registry.log.monitor.monitor import Monitor
from registry.log.note import Signature, parse_note
from registry.log.policy import parse_policy
from registry.log.selectors import log_sm2_key
from registry.log.witness import Witness
from tests.registry.log.test_rotation import SEED, audit, command, files, happen, keys, signers, told
from tests.support.graphql import Client
from tests.support.parties import admit

A, B, C = "17" * 32, "18" * 32, "19" * 32
SHOWN = ", second line, SM2 国密第二签名"
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_remembered():
    publication._frontiers.clear()
    log_keys._warned.clear()


@pytest.fixture
def born(settings):
    """A log of two entries that was born with the SM2 key A; returns that key."""
    settings.EGRET_LOG_SM2_KEY = A
    happen(2)
    return second()


@pytest.fixture
def rotated(born, settings):
    """Three entries, the last of which announced the SM2 key B; returns both keys."""
    settings.EGRET_LOG_SM2_KEY = B
    command("add", "--sm2")
    happen()
    return born, second()


def second():
    """The SM2 key of the settings."""
    return sm2_signer(LogState.objects.get().log_id).verifier


def size():
    return LogState.objects.get().size


def watched(*given, monitor=None):
    """Codes and parameters of what a monitor finds, that knows the log's own key and these SM2 keys."""
    done = (monitor or Monitor(keys()[:1], second=given)).advance(files().read)
    assert done.sound
    return [(each.code, each.params) for each in done.findings]


def test_a_log_is_born_with_an_sm2_key_and_a_later_one_follows_by_an_entry(born, settings, caplog):
    (own,) = keys()
    assert command("list") == [f"{own}   from size 自规模 0", f"{born}   from size 自规模 0{SHOWN}"]
    assert (signers(own, born), told(), log_sm2_key()) == ([own, born], [], str(born))
    settings.EGRET_LOG_SM2_KEY = B
    new = second()
    happen()  # a changed setting alone changes nothing but that the line is missing
    assert (signers(own, born, new), log_sm2_key()) == ([own], None)
    assert caplog.messages == ["EGRET_LOG_SM2_KEY signs nothing: it must be announced by `manage.py log_keys add --sm2` first"]
    assert command("add", "--sm2") == [f"{new}   once its entry has a place 待入序{SHOWN}"]
    assert command("add", "--sm2") == command("add", "--sm2")
    happen()
    assert (signers(own, born, new), log_sm2_key()) == ([own, new], str(new))
    assert told() == [(3, "log_key.added", {"key": str(new)})]
    assert command("retire", "--key", born) == [f"{born}   from size 自规模 0 to 至 {size()}{SHOWN}"]
    happen()
    assert signers(own, born, new) == [own, new]
    assert [data.get("last_size") for _, _, data in told()] == [None, 5]
    verified = verifier.open_checkpoint(files().read("checkpoint"), [verifier.key_of("--log-key", str(own), b"\x01")])
    line, key = verified.lines[1], verifier.key_of("--log-sm2-key", str(new), verifier.SM2_KIND)
    assert verifier.is_sm2_signed("--log-sm2-key", verifier.point_of(key.raw), line.signature, verified.body.encode())


def test_without_one_at_its_birth_a_log_may_announce_one_later(settings):
    happen(2)
    settings.EGRET_LOG_SM2_KEY = A
    command("add", "--sm2")
    happen()
    assert signers(second()) == [second()]
    assert [(row.key, row.added_event is None) for row in LogKey.objects.order_by("added_at", "id")] == [
        (str(keys()[0]), True), (str(second()), False),
    ]  # fmt: skip


@pytest.mark.parametrize("retired", ["plainly", "as compromised", "not, but followed"])
def test_a_key_that_ended_signs_nothing_and_the_log_goes_on(rotated, settings, caplog, snapshot, retired):
    old, new = rotated
    if retired == "not, but followed":
        settings.EGRET_LOG_SM2_KEY = A
    else:
        how = ["--compromised", "--last-size", "3"] if retired == "as compromised" else []
        last = 3 if how else size()
        assert command("retire", "--key", new, *how)[0].endswith(f"to 至 {last}{', compromised 已泄露' if how else ''}{SHOWN}")
    before = size()
    happen(3)
    assert size() > before
    assert signers(keys()[0], old, new) == [keys()[0]]
    no_longer = "EGRET_LOG_SM2_KEY signs nothing: it is retired, or another has followed it; set a fresh key and announce that"
    assert caplog.messages == [no_longer]  # in one line, once
    kept = snapshot(LogKey, Outbox)
    with pytest.raises(CommandError, match="must be a fresh key"):
        command("add", "--sm2")
    assert snapshot(LogKey, Outbox) == kept
    err = StringIO()
    call_command("log_keys", "list", stdout=StringIO(), stderr=err)
    assert no_longer in err.getvalue()


def test_sm2_keys_do_not_stand_in_for_the_logs_own(rotated, settings, snapshot):
    before = snapshot(LogKey, Outbox)
    with pytest.raises(CommandError, match="no other key has signed"):
        command("retire", "--key", keys()[0])
    with pytest.raises(CommandError, match="set EGRET_LOG_NEXT_KEY"):
        command("add")
    settings.EGRET_LOG_SM2_KEY = ""
    with pytest.raises(CommandError, match="set EGRET_LOG_SM2_KEY to a fresh key"):
        command("add", "--sm2")
    assert snapshot(LogKey, Outbox) == before
    settings.EGRET_LOG_NEXT_KEY = SEED
    command("add")
    happen()
    command("retire", "--key", keys()[0])


def test_no_more_are_announced_than_a_monitor_follows(rotated, settings, snapshot, monkeypatch):
    monkeypatch.setattr("registry.log.rotation.KEYS_MAX", 2)
    settings.EGRET_LOG_SM2_KEY = C
    before = snapshot(LogKey, Outbox)
    with pytest.raises(CommandError, match="at most 2 keys in its life"):
        command("add", "--sm2")
    assert snapshot(LogKey, Outbox) == before


def test_without_its_library_the_second_line_stops_the_log_as_any_key_that_cannot_sign(born, monkeypatch):
    def absent():
        raise CannotSign("SM2 needs the library tongsuopy, which is not installed on this machine")

    monkeypatch.setattr(sm2, "_library", absent)
    note = files().read("checkpoint")
    with pytest.raises(CannotSign, match="tongsuopy"), transaction.atomic():
        happen()
    assert files().read("checkpoint") == note
    assert (command("retire", "--key", born)[0].endswith(SHOWN), log_sm2_key()) == (True, str(born))


def test_the_table_keeps_one_birth_key_of_each_algorithm(born):
    for algorithm in ("Ed25519", "SM2-SM3", "RSA"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO registry_log_logkey (id, key, algorithm, added_at) VALUES (gen_random_uuid(), 'x', %s, '2027-01-01')",
                [algorithm],
            )


def test_they_are_listed_for_outsiders_with_what_they_vouch_for(rotated):
    old, new = map(str, rotated)
    command("retire", "--key", old, "--compromised", "--last-size", "1")
    happen()
    asked = Client(token=admit(PartyKind.BUYER).token).query(
        "{ logSm2Key logKeys { key } logSm2Keys { key fromSize lastSize compromised } }"
    )
    assert (asked["logSm2Key"], asked["logKeys"]) == (new, [{"key": str(keys()[0])}])
    assert asked["logSm2Keys"] == [
        {"key": old, "fromSize": "0", "lastSize": "1", "compromised": True},
        {"key": new, "fromSize": "3", "lastSize": None, "compromised": False},
    ]


class TestMonitor:
    def test_an_honest_log_is_followed_whatever_the_monitor_was_given(self, born, settings):
        blank, told_all = Monitor(keys()), Monitor(keys(), second=[born])
        for each in (blank, told_all):
            assert watched(monitor=each) == []
        assert (blank.trust.second.checked, told_all.trust.second.checked) == (False, True)
        settings.EGRET_LOG_SM2_KEY = B
        command("add", "--sm2")
        happen()
        command("retire", "--key", born)
        settings.EGRET_LOG_NEXT_KEY = SEED  # beside it the log's own key changes, too
        command("add")
        happen(2)
        for each in (blank, told_all, Monitor(keys()[:1]), Monitor(keys()[1:])):
            assert watched(monitor=each) == []
            assert each.trust.second.checked
        held = blank.trust.second.held
        assert [(text, each.since, each.last, each.added) for text, each in held.items()] == [
            (str(second()), 3, None, 2), (str(born), 0, 4, None),
        ]  # fmt: skip

    def forged(self, *lines):
        """Put other second lines under the checkpoint that is published."""
        note = parse_note(files().read("checkpoint"))
        files().put("checkpoint", str(type(note)(note.text, (note.signatures[0], *lines))).encode())
        return note.text

    def test_a_second_line_that_the_log_does_not_let_be_is_named(self, rotated, settings):
        old, new = rotated
        thief, note = sm2_signer(LogState.objects.get().log_id), parse_note(files().read("checkpoint"))
        command("retire", "--key", new, "--compromised", "--last-size", "3")
        happen()
        text = self.forged(thief.sign(parse_note(files().read("checkpoint")).text))
        monitor = Monitor(keys())
        beyond = [("second_beyond", (str(new)[:200], str(size())))]
        assert (watched(monitor=monitor), watched(monitor=monitor)) == (beyond, [])  # one finding for one checkpoint
        assert monitor.counted == {"key": 1}
        self.forged(Signature(old.name, old.key_id, thief.sign(text).signature))
        assert watched(old) == [("second_forged", (str(old)[:200],))]
        assert watched() == [("second_unknown", (old.key_id.hex(),))]
        settings.EGRET_LOG_SM2_KEY = C
        stranger = sm2_signer(LogState.objects.get().log_id)
        self.forged(stranger.sign(text))
        assert watched() == [("second_unknown", (stranger.verifier.key_id.hex(),))]
        assert parse_note(files().read("checkpoint")).text != note.text

    @pytest.mark.usefixtures("born")
    def test_before_any_is_known_an_unknown_line_is_nobodys_concern(self):
        assert watched() == []

    def test_it_keeps_them_in_its_state_and_says_what_it_could_not_check(self, rotated, tmp_path, monkeypatch, capsys):
        def look(*arguments):
            folder = storages["log"].path(str(LogState.objects.get().log_id))
            given = ("--folder", folder, "--key", str(keys()[0]), "--once", "--state", str(tmp_path / "state"))
            call_command("log", "monitor", *given, *map(str, arguments))
            return capsys.readouterr().out.splitlines()

        assert json.loads(look("--json")[0])["second_line"] == "checked"
        happen()
        assert [line.split()[0] for line in look()] == ["read"]
        happen()

        def absent():
            raise CannotSign("SM2 needs the library tongsuopy, which is not installed on this machine")

        with monkeypatch.context() as patch:
            patch.setattr(sm2, "_library", absent)
            lines = look()
        assert lines[1].startswith("not checked 未核对   second line 国密第二签名: SM2 needs the library tongsuopy")
        assert str(rotated[1]) in (tmp_path / "state").read_text()
        with pytest.raises(CommandError, match="several logs"):
            look("--sm2-key", replace(rotated[0], name="other.example"))


def test_mirrors_audits_and_witnesses_go_on(rotated, tmp_path, capsys):
    old, new = rotated
    (own,) = keys()
    assert mirror(files().read, LogFiles(".", DurableFileStorage(location=tmp_path / "copy")), own).findings == []
    witness = Witness(
        WitnessSigner("witness.example/w1", b"\x03" * 32), parse_policy(f"log {own}\nquorum none\n".encode()).origins, tmp_path
    )
    assert witness.add_checkpoint(b"old 0\n\n" + files().read("checkpoint"), seconds=1_790_000_000).status.value == 200
    audit("--key", own)
    audit("--key", own, "--sm2-key", new)
    with pytest.raises(CommandError, match="1 findings"):
        audit("--key", own, "--sm2-key", old)
    assert "is not signed by" in capsys.readouterr().out
