"""Starts a real server on a fresh database and plays the main job against it from another process: ``python -m marketplace.demo``."""

import argparse
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Final

from marketplace.demo.server import DemoServer, running_server
from registry.base.embedded import ServerUnavailable
from registry.base.processes import die_with_parent

ROOT: Final = Path(__file__).resolve().parents[2]
CLIENT_SECONDS: Final = 300


def main() -> int:
    """Run the demo; with ``--serve`` leave the server running afterwards. 0 if the whole job succeeded."""
    parser = argparse.ArgumentParser(prog="python -m marketplace.demo", description=main.__doc__)
    parser.add_argument("--serve", action="store_true", help="leave the server running with the demo's data until Ctrl-C")
    parser.add_argument("--port", type=int, default=0, help="the web server's port; 0 takes a free one")
    options = parser.parse_args()
    started = time.monotonic()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: _stopped(stop))
    try:
        with running_server(port=options.port or (8000 if options.serve else 0)) as server:
            status = _play(server, started, keep=options.serve)
            if options.serve and status == 0:
                sys.stdout.write("Ctrl-C stops it. 按 Ctrl-C 停止。\n")
                sys.stdout.flush()
                server.wait(stop)
    except (ServerUnavailable, RuntimeError, OSError) as error:
        sys.stderr.write(f"demo: {error}\n")
        return 1
    return status


def _play(server: DemoServer, started: float, *, keep: bool) -> int:
    command = [sys.executable, "-m", "marketplace.demo.client", "--url", server.url, "--gateway", server.gateway]
    command += ["--files", str(server.files), "--elapsed", f"{time.monotonic() - started:.3f}", *(["--keys"] if keep else [])]
    client = subprocess.Popen(  # noqa: S603 this interpreter and our own arguments
        command,
        cwd=ROOT,
        env=os.environ | {"EGRET_OPERATOR_KEY": server.operator_key, "NO_PROXY": "127.0.0.1"},
        preexec_fn=die_with_parent,  # noqa: PLW1509 no thread has been started yet
    )
    try:
        return client.wait(timeout=CLIENT_SECONDS)
    except subprocess.TimeoutExpired:
        sys.stderr.write(f"demo: the client did not finish within {CLIENT_SECONDS} s\n")
        return 1
    finally:
        client.kill()
        client.wait()


def _stopped(stop: threading.Event) -> None:
    stop.set()
    raise KeyboardInterrupt


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
