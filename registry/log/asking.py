"""Asks another party's server something over HTTP, so that none that is away, slow or talkative holds anything up."""

from __future__ import annotations

import http.client
import socket
import threading
from contextlib import suppress
from typing import Final
from urllib.parse import urlsplit

CONNECTIONS: Final = {"http": http.client.HTTPConnection, "https": http.client.HTTPSConnection}
NOBODY: Final = (0, b"")


def post(url: str, body: bytes, *, content_type: str, seconds: float, most: int) -> tuple[int, bytes]:
    """Post a body and return the answer's status and content; status 0 if there was none, in time and of at most ``most`` bytes.

    ``seconds`` are for everything together, however slowly the other side talks. A redirection is an answer like any other.
    """
    try:
        parts = urlsplit(url)
        connection = CONNECTIONS[parts.scheme](parts.hostname or "", parts.port, timeout=seconds)
    except (KeyError, ValueError, http.client.InvalidURL):
        return NOBODY
    open_sockets: list[socket.socket] = []
    alarm = threading.Timer(seconds, _hang_up, [connection, open_sockets])
    alarm.start()
    try:
        connection.connect()
        open_sockets.append(connection.sock)  # the connection forgets it while the answer is still being read
        connection.request("POST", f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}", body, {"Content-Type": content_type})
        answer = connection.getresponse()
        content = answer.read(most + 1)
    except (OSError, http.client.HTTPException, ValueError):
        return NOBODY
    finally:
        alarm.cancel()
        connection.close()
    return (answer.status, content) if len(content) <= most and not answer.length else NOBODY


def _hang_up(connection: http.client.HTTPConnection, open_sockets: list[socket.socket]) -> None:
    for each in open_sockets or [connection.sock]:
        with suppress(OSError, AttributeError):  # it is not open, or no longer
            each.shutdown(socket.SHUT_RDWR)
