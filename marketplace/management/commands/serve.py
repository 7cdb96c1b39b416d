"""Starts everything one machine needs: database, migrations, web server, relays; and stops it all again."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from typing import Any, Final

import psycopg
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections

from marketplace.relays import RelayThreads
from registry.base import environment, roles
from registry.base.embedded import ServerUnavailable, acquire, var_directory
from registry.base.local_keys import LENGTHS, OPTIONAL, local_keys
from registry.base.migration import MigrationFailed, migrated_database
from registry.base.processes import die_with_parent
from registry.certificates.issuer import require_pin
from registry.log.files import require_store

LOOPBACK: Final = "127.0.0.1"
BACKLOG: Final = 128
READY_SECONDS: Final = 60
STOP_SECONDS: Final = 20
REQUEST_SECONDS: Final = 60
PAUSE: Final = 0.05


class Command(BaseCommand):
    """`manage.py serve`."""

    help = 'Start the web server and the relays on this machine; print one line {"url": …} once it answers.'
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--port", type=int, choices=range(65_536), default=8000, metavar="0-65535", help="0 takes a free one")
        parser.add_argument("--demo-clock", action="store_true", help="let the client move the business clock forward")
        parser.add_argument("--database", default="", help="database name on the server (default: DATABASE_URL's own, or egret)")
        parser.add_argument(
            "--migrated", action="store_true", help="the database has today's schema: do not look whether it needs migrating"
        )
        parser.add_argument("--workers", type=int, choices=range(1, 9), default=1, metavar="1-8")
        parser.add_argument("--threads", type=int, choices=range(1, 65), default=8, metavar="1-64")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Serve until SIGTERM or SIGINT.

        Raises:
            CommandError: no usable database or object store, a device that refuses the PIN, failed migrations, a port in use, or a web
                server that ended by itself.
        """
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda _number, _frame: stop.set())
        try:
            require_store()
            require_pin()
            with acquire() as server:
                url = _prepare(server.url, options["database"], migrated=options["migrated"])
                _adopt(url, demo_clock=options["demo_clock"])
                self._serve(stop, options)
        except (ServerUnavailable, MigrationFailed, environment.WrongEnvironment, psycopg.Error, OSError) as error:
            raise CommandError(" ".join(str(error).split())) from error  # libpq's own words have several lines

    def _serve(self, stop: threading.Event, options: dict[str, Any]) -> None:
        with socket.create_server((LOOPBACK, options["port"]), backlog=BACKLOG) as listener:
            port = listener.getsockname()[1]
            if not os.environ.get("EGRET_PUBLIC_URL"):
                settings.EGRET_PUBLIC_URL = os.environ["EGRET_PUBLIC_URL"] = f"http://{LOOPBACK}:{port}"
            web = _start_web(listener, workers=options["workers"], threads=options["threads"])
        relays = None if settings.REDIS_URL else RelayThreads()
        try:
            if relays:
                relays.start()
            else:
                self.stderr.write("REDIS_URL is set: the relays run in `celery -A marketplace.celery worker` and `… beat`, not here")
            if _answers(web, port, stop):
                self.stdout.write(json.dumps({"url": f"http://{LOOPBACK}:{port}/"}))
                self.stdout.flush()
            while not stop.wait(0.2):
                if web.poll() is not None:
                    message = f"the web server ended by itself with status {web.returncode}"
                    raise CommandError(message)
        finally:
            _end(web)
            for name in relays.stop(seconds=STOP_SECONDS) if relays else ():
                self.stderr.write(f"relay {name} did not end in time")


def _prepare(url: str, name: str, *, migrated: bool) -> str:
    wanted = name or ("egret" if not environment.text("DATABASE_URL") else environment.database(url)["dbname"])
    if migrated:
        return environment.with_database(url, wanted)
    with contextlib.closing(roles.connect(url)) as admin:
        return migrated_database(admin, url, wanted)


def _adopt(url: str, *, demo_clock: bool) -> None:
    """Give the database, the keys and the clock to this process, whose settings are older than they are, and to its children."""
    os.environ.update(local_keys(var_directory()), DATABASE_URL=url, EGRET_ROLE=roles.APPLICATION, EGRET_DEMO_CLOCK=str(int(demo_clock)))
    for name in LENGTHS | OPTIONAL:
        setattr(settings, name, os.environ[name])
    settings.DEMO_CLOCK = demo_clock
    connections["default"].close()
    connections.settings["default"].update(environment.django_database(url))


def _start_web(listener: socket.socket, *, workers: int, threads: int) -> subprocess.Popen[bytes]:
    listener.set_inheritable(True)
    arguments = ["--bind", f"fd://{listener.fileno()}", "--worker-class", "gthread", "--workers", str(workers), "--threads", str(threads)]
    limits = ["--timeout", str(REQUEST_SECONDS), "--graceful-timeout", "10", "--limit-request-line", "8190", "--log-level", "warning"]
    return subprocess.Popen(  # noqa: S603  # this interpreter and literal arguments
        [sys.executable, "-m", "gunicorn", *arguments, *limits, "--preload", "--no-control-socket", "marketplace.wsgi:application"],
        cwd=settings.BASE_DIR,
        pass_fds=[listener.fileno()],
        preexec_fn=die_with_parent,  # noqa: PLW1509  # no thread has been started yet
    )


def _answers(web: subprocess.Popen[bytes], port: int, stop: threading.Event) -> bool:
    """Wait until the server answers a request, whatever the answer; False when told to stop or the server ended."""
    deadline = time.monotonic() + READY_SECONDS
    while not stop.is_set() and web.poll() is None:
        connection = http.client.HTTPConnection(LOOPBACK, port, timeout=READY_SECONDS)
        try:
            connection.request("GET", "/")
            connection.getresponse()
        except (OSError, http.client.HTTPException):
            if time.monotonic() > deadline:
                message = f"the web server did not answer within {READY_SECONDS} s"
                raise CommandError(message) from None
            time.sleep(PAUSE)
        else:
            return True
        finally:
            connection.close()
    return False


def _end(web: subprocess.Popen[bytes]) -> None:
    web.terminate()
    try:
        web.wait(timeout=STOP_SECONDS)
    except subprocess.TimeoutExpired:
        web.kill()
        web.wait()
