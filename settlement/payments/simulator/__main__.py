"""Starts the simulator from a command line and says in one JSON line where it listens."""

from __future__ import annotations

import argparse
import json
import logging
import os
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import stripe

from settlement.payments.simulator.app import Simulator
from settlement.payments.simulator.call import Fees
from settlement.payments.simulator.errors import ApiError
from settlement.payments.simulator.server import Server, serve
from settlement.payments.simulator.store import Store
from settlement.payments.simulator.webhooks import Endpoint

if TYPE_CHECKING:
    from collections.abc import Sequence


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m settlement.payments.simulator", description="A simulator of Stripe. It moves no money."
    )
    parser.add_argument("--port", type=int, default=0, help="loopback port; 0 picks a free one")
    parser.add_argument("--webhook-url", default="", help="where to send webhooks (loopback only); settable later at /_sim/webhook")
    parser.add_argument("--webhook-secret", default="", help="what signs the webhooks")
    parser.add_argument("--api-key", default="sk_test_simulator", help="the only key that is let in")
    parser.add_argument("--state-file", type=Path, default=None, help="journal that survives a restart")
    parser.add_argument("--fee-ppm", type=int, default=0, help="fee on a charge, parts per million")
    parser.add_argument("--fee-fixed", type=int, default=0, help="fee on a charge, minor units")
    parser.add_argument("--payout-delay-s", type=float, default=0.1, help="seconds until a payout arrives")
    parser.add_argument("--max-objects", type=int, default=200_000, help="objects and idempotency keys it keeps at most")
    parser.add_argument("--until-stdin-closes", action="store_true", help="end with the parent process, even when that is killed")
    given = parser.parse_args(argv)
    bounds = {"fee_ppm": 1_000_000, "fee_fixed": 1_000_000, "payout_delay_s": 3600, "max_objects": 10_000_000}
    if wrong := [name for name, most in bounds.items() if not 0 <= getattr(given, name) <= most]:
        parser.error(f"out of bounds: {', '.join(wrong)}")
    return given


def _stop_with_parent(server: Server) -> None:
    """The read ends when the parent closes its end of the pipe, which the kernel does for a killed one."""
    # Unbuffered, because Python aborts at exit when another thread still holds the lock of a buffered standard input.
    while os.read(sys.stdin.fileno(), 1024):
        pass
    server.shutdown()


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM, SIGINT or, if asked, the end of standard input."""
    logging.basicConfig(level=logging.WARNING)
    given = _arguments(argv)
    try:
        endpoint = Endpoint(url=given.webhook_url, secret=given.webhook_secret) if given.webhook_url else None
    except ApiError as error:
        sys.stderr.write(f"{error.message}\n")
        return 2
    simulator = Simulator(
        api_key=given.api_key,
        store=Store(journal=given.state_file, max_objects=given.max_objects),
        fees=Fees(ppm=given.fee_ppm, fixed=given.fee_fixed),
        endpoint=endpoint,
        payout_delay_s=given.payout_delay_s,
    )
    server = serve(simulator, given.port)
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    if given.until_stdin_closes:
        threading.Thread(target=_stop_with_parent, args=(server,), daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    print(json.dumps({"simulator": "stripe", "address": address, "api_version": stripe.api_version, "pid": os.getpid()}), flush=True)  # noqa: T201 - the one line that the parent reads
    try:
        server.serve_forever(poll_interval=0.1)
    except KeyboardInterrupt:
        pass
    finally:
        server.server_close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
