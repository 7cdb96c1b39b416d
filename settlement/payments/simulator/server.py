"""Puts the simulator on a loopback port with the standard library's WSGI server, one thread per request and a limit on everything."""

from __future__ import annotations

import json
import logging
import secrets
import socket
import threading
from http.client import responses
from socketserver import TCPServer, ThreadingMixIn
from typing import TYPE_CHECKING, Any, Final
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from settlement.payments.simulator.app import Reply, Request
from settlement.payments.simulator.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIEnvironment

    from settlement.payments.simulator.app import Simulator

MAX_BODY_BYTES: Final = 64 * 1024
MAX_LENGTH_DIGITS: Final = 12
MAX_CONCURRENT: Final = 64
SOCKET_TIMEOUT_S: Final = 10.0
_CONNECTION: Final = "simulator.connection"
_HEADERS: Final = {
    "HTTP_AUTHORIZATION": "authorization",
    "HTTP_IDEMPOTENCY_KEY": "idempotency-key",
    "HTTP_STRIPE_ACCOUNT": "stripe-account",
    "HTTP_STRIPE_VERSION": "stripe-version",
}
_log = logging.getLogger(__name__)


class Handler(WSGIRequestHandler):
    """Hands the connection to the application, which must be able to drop it, and writes no access log."""

    timeout = SOCKET_TIMEOUT_S

    def get_environ(self) -> WSGIEnvironment:
        """The request's environment with its connection."""
        return {**super().get_environ(), _CONNECTION: self.connection}

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's signature
        """The standard error stream is for faults of the simulator itself."""


class Server(ThreadingMixIn, WSGIServer):
    """A threaded WSGI server on 127.0.0.1."""

    daemon_threads = True
    request_queue_size = 128

    def server_bind(self) -> None:
        """Bind without asking DNS for the host's name, as the base class does: a machine without a network would wait for it."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = "127.0.0.1", self.server_address[1]
        self.setup_environ()


class Application:
    """The WSGI application around a simulator: reads within limits, writes JSON, drops connections on request."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator
        self._slots = threading.BoundedSemaphore(MAX_CONCURRENT)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request; an unforeseen error is a 500 in Stripe's shape and a trace on standard error."""
        reply = self._reply(environ)
        if reply.drop:
            environ[_CONNECTION].shutdown(socket.SHUT_RDWR)
        body = json.dumps(reply.body, ensure_ascii=False).encode()
        headers = {
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
            "Request-Id": f"req_simulator_{secrets.token_hex(8)}",
            "X-Simulator": "Egret Stripe simulator",
            **reply.headers,
        }
        start_response(f"{reply.status} {responses.get(reply.status, 'Simulator')}", list(headers.items()))
        return [body]

    def _reply(self, environ: WSGIEnvironment) -> Reply:
        if not self._slots.acquire(blocking=False):
            return Reply(503, ApiError("Too many requests at the same time", status=503, kind="api_error").body())
        try:
            return self._simulator.answer(_request(environ))
        except ApiError as error:
            return Reply(error.status, error.body())
        except Exception:  # noqa: BLE001 - see below; it is logged with its trace
            # A defect of the simulator must look like a defect of the gateway to its client, and be seen by whoever runs it.
            _log.exception("simulator: request failed")
            return Reply(500, ApiError("The simulator itself failed", status=500, kind="api_error").body())
        finally:
            self._slots.release()


def _request(environ: WSGIEnvironment) -> Request:
    """Read a request. Raises ApiError 413 or 400 for a body that is too large or of unknown length or encoding."""
    length = environ.get("CONTENT_LENGTH") or "0"
    if not length.isdecimal() or len(length) > MAX_LENGTH_DIGITS or environ.get("HTTP_TRANSFER_ENCODING"):
        message = "The body needs a Content-Length"
        raise ApiError(message)
    if int(length) > MAX_BODY_BYTES:
        # A client that is still sending would see a reset instead of the answer, so a little of the rest is read and thrown away.
        environ["wsgi.input"].read(min(int(length), 16 * MAX_BODY_BYTES))
        message = f"The body is larger than {MAX_BODY_BYTES} bytes"
        raise ApiError(message, status=413)
    try:
        body = environ["wsgi.input"].read(int(length)).decode("utf-8")
    except UnicodeDecodeError as error:
        message = "The body is not UTF-8"
        raise ApiError(message) from error
    return Request(
        method=environ["REQUEST_METHOD"],
        path=environ["PATH_INFO"],
        query=environ.get("QUERY_STRING", ""),
        body=body,
        headers={name: environ[key] for key, name in _HEADERS.items() if key in environ},
    )


def serve(simulator: Simulator, port: int) -> Server:
    """A server bound to a loopback port (0 picks a free one), not yet serving."""
    server = Server(("127.0.0.1", port), Handler)
    server.set_app(Application(simulator))
    return server
