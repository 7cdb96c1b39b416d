"""`manage.py log monitor`: once and as the log grows, in a folder and over HTTP, with a state file that outlives a kill."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from functools import partial
from hashlib import sha256
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from registry.log.canonical import canonical
from tests.registry.log.published import KEY, written
from tests.registry.log.story import Story, market, uid
from tests.registry.log.test_log_command import put
from tests.support.children import SECONDS, ending, next_line

ROOT = Path(__file__).parents[3]
VKEY = str(KEY.verifier)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "log"


def publish(folder, story):
    """Publish as a market does: the checkpoint last."""
    files = written(len(story.leaves), entries=story.leaves)
    checkpoint = files.pop("checkpoint")
    put(folder, files)
    (folder / "checkpoint.new").write_bytes(checkpoint)
    (folder / "checkpoint.new").replace(folder / "checkpoint")


def monitor(folder, *arguments):
    call_command("log", "monitor", "--folder", str(folder), "--key", VKEY, "--once", *map(str, arguments))


def told(capsys):
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_lawful_log_passes_in_its_folder_and_over_http(folder, capsys):
    publish(folder, market())
    monitor(folder)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=folder))
    server.RequestHandlerClass.log_message = lambda *_: None
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        call_command("log", "monitor", "--url", f"http://127.0.0.1:{server.server_port}", "--key", VKEY, "--once")
    finally:
        server.shutdown()
        server.server_close()
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert all(f"{KEY.name}: {len(market().leaves)} entries 条, 2 nothing to the register" in line for line in lines)


def test_a_violation_is_told_in_both_languages_and_fails_the_command(folder, capsys):
    story = market()
    index = story.licensed("x", "flights", "maker", "b", valid_to="2031-01-01")
    publish(folder, story)
    with pytest.raises(CommandError, match="2 findings 项问题"):
        monitor(folder)
    out = capsys.readouterr().out
    assert f"tile/entries/000.p/{len(story.leaves)} at {index}: goes beyond the term of the right {uid('operate flights')}" in out
    assert "超出所依据的权利" in out
    with pytest.raises(CommandError):
        monitor(folder, "--json")
    first, second, last = told(capsys)
    assert (first["kind"], first["code"], first["index"]) == ("uncovered", "parent_term", index)
    assert second["code"] == "licensor"
    assert last == {"said": "read", "log": KEY.name, "size": len(story.leaves), "findings": {"uncovered": 2}, "passed_over": 2}


def test_a_state_file_saves_the_reading_and_remembers_what_was_found(folder, tmp_path, capsys):
    story, state = market(), tmp_path / "state"
    for number in range(300):
        story.tell("listing.listed", listing=uid(str(number)))
    index = story.licensed("x", "flights", "maker", "b")
    publish(folder, story)
    with pytest.raises(CommandError, match="1 findings"):
        monitor(folder, "--state", state, "--json")
    assert [line["said"] for line in told(capsys)] == ["wrong", "read"]
    (folder / "tile/entries/000").unlink()  # it is not read again
    story.owned("more", "airport")
    publish_only_new = written(len(story.leaves), entries=story.leaves)
    del publish_only_new["tile/entries/000"]
    put(folder, publish_only_new)
    with pytest.raises(CommandError, match="1 findings"):
        monitor(folder, "--state", state, "--json")
    known, last = told(capsys)
    assert (known["said"], known["index"], last["size"]) == ("known", index, len(story.leaves))
    other = Story()
    other.owned("else", "airport")
    publish(folder, other)
    before = state.read_bytes()
    with pytest.raises(CommandError):
        monitor(folder, "--state", state)
    assert "cut or forked" in capsys.readouterr().out
    assert state.read_bytes() == before


def test_what_waits_for_its_deposit_is_open_with_a_state_and_a_finding_without(folder, tmp_path, capsys):
    story = market()
    story.thing("lone", "airport")
    index = story.granted("lone right", "lone", "airport")
    publish(folder, story)
    monitor(folder, "--state", tmp_path / "state", "--json")
    assert [(line["said"], line.get("code"), line.get("index")) for line in told(capsys)] == [
        ("open", "no_deposit", index), ("read", None, None)
    ]  # fmt: skip
    with pytest.raises(CommandError, match="1 findings"):
        monitor(folder)
    story.deposited("lone filing", "lone", "airport", ("lone right", "OPERATE"))
    publish(folder, story)
    monitor(folder, "--state", tmp_path / "state")
    monitor(folder)


def test_a_certificate_must_be_in_the_log_as_it_stands(folder, tmp_path, capsys):
    statement = canonical({"id": "x", "credentialSubject": {"number": "EGR-7"}})
    story = market()
    story.certified("EGR-7", "filing table", "table", statement)
    publish(folder, story)
    good, secured, changed, unknown = (tmp_path / name for name in ("good", "secured", "changed", "unknown"))
    good.write_bytes(statement)
    secured.write_text(json.dumps(json.loads(statement) | {"proof": {"proofValue": "z"}}, indent=2))
    changed.write_bytes(statement.replace(b'"x"', b'"y"'))
    unknown.write_bytes(canonical({"number": "EGR-8"}))
    monitor(folder, "--certificate", good, "--certificate", secured)
    capsys.readouterr()
    with pytest.raises(CommandError, match="2 findings"):
        monitor(folder, "--certificate", changed, "--certificate", good, "--certificate", unknown, "--json")
    first, second, _ = told(capsys)
    assert (first["file"], first["code"], first["kind"]) == ("changed", "other_hash", "certificate")
    assert sha256(statement).hexdigest() in first["english"]
    assert (second["file"], second["code"]) == ("unknown", "no_entry")
    unknown.write_bytes(b"no JSON")
    with pytest.raises(CommandError, match="unknown is no certificate"):
        monitor(folder, "--certificate", unknown)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--every", "0"], "a number of seconds from 0.1 to 86400"),
        (["--late", "x"], "a whole number of seconds from 1 to 86400"),
        (["--late", "0.5"], "a whole number of seconds from 1 to 86400"),
        (["--late", "86401"], "a whole number of seconds from 1 to 86400"),
        (["--certificate", "/nowhere"], "/nowhere"),
        (["--key", "nonsense"], "not an Ed25519 key"),
        (["--every", "5"], "not allowed with argument"),
    ],
    ids=["every", "late", "late by a part", "very late", "certificate", "key", "both"],
)
def test_a_wrong_option_is_an_error_in_one_line(folder, arguments, said):
    publish(folder, market())
    with pytest.raises(CommandError, match=said):
        monitor(folder, *arguments)


def test_a_damaged_state_stops_the_monitor_and_stays_as_it_is(folder, tmp_path):
    publish(folder, market())
    state = tmp_path / "state"
    state.write_bytes(b"{}\n{}")
    with pytest.raises(CommandError, match="is no state of a monitor"):
        monitor(folder, "--state", state)
    assert state.read_bytes() == b"{}\n{}"


@contextmanager
def started(folder, state):
    environment = {"PATH": os.environ["PATH"], "EGRET_VAR": str(folder.parent / "var"), "SECRET_KEY": "x" * 50}
    arguments = ["log", "monitor", "--folder", folder, "--key", VKEY, "--state", state, "--every", "0.2", "--json"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    background = ["sh", "-c", 'trap "" INT; exec "$@"', "sh"]  # a shell has what it starts in the background ignore SIGINT
    command = [*background, sys.executable, "manage.py", *map(str, arguments)]
    with ending(subprocess.Popen(command, cwd=ROOT, env=environment, **pipes)) as process:
        yield process


def next_told(process, said):
    while True:
        read = json.loads(next_line(process))
        if read["said"] == said:
            return read


def test_it_runs_without_a_database_follows_the_log_and_goes_on_after_a_kill(folder, tmp_path):
    story, state = market(), tmp_path / "state"
    publish(folder, story)
    with started(folder, state) as process:
        assert next_told(process, "read")["size"] == len(story.leaves)
        index = story.licensed("x", "flights", "maker", "b")
        publish(folder, story)
        assert next_told(process, "wrong")["index"] == index
        assert next_told(process, "read")["findings"] == {"uncovered": 1}
        deadline = time.monotonic() + SECONDS
        while b'"uncovered":1' not in state.read_bytes() and time.monotonic() < deadline:
            time.sleep(0.1)
        process.send_signal(signal.SIGKILL)
    story.sold("later", "table", "maker", "c")
    publish(folder, story)
    with started(folder, state) as process:
        read = next_told(process, "read")
        assert (read["size"], read["findings"]) == (len(story.leaves), {"uncovered": 1})
        (folder / "checkpoint").rename(folder / "away")
        assert next_told(process, "wrong")["code"] == "missing"
        (folder / "away").rename(folder / "checkpoint")
        process.send_signal(signal.SIGINT)
        assert process.wait(SECONDS) == 0
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == [".state.lock"]


def test_a_second_monitor_of_one_state_is_refused(folder, tmp_path):
    """It could write an older state over a newer one."""
    publish(folder, market())
    with started(folder, tmp_path / "state") as process:
        next_told(process, "read")
        with pytest.raises(CommandError, match=r"another process is at work on .*/state"):
            monitor(folder, "--state", tmp_path / "state")
        process.terminate()
        assert process.wait(SECONDS) == 0
    monitor(folder, "--state", tmp_path / "state")


def test_a_state_that_could_not_be_kept_is_found_out_before_the_log_is_read(folder, tmp_path):
    with pytest.raises(CommandError, match="nowhere"):
        monitor(folder, "--state", tmp_path / "nowhere" / "state")


def test_the_monitor_needs_neither_django_nor_the_register(folder, tmp_path):
    publish(folder, market())
    script = f"""
import sys
from pathlib import Path
from registry.log.monitor.live import Watch
from registry.log.note import Verifier
def read(path):
    file = Path({str(folder)!r}) / path
    return file.read_bytes() if file.exists() else None
watch = Watch(read, [Verifier.parse({VKEY!r})], state=Path({str(tmp_path / "state")!r}), late_seconds=60)
done, fresh = watch.look(lambda read, of: None)
watch.keep()
loaded = [name for name in sys.modules if name.split(".")[0] in ("django", "psycopg", "graphene") or name.startswith("registry.rights")]
print(done.sound, fresh, watch.monitor.frontier.size, loaded)
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True, timeout=SECONDS)
    assert done.stdout.strip() == f"True [] {len(market().leaves)} []"
