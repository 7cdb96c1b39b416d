"""One reading of a log has limits of its own: whoever has the log's key can sign any size, and serve files without end."""

import signal
import threading
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.core.management import CommandError, call_command

from marketplace.management.commands import log as command
from registry.log.checkpoint import Checkpoint, sign_checkpoint
from registry.log.tiles import encode_bundle
from tests.registry.log.published import KEY, written
from tests.registry.log.story import market, uid
from tests.registry.log.test_log_command import put

VKEY = str(KEY.verifier)
ENDLESS = sign_checkpoint(Checkpoint(KEY.name, 2**40, b"\x01" * 32), [KEY])


@contextmanager
def endless():
    """A log that signs a size without end, and has a file of the right form for every address; yields its address and what was asked."""
    asked = []

    class Endless(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path.removeprefix("/"))
            content = ENDLESS if asked[-1] == "checkpoint" else encode_bundle([b"x"] * 256) if "entries" in asked[-1] else b"\x01" * 8192
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Endless)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/", asked
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def folder(tmp_path):
    """A log of 700 entries."""
    put(tmp_path / "log", written(700))
    return tmp_path / "log"


@pytest.fixture
def handlers():
    """What a monitor that goes on does with signals ends with the test."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def doing(tmp_path, *more):
    """The three readers and a monitor that goes on, each with the same options."""
    commands = (["audit"], ["mirror", "--to", str(tmp_path / "copy")], ["monitor", "--once"], ["monitor"])
    return [partial(call_command, "log", *each, "--key", VKEY, *map(str, more)) for each in commands]


def test_a_log_that_signs_a_size_without_end_is_refused_before_an_entry_is_read(tmp_path, handlers):
    with endless() as (url, asked):
        for read in doing(tmp_path, "--url", url):
            with pytest.raises(CommandError) as refused:
                read()
            assert str(refused.value) == (
                "size 1099511627776 is signed, 0 entries were verified before, and one reading takes at most 10000000: no entry was read."
                " If you believe that the log is so long, give a larger --entries-max / 已签署规模 1099511627776，此前已核实 0 条，"
                "一次最多读取 10000000 条：未读取任何条目。若确信日志如此之长，请调大 --entries-max"
            )
        assert asked == ["checkpoint"] * 4
    assert [path.name for path in (tmp_path / "copy").iterdir()] == [".lock"]


def test_files_without_end_end_the_reading(tmp_path, handlers):
    with endless() as (url, asked):
        for read in doing(tmp_path, "--url", url, "--entries-max", 2**40, "--bytes-max", 100_000):
            with pytest.raises(CommandError, match=r"the reading ended at 2?\d{3} of 1099511627776 entries: .* more than 100000 bytes"):
                read()
        assert len(asked) < 4 * 40
    assert not (tmp_path / "copy" / "checkpoint").exists()


def test_the_limit_is_for_what_is_new(folder, tmp_path, handlers, capsys):
    for read in doing(tmp_path, "--folder", folder, "--entries-max", 699):
        with pytest.raises(CommandError, match="size 700 is signed, 0 entries were verified before"):
            read()
    follow = doing(tmp_path, "--folder", folder, "--entries-max", 700)[1]
    follow()
    put(folder, written(1401))
    with pytest.raises(CommandError, match=r"size 1401 is signed, 700 entries were verified before, .*已核实 700 条"):
        follow()
    put(folder, written(1400))
    follow()
    call_command("log", "audit", "--folder", str(tmp_path / "copy"), "--key", VKEY)
    assert "1400 entries under the signed root" in capsys.readouterr().out


def test_a_copy_that_was_left_half_way_is_gone_on_with(folder, tmp_path, capsys):
    mirror = doing(tmp_path, "--folder", folder)[1]
    with pytest.raises(CommandError, match=r"the reading ended at 256 of 700 entries: .* 读至第 256 条（共 700 条）时中止：.* 20000 字节"):
        mirror("--bytes-max", "20000")
    assert not (tmp_path / "copy" / "checkpoint").exists()
    mirror()
    call_command("log", "audit", "--folder", str(tmp_path / "copy"), "--key", VKEY)
    assert "700 entries under the signed root" in capsys.readouterr().out


def test_what_was_found_by_then_is_told(folder, tmp_path, capsys):
    (folder / "tile/0/000").write_bytes(bytes(8192))
    for read in doing(tmp_path, "--folder", folder, "--bytes-max", 20_000)[:3]:
        with pytest.raises(CommandError, match="the reading ended at"):
            read()
    assert capsys.readouterr().out.count("tile/0/000 at 0: was altered") == 3


def test_a_monitor_that_was_refused_keeps_what_it_knew_and_goes_on_when_it_may(tmp_path, capsys):
    story, folder, state = market(), tmp_path / "log", tmp_path / "state"
    put(folder, written(len(story.leaves), entries=story.leaves))
    monitor = partial(call_command, "log", "monitor", "--folder", str(folder), "--key", VKEY, "--once", "--state", str(state))
    monitor()
    before, known = state.read_bytes(), len(story.leaves)
    for number in range(600):
        story.tell("listing.listed", listing=uid(str(number)))
    put(folder, written(len(story.leaves), entries=story.leaves))
    for limit in (["--entries-max", "599"], ["--bytes-max", "100000"]):
        with pytest.raises(CommandError, match=rf"{known} entries were verified before|the reading ended at 256 of {known + 600}"):
            monitor(*limit)
        assert state.read_bytes() == before
    monitor("--entries-max", "600")
    assert f"{known + 600} entries 条" in capsys.readouterr().out


def test_a_long_reading_says_how_far_it_is(folder, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(command, "PROGRESS_SECONDS", 0)
    for read in doing(tmp_path, "--folder", folder)[:3]:
        with pytest.raises(CommandError) if "monitor" in read.args else pytest.MonkeyPatch.context():  # its entries are no events
            read()
        assert [line for line in capsys.readouterr().err.splitlines() if " of " in line] == [
            f"read 已读     {size} of 700 entries 条" for size in (256, 512, 700)
        ]


@pytest.mark.parametrize("wrong", ["0", "-1", "1e9", "x", "9223372036854775808"])
@pytest.mark.parametrize("option", ["--entries-max", "--bytes-max"])
def test_a_wrong_limit_is_an_error_in_one_line(folder, option, wrong):
    with pytest.raises(CommandError, match=rf"argument {option}: a whole number from 1 to 9223372036854775807|expected one argument"):
        call_command("log", "audit", "--folder", str(folder), "--key", VKEY, option, wrong)
