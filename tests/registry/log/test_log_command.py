"""`manage.py log`: audit and mirror a log in a folder and over HTTP, and a witness as a real process."""

import http.client
import os
import socket
import subprocess
import sys
import threading
import time
from base64 import b64encode
from contextlib import contextmanager, suppress
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from registry.base.storage import alone
from registry.log.checkpoint import open_checkpoint
from registry.log.cosignature import WitnessKey, WitnessSigner
from registry.log.merkle import Tree, leaf_hash
from registry.log.note import Signer, sign_note
from tests.registry.log.published import KEY, written
from tests.support.children import SECONDS, ending, next_line

ROOT = Path(__file__).parents[3]


def put(folder, files):
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


@pytest.fixture
def served(tmp_path):
    """A log of 700 entries in a folder, and its address."""
    folder = tmp_path / "log"
    put(folder, written(700))
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=folder))
    server.RequestHandlerClass.log_message = lambda *_: None
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield folder, f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


def test_a_log_is_audited_in_its_folder_and_over_http(served, capsys):
    folder, url = served
    key = str(KEY.verifier)
    call_command("log", "audit", "--folder", str(folder), "--key", key)
    call_command("log", "audit", "--url", url, "--key", key)
    assert capsys.readouterr().out.count(f"{KEY.name}: 700 entries") == 2
    (folder / "tile/0/001").write_bytes(bytes(8192))
    with pytest.raises(CommandError, match="1 findings"):
        call_command("log", "audit", "--url", url, "--key", key)
    assert "tile/0/001 at 256: was altered" in capsys.readouterr().out


def test_a_mirror_is_kept_over_http_and_refuses_a_fork(served, capsys, tmp_path):
    folder, url = served
    key, copy = str(KEY.verifier), tmp_path / "copy"
    call_command("log", "mirror", "--url", url, "--to", str(copy), "--key", key)
    call_command("log", "audit", "--folder", str(copy), "--key", key)
    assert (copy / "checkpoint").read_bytes() == (folder / "checkpoint").read_bytes()
    put(folder, written(700, entries=[b"another past"] * 700))
    with pytest.raises(CommandError):
        call_command("log", "mirror", "--url", url, "--to", str(copy), "--key", key)
    assert "altered or forked" in capsys.readouterr().out


def test_of_two_mirrors_of_one_folder_the_second_is_refused(served, tmp_path):
    _, url = served
    arguments = ["mirror", "--url", url, "--to", str(tmp_path), "--key", str(KEY.verifier)]
    with alone(tmp_path), pytest.raises(CommandError, match="another process is at work on"):
        call_command("log", *arguments)
    assert not (tmp_path / "checkpoint").exists()
    call_command("log", *arguments)
    assert (tmp_path / "checkpoint").exists()


OTHER = Signer.of_seed("log.example/other", b"\x09" * 32)
GOOD = written(700)["checkpoint"]
UNTRUSTED = {
    b"x" * 70_000: ("a checkpoint has at most 65536 bytes", "检查点最多 65536 字节"),
    b"\xff\n\nx\n": ("a note is UTF-8", "签注须为 UTF-8 编码"),
    b"x": ("a note is a text, a blank line and signature lines", "签注须由正文、空行和签名行组成"),
    b"x\n\ny\n": ("a signature line is a dash, a name and base64", "签名行须由破折号、名称和 base64 组成"),
    "x\n\n\u2014 y ====\n".encode(): ("not base64", "不是 base64"),
    "x\n\n\u2014 y AAAA\n".encode(): ("a signature line holds a key id and a signature", "签名行须含公钥编号和签名"),
    "x\n\n\u2014 y+ AAAAAAAA\n".encode(): (
        "a key name is printable, without spaces and plus signs",
        "公钥名称须为可显示字符，不含空格和加号",
    ),
    "x\ty\n\n\u2014 y AAAAAAAA\n".encode(): (
        "a note's text ends with a newline and has no control characters",
        "签注正文须以换行结尾，且不含控制字符",
    ),
    b"x\n\n" + b"y\n" * 101: ("a note has at most 100 signatures", "签注最多 100 个签名"),
    GOOD.replace(b"700", b"701"): (f"the signature of {KEY.name} is bad", f"{KEY.name} 的签名无效"),
    str(sign_note("x\n1\ny\n", [OTHER])).encode(): ("no trusted key signed the note", "没有可信公钥签署该签注"),
    str(sign_note("x\n", [KEY])).encode(): ("a checkpoint has three lines", "检查点须有三行"),
    str(sign_note("x\n01\ny\n", [KEY])).encode(): ("the size is not a decimal number", "规模不是十进制数"),
    str(sign_note("x\n1\n====\n", [KEY])).encode(): ("the root is not base64", "根不是 base64"),
    str(sign_note("x\n1\nAAAA\n", [KEY])).encode(): ("a size has 63 bits and a root 32 bytes", "规模不超过 63 位，根须为 32 字节"),
    str(sign_note(f"x\n0\n{'A' * 43}=\n", [KEY])).encode(): ("an empty log has the empty root", "空日志须有空根"),
    str(sign_note(f"x\n1\n{'A' * 43}=\n", [KEY])).encode(): (f"the origin is x, not {KEY.name}", f"日志名称为 x，而非 {KEY.name}"),
}


