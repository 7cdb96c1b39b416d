"""Claim: with the log, registrations through a real service reach 0.7 of what they reach without it.

The service is ``sector_permit_file``: an idempotency key, a row, an event, one commit; eight clients, each a process. With the log is all
of ``record()`` and the integrator running beside; without, ``record()`` is a no-op, so that everything it costs is counted as the log's.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from datetime import date
from multiprocessing.connection import Connection
from typing import Final
from unittest.mock import patch
from uuid import UUID

from django.db import connections

from benchmarks.claim import Better, Claim, Contest, VersusPeer
from benchmarks.relay import FORK, drained, integrating
from registry.base import clock
from registry.base.actor import Actor, PartyKind, scopes_for
from registry.base.ids import uuid7
from registry.parties import services
from registry.parties.models import Organisation

CLIENTS: Final = 8
SECONDS: Final = 4.0
SLACK_SECONDS: Final = 30.0
VALID: Final = {"valid_from": date(2026, 1, 1), "valid_until": date(2030, 12, 31)}


def merchant() -> Actor:
    """A data merchant, as the actor that files."""
    kinds = frozenset({PartyKind.MERCHANT})
    row = Organisation.objects.create(kinds=[PartyKind.MERCHANT.value], name_en="bench", country="SG", admitted_at=clock.now())
    return Actor(person=uuid7(), organisation=row.pk, kinds=kinds, scopes=scopes_for(kinds))


def client(actor: Actor, told: Connection) -> None:
    """One client: for each order, with the log or without it, file permits for so many seconds and answer with how many and how long."""
    while (logged := told.recv()) is not None:
        with nullcontext() if logged else patch.object(services, "record", _nothing):
            began, done = time.perf_counter(), 0
            while (passed := time.perf_counter() - began) < SECONDS:
                number = uuid7().hex
                services.sector_permit_file(
                    actor=actor, sector="CREDIT", number=number, document_sha256="ab" * 32, idempotency_key=number, **VALID
                )
                done += 1
        told.send((done, passed))


def _nothing(*_args: object, **_given: object) -> UUID:
    return uuid7()


def filed(clients: list[Connection], *, logged: bool) -> float:
    """Permits a second, all clients together."""
    drained()
    for each in clients:
        each.send(logged)
    answers = [each.recv() for each in clients if each.poll(SECONDS + SLACK_SECONDS)]
    if len(answers) != len(clients):
        message = f"{len(clients) - len(answers)} of {len(clients)} clients did not answer"
        raise RuntimeError(message)
    return float(sum(done / passed for done, passed in answers))


@contextmanager
def contest(_plain: str) -> Iterator[Contest]:
    """Eight clients that file with the log, and the same eight without it; an integrator beside."""
    actor = merchant()
    connections.close_all()
    with ExitStack() as undo:
        clients = []
        for _ in range(CLIENTS):
            ours, theirs = FORK.Pipe()
            process = FORK.Process(target=client, args=(actor, theirs), daemon=True)
            process.start()
            undo.callback(process.join, SLACK_SECONDS)
            undo.callback(ours.send, None)
            clients.append(ours)
        undo.enter_context(integrating())
        yield Contest(ours=lambda: filed(clients, logged=True), peer=lambda: filed(clients, logged=False))
        connections.close_all()


CLAIM: Final = Claim(
    says="With the log, registrations by eight clients of a real service reach 0.7 of what they reach without it.",
    unit="registrations/s",
    better=Better.HIGHER,
    goal=VersusPeer(0.7),
    open=contest,
    peer="the same service, its record() doing nothing",
)
