"""Asks another party's server something over HTTP, so that none that is away, slow or talkative holds anything up."""

from __future__ import annotations

import http.client
import socket
import threading
import time
from contextlib import suppress
from functools import partial
from typing import Final
from urllib.parse import urlsplit

CONNECTIONS: Final = {"http": http.client.HTTPConnection, "https": http.client.HTTPSConnection}
ADDRESSES_MAX: Final = 8
"""Of a host that has more, the rest is not tried."""
NOBODY: Final = (0, b"")


class NoAnswer(OSError):
    """There was no whole answer in time; the message says why and shows nothing that the other side could have written."""


def post(url: str, body: bytes, *, content_type: str, seconds: float, most: int) -> tuple[int, bytes]:
    """Post a body and return the answer's status and content; status 0 if there was none, in time and of at most ``most`` bytes.

    ``seconds`` are for everything together, however slowly the other side talks. A redirection is an answer like any other.
    """
    try:
        status, content = _asked("POST", url, body, {"Content-Type": content_type}, seconds=seconds, most=most)
    except NoAnswer:
        return NOBODY
    return (status, content) if len(content) <= most else NOBODY


def get(url: str, *, seconds: float, most: int) -> tuple[int, bytes]:
    """Get what an address has: status and content, of which no more than ``most`` bytes and one are read. Else as ``post``.

    Raises:
        NoAnswer: there was none in time, or it broke off.
    """
    return _asked("GET", url, None, {"User-Agent": "egret-log"}, seconds=seconds, most=most)


def _asked(method: str, url: str, body: bytes | None, headers: dict[str, str], *, seconds: float, most: int) -> tuple[int, bytes]:
    deadline = time.monotonic() + seconds
    try:
        parts = urlsplit(url)
        connection = CONNECTIONS[parts.scheme](parts.hostname or "", parts.port, timeout=seconds)
        connection._create_connection = partial(_reached, deadline)  # noqa: SLF001 its only way in
    except (KeyError, ValueError, http.client.InvalidURL) as error:
        raise NoAnswer("this is no http or https address") from error
    open_sockets: list[socket.socket] = []
    alarm = threading.Timer(seconds, _hang_up, [connection, open_sockets])
    alarm.start()
    try:
        connection.connect()
        open_sockets.append(connection.sock)  # the connection forgets it while the answer is still being read
        _require_in_time(deadline, seconds)  # the alarm may have rung when there was nothing to hang up on yet
        connection.request(method, f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}", body, headers)
        answer = connection.getresponse()
        content = answer.read(most + 1)
        _require_in_time(deadline, seconds)  # what was hung up on may look like an answer that ends here
    except NoAnswer:
        raise
    except (OSError, http.client.HTTPException, ValueError) as error:
        _require_in_time(deadline, seconds)
        raise NoAnswer(f"there is no answer ({type(error).__name__})") from error
    finally:
        alarm.cancel()
        connection.close()
    if len(content) <= most and answer.length:
        raise NoAnswer("the answer broke off")
    return answer.status, content


def _reached(deadline: float, address: tuple[str, int], *_given: object) -> socket.socket:
    """A connection to the first of a host's addresses that answers; all together have the time that is left, and not each.

    Whoever names the host also says how many addresses it has.
    """
    refused: OSError | None = None
    for *_kind, where in socket.getaddrinfo(*address, type=socket.SOCK_STREAM)[:ADDRESSES_MAX]:
        left = deadline - time.monotonic()
        if left <= 0:
            break
        try:
            return socket.create_connection((str(where[0]), int(where[1])), left)
        except OSError as error:
            refused = error
    raise refused or TimeoutError


def _require_in_time(deadline: float, seconds: float) -> None:
    if time.monotonic() >= deadline:
        raise NoAnswer(f"there is no whole answer within {seconds:g} seconds")


def _hang_up(connection: http.client.HTTPConnection, open_sockets: list[socket.socket]) -> None:
    for each in open_sockets or [connection.sock]:
        with suppress(OSError, AttributeError):  # it is not open, or no longer
            each.shutdown(socket.SHUT_RDWR)
