"""A server that is slow, endless, broken or malicious costs a bounded time and memory, and none of its words reach a terminal."""

import socket
import threading
import time
from contextlib import contextmanager

import pytest

from registry.log import asking
from registry.log.asking import NoAnswer, get, post
from registry.log.files import AlteredFile
from registry.log.mirror import read_over_http
from registry.log.tiles import FILE_BYTES_MAX


@contextmanager
def speaking(*parts, pause=0.0, for_ever=b""):
    """A server that reads a request and says these parts; then the last one for ever, with a pause after each."""
    done = threading.Event()

    def answer(connection):
        with connection:
            try:
                connection.recv(65_536)
                for part in parts:
                    connection.sendall(part)
                while for_ever and not done.wait(pause):
                    connection.sendall(for_ever)
            except OSError:
                return

    def serve(listening):
        while not done.is_set():
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=[connection], daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=serve, args=[listening], daemon=True).start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/log"
        done.set()


OK = b"HTTP/1.1 200 OK\r\n"
SLOW = {
    "a status line": ((), b"H"),
    "a header": ((OK, b"X-Long: "), b"x"),
    "headers before the answer": ((), b"HTTP/1.1 100 Continue\r\n\r\n"),
    "a body of known length": ((OK, b"Content-Length: 9999\r\n\r\n"), b"x"),
    "a body that ends when the connection does": ((OK, b"\r\n"), b"x"),
    "a body in pieces": ((OK, b"Transfer-Encoding: chunked\r\n\r\n"), b"1\r\nx\r\n"),
}


@pytest.mark.parametrize("what", SLOW)
def test_a_server_that_never_comes_to_an_end_is_hung_up_on(what):
    said, for_ever = SLOW[what]
    with speaking(*said, pause=0.02, for_ever=for_ever) as url:
        began = time.monotonic()
        with pytest.raises(NoAnswer, match=r"no whole answer within 0\.4 seconds"):
            get(url, seconds=0.4, most=100_000)
        assert post(url, b"", content_type="text/plain", seconds=0.4, most=100_000) == (0, b"")
        assert time.monotonic() - began < 60  # it would take an hour to say all that is read


def test_a_connection_that_took_all_the_time_there_was_is_not_used(monkeypatch):
    connect = socket.create_connection

    def late(*arguments, **given):
        time.sleep(0.5)
        return connect(*arguments, **given)

    monkeypatch.setattr(asking.socket, "create_connection", late)
    with speaking(OK, b"Content-Length: 99999\r\n\r\n", pause=0.02, for_ever=b"x") as url:
        began = time.monotonic()
        with pytest.raises(NoAnswer, match="no whole answer within"):
            get(url, seconds=0.3, most=100_000)
        assert time.monotonic() - began < 60


def test_a_host_of_many_addresses_that_do_not_answer_gets_the_time_of_one(monkeypatch):
    tried = []

    def unanswered(address, timeout):
        tried.append((address, timeout))
        time.sleep(min(timeout, 0.2))
        raise TimeoutError

    many = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (f"192.0.2.{number}", 80)) for number in range(250)]
    monkeypatch.setattr(asking.socket, "getaddrinfo", lambda *_, **__: many)
    monkeypatch.setattr(asking.socket, "create_connection", unanswered)
    with pytest.raises(NoAnswer, match=r"no whole answer within 0\.5 seconds"):
        get("http://many.example/", seconds=0.5, most=100)
    assert 1 <= len(tried) <= 3
    assert [timeout for _, timeout in tried] == sorted((timeout for _, timeout in tried), reverse=True)
    monkeypatch.setattr(asking, "ADDRESSES_MAX", 2)
    tried.clear()
    with pytest.raises(NoAnswer, match="there is no answer"):
        get("http://many.example/", seconds=60, most=100)
    assert [address for address, _ in tried] == [("192.0.2.0", 80), ("192.0.2.1", 80)]


def test_of_an_endless_file_no_more_is_read_than_a_log_has():
    with speaking(OK, b"\r\n", for_ever=b"x" * 1_000_000) as url, pytest.raises(AlteredFile, match=f"longer than {FILE_BYTES_MAX} bytes"):
        read_over_http(url)("checkpoint")


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (b"HTTP/1.1 500 \x1b]0;owned\x07\r\nContent-Length: 0\r\n\r\n", "checkpoint: the server answers with status 500"),
        (
            b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
            "checkpoint: the server answers with status 302: give the address that it leads to",
        ),
        (b"HTTP/1.1 206 Partial\r\nContent-Length: 1\r\n\r\nx", "checkpoint: the server answers with status 206"),
        (b"\x1b[2J\r\n\r\n", "checkpoint: there is no answer (BadStatusLine)"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nx", "checkpoint: the answer broke off"),
        (b"", "checkpoint: there is no answer (RemoteDisconnected)"),
    ],
    ids=["error", "redirection", "part", "no HTTP", "cut", "nothing"],
)
def test_what_is_no_file_is_an_error_in_our_own_words(said, message):
    with speaking(said) as url, pytest.raises(NoAnswer) as refused:
        read_over_http(url)("checkpoint")
    assert str(refused.value) == message


def test_a_file_that_is_not_there_is_none():
    with speaking(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n") as url:
        assert read_over_http(url)("checkpoint") is None