@pytest.mark.parametrize("note", UNTRUSTED, ids=[english for english, _ in UNTRUSTED.values()])
def test_why_a_checkpoint_is_not_to_be_believed_is_told_in_both_languages(note, tmp_path, capsys):
    put(tmp_path, {"checkpoint": note})
    english, chinese = UNTRUSTED[note]
    for command in (["audit"], ["monitor", "--once"]):
        with pytest.raises(CommandError, match="1 findings"):
            call_command("log", *command, "--folder", str(tmp_path), "--key", str(KEY.verifier))
        assert capsys.readouterr().out.splitlines()[0].split("   ", 1)[1].strip() == f"checkpoint: {english} / 不可信：{chinese}"


def test_why_a_key_cannot_be_one_is_told_in_both_languages(tmp_path):
    wrong = str(KEY.verifier).replace("log.example", "log.other")
    for key, told in (
        (wrong, "the key id is not that of the key / 公钥编号与公钥不符"),
        ("x", "the key is not an Ed25519 key of type 01 / "),
    ):
        with pytest.raises(CommandError, match=told):
            call_command("log", "audit", "--folder", str(tmp_path), "--key", key)


SEEN = WitnessSigner("witness.example/w1", b"\x07" * 32)


def test_an_audit_by_a_policy_asks_for_the_witnesses_too(served, capsys, tmp_path):
    folder, url = served
    policy = tmp_path / "policy"
    policy.write_text(f"log {KEY.verifier}\nwitness w1 {SEEN.key}\nquorum w1\n")
    audit = partial(call_command, "log", "audit", "--url", url, "--key", str(KEY.verifier), "--policy", str(policy))
    with pytest.raises(CommandError, match="1 findings"):
        audit()
    assert "checkpoint: w1 has not witnessed it / 不可信：w1 未见证" in capsys.readouterr().out
    note = (folder / "checkpoint").read_bytes()
    (folder / "checkpoint").write_bytes(note + SEEN.cosign(note.decode().partition("\n\n")[0] + "\n", seconds=1).line.encode())
    audit()
    assert "700 entries" in capsys.readouterr().out
    policy.write_text("nonsense")
    with pytest.raises(CommandError, match="line 1"):
        audit()


@pytest.fixture
def rude():
    """Start servers that answer every connection with the given bytes, whatever was asked; returns the address of each."""
    listening = []

    def start(answer):
        server = socket.create_server(("127.0.0.1", 0))
        listening.append(server)

        def serve():
            with suppress(OSError):
                while True:
                    link, _ = server.accept()
                    with link:
                        link.recv(1000)
                        link.sendall(answer)

        threading.Thread(target=serve, daemon=True).start()
        return f"http://127.0.0.1:{server.getsockname()[1]}/"

    yield start
    for server in listening:
        server.shutdown(socket.SHUT_RDWR)
        server.close()


