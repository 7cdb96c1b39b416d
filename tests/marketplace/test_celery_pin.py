"""A Celery worker as an operator starts it: a device that refuses the PIN is asked once, and never by the worker's children."""

import os
import subprocess
import sys
from pathlib import Path

from tests.support.softhsm import softhsm

PROJECT = Path(__file__).resolve().parents[2]
SECONDS = 120


def test_a_refused_pin_stops_a_worker_before_it_has_children(tmp_path):
    device = softhsm(tmp_path)
    device.pin_file("9999")
    given = {"EGRET_CERTIFICATE_SIGNER": device.uri(), "SOFTHSM2_CONF": device.environment["SOFTHSM2_CONF"], "EGRET_VAR": str(tmp_path)}
    command = [sys.executable, "-m", "celery", "-A", "marketplace.celery", "worker", "--concurrency", "8", "--loglevel", "WARNING"]
    given |= {"REDIS_URL": "redis://127.0.0.1:1/0", "SECRET_KEY": "x" * 50}  # nobody listens there: it is not got as far as that
    done = subprocess.run(
        command, cwd=PROJECT, env=os.environ | given, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    told = "EGRET_CERTIFICATE_SIGNER names a key that cannot be used: token 'egret' refuses the PIN (PinIncorrect)"
    # as root, Celery says before that it would rather not be
    assert (done.returncode, done.stderr.splitlines()[-1], "Traceback" in done.stderr) == (1, told, False)
