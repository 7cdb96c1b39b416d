"""The witness over HTTP, as gunicorn loads it: ``gunicorn registry.log.witness_server:from_environment()``. It stands beside Django.

It has few threads and waits for whoever is slow, so it belongs behind a proxy that passes on whole requests alone, as nginx does.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from registry.log.cosignature import WitnessSigner
from registry.log.policy import read_policy
from registry.log.witness import REQUEST_BYTES_MAX, Answer, Witness

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse

Application: TypeAlias = "Callable[[dict[str, Any], StartResponse], Iterable[bytes]]"


def application(witness: Witness, now: Callable[[], float] = time.time) -> Application:
    """A WSGI application that answers ``POST …/add-checkpoint``; a time stated by the system's clock."""

    def answer(environ: dict[str, Any]) -> Answer:
        if not str(environ.get("PATH_INFO", "")).endswith("/add-checkpoint"):
            return Answer(HTTPStatus.NOT_FOUND, "only add-checkpoint is answered here\n")
        if environ.get("REQUEST_METHOD") != "POST":
            return Answer(HTTPStatus.METHOD_NOT_ALLOWED, "POST a checkpoint\n")
        stated = str(environ.get("CONTENT_LENGTH") or "0")
        length = int(stated) if stated.isascii() and stated.isdecimal() else 0
        body = environ["wsgi.input"].read(min(length, REQUEST_BYTES_MAX + 1))
        return witness.add_checkpoint(body, seconds=int(now()))

    def respond(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        said = answer(environ)
        body = said.body.encode()
        start_response(
            f"{said.status.value} {said.status.phrase}", [("Content-Type", said.content_type), ("Content-Length", str(len(body)))]
        )
        return [body]

    return respond


def from_environment(environ: Mapping[str, str] = os.environ) -> Application:
    """The witness that the environment describes: EGRET_WITNESS_NAME, _KEY (a seed in hex), _FOLDER and _POLICY (a file).

    Raises:
        KeyError: one of them is missing.
        ValueError: one of them is wrong.
    """
    policy = read_policy(Path(environ["EGRET_WITNESS_POLICY"]))
    signer = WitnessSigner(environ["EGRET_WITNESS_NAME"], bytes.fromhex(environ["EGRET_WITNESS_KEY"]))
    return application(Witness(signer, policy.origins, Path(environ["EGRET_WITNESS_FOLDER"])))