@pytest.mark.parametrize(
    "answer",
    [
        *(b"", b"\xff\xff\r\n\r\n", b"HTTP/1.1 500 No\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nlog.example"),
        *(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFF\r\nlog", b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 200 + b"\r\n"),
        *(b"HTTP/1.1 302 Found\r\nLocation: file:///etc/hostname\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * (18 * 2**20)),
    ],
    ids=["nothing", "no HTTP", "500", "cut", "cut chunk", "headers", "redirect", "endless"],
)
def test_a_server_that_breaks_off_or_answers_rubbish_is_an_error_in_one_line(rude, answer, tmp_path):
    url = rude(answer)
    for more in (["audit"], ["mirror", "--to", str(tmp_path / "copy")]):
        with pytest.raises(CommandError):
            call_command("log", *more, "--url", url, "--key", str(KEY.verifier))
    assert not (tmp_path / "copy" / "checkpoint").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ["audit", "--folder", "/nowhere", "--key", str(KEY.verifier)],
        ["audit", "--folder", ".", "--key", "nonsense"],
        ["audit", "--url", "ftp://x", "--key", str(KEY.verifier)],
        ["witness", "--name", "w", "--policy", "/nowhere", "--folder", "."],
        ["witness", "--name", "w", "--policy", "/nowhere", "--folder", ".", "--port", "65536"],
        ["audit", "--folder", ".", "--key", str(KEY.verifier), "--policy", "/dev/zero"],  # of which no more is read than a policy has
    ],
    ids=["folder", "key", "address", "policy", "port", "endless policy"],
)
def test_a_wrong_option_is_an_error_in_one_line(arguments, monkeypatch):
    monkeypatch.setenv("EGRET_WITNESS_KEY", "07" * 32)
    with pytest.raises(CommandError):
        call_command("log", *arguments)


@pytest.mark.parametrize("seed", ["", "07" * 31, "x" * 64])
def test_a_witness_without_a_seed_says_which_variable_to_set(seed, monkeypatch):
    monkeypatch.setenv("EGRET_WITNESS_KEY", seed)
    with pytest.raises(CommandError, match="set EGRET_WITNESS_KEY to the witness's seed"):
        call_command("log", "witness", "--name", "w", "--policy", "/nowhere", "--folder", ".")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def post(port, path, body):
    """Return status, type and body of the witness's answer; wait a little for its start."""
    deadline = time.monotonic() + SECONDS
    while True:
        link = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
        try:
            link.request("POST", path, body)
            answer = link.getresponse()
            return answer.status, answer.headers["Content-Type"], answer.read()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        finally:
            link.close()


def test_a_witness_runs_without_a_database_and_remembers_across_a_kill(tmp_path):
    policy, port = tmp_path / "policy", free_port()
    policy.write_text(f"log {KEY.verifier}\nquorum none\n")
    arguments = ["log", "witness", "--name", "witness.example/w1", "--policy", policy, "--folder", tmp_path / "kept", "--port", str(port)]
    environment = {"PATH": os.environ["PATH"], "EGRET_WITNESS_KEY": "07" * 32, "EGRET_VAR": str(tmp_path / "var"), "SECRET_KEY": "x" * 50}
    tree = Tree(leaf_hash(f"entry {number}".encode()) for number in range(700))

    @contextmanager
    def running():
        told = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True, "start_new_session": True}
        with ending(subprocess.Popen([sys.executable, "manage.py", *arguments], cwd=ROOT, env=environment, **told)) as process:
            yield process

    with running() as witness:
        key = WitnessKey.parse(next_line(witness).strip())
        status, _, line = post(port, "/add-checkpoint", b"old 0\n\n" + written(300)["checkpoint"])
        assert (status, line.decode().startswith("\u2014 witness.example/w1 ")) == (200, True)
        assert open_checkpoint(written(300)["checkpoint"] + line, log=KEY.verifier, witnesses=[key])[1] == (KEY.verifier, key)
    with running():
        assert post(port, "/add-checkpoint", b"old 0\n\n" + written(700)["checkpoint"]) == (409, "text/x.tlog.size", b"300\n")
        proof = b"".join(b64encode(each) + b"\n" for each in tree.consistency_proof(300, 700))
        assert post(port, "/add-checkpoint", b"old 300\n" + proof + b"\n" + written(700)["checkpoint"])[0] == 200
        assert post(port, "/", b"x")[0] == 404
