"""Claim: eight clients of pgbench commit 3,000 bare registrations a second, each with its event.

A registration is the row of a permit, the event, its row of the outbox and the one row of what it seals (who acted), in the statements that
``record()`` sends; without the log it is the permit's row alone. What is left out is Python: this is what the database can do.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from django.conf import settings
from django.db import connection

from benchmarks.claim import Absolute, Better, Claim, Contest
from benchmarks.ledger_posting import NEW_ID
from benchmarks.peers import PeerFailed, pgbench, run_pgbench
from benchmarks.registration_logged import VALID, merchant
from registry.log.integrator import integrate
from registry.log.models import Entry
from registry.parties import services

CLIENTS: Final = 8
SECONDS: Final = 4


def scripts() -> tuple[str, str]:
    """The registration with its event and without it, with the columns and sizes of one that the service has made."""
    actor = merchant()
    permit = services.sector_permit_file(
        actor=actor, sector="CREDIT", number="first", document_sha256="ab" * 32, idempotency_key="first", **VALID
    )
    event = Entry.objects.latest("id")
    keys = rf"SELECT quote_literal({NEW_ID}) AS key, quote_literal({NEW_ID}) AS event \gset" + "\n"
    facts = f"'{permit.organisation_id}', 'CREDIT', :key, '{permit.valid_from}', '{permit.valid_until}', '{permit.document_sha256}', now()"
    named = "id, organisation_id, sector, number, valid_from, valid_until, document_sha256, filed_at"
    row = f"INSERT INTO registry_parties_sectorpermit ({named}) VALUES (:key, {facts});\n"  # noqa: S608 our own values
    about = f"'{event.schema}', {event.schema_version}, '{event.subject_type}', :key, '{event.organisation}', now()"
    columns = "id, schema, schema_version, subject_type, subject_id, organisation, at, body"
    body, salt = rf"'\x{bytes(event.body).hex()}'", rf"'\x{bytes(16).hex()}'"
    told = (
        f"WITH told AS (INSERT INTO registry_log_entry ({columns}) VALUES (:event, {about}, {body})),"  # noqa: S608 our own values
        " waits AS (INSERT INTO registry_log_outbox (event) VALUES (:event))"
        f" INSERT INTO registry_log_disclosure (event, path, salt, value) VALUES (:event, '/actor', {salt},"
        f""" '{{"person": "{actor.person}", "organisation": "{actor.organisation}"}}');\n"""
    )
    return f"{keys}BEGIN;\n{row}{told}COMMIT;\n", f"{keys}BEGIN;\n{row}COMMIT;\n"


def registered(program: str, script: str) -> float:
    """Registrations a second; what they put into the outbox is integrated before the next contestant begins, untimed."""
    rate = run_pgbench(program, url=settings.DATABASE_URL, script=script, seconds=SECONDS, protocol="simple", clients=CLIENTS)
    while integrate():
        pass
    connection.close()
    return rate


@contextmanager
def contest(_plain: str) -> Iterator[Contest]:
    """The registration with its event, and the row alone."""
    program = pgbench()
    if program is None:
        message = "pgbench was not found, and nothing else measures this claim"
        raise PeerFailed(message)
    logged, bare = scripts()
    yield Contest(ours=lambda: registered(program, logged), peer=lambda: registered(program, bare))


CLAIM: Final = Claim(
    says="Eight clients commit 3,000 bare registrations a second, each with its event in the outbox.",
    unit="registrations/s",
    better=Better.HIGHER,
    goal=Absolute(3_000, scaled_by="node_hashes_per_s"),
    open=contest,
    peer="pgbench, eight clients, the row without its event",
)
