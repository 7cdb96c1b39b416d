"""Claim: a binding quote through the service reaches 0.3 of what pgbench reaches with the same statements and one client."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import connection

from benchmarks.claim import Better, Claim, Contest, VersusPeer
from benchmarks.ledger_posting import NEW_ID
from benchmarks.peers import pgbench, run_pgbench
from pricing.engines.catalogue import model_at
from pricing.plans.models import Plan
from pricing.quotes.models import Quote
from pricing.quotes.services import quote_make
from registry.base import clock
from registry.base.actor import Actor, PartyKind, scopes_for
from registry.base.idempotency import once
from registry.base.ids import uuid7
from registry.log.models import Disclosure, Entry
from registry.parties.models import Organisation

SECONDS: Final = 2


def parties() -> tuple[Actor, Plan]:
    """A buyer, and a merchant's graduated plan of three tiers."""
    buyer, seller = (
        Organisation.objects.create(kinds=[kind.value], name_en=kind.value, country="SG", admitted_at=clock.now())
        for kind in (PartyKind.BUYER, PartyKind.MERCHANT)
    )
    metered = model_at("metered")
    key = uuid7()
    plan = Plan.objects.create(
        id=key,
        series=key,
        owner=seller,
        name_zh="阶梯",
        name_en="Graduated",
        model_key=metered.key,
        model_version=metered.version,
        params=metered.validated_params(metered.examples[0].params),
        currency="CNY",
        created_at=clock.now(),
    )
    kinds = frozenset({PartyKind.BUYER})
    return Actor(person=uuid7(), organisation=buyer.pk, kinds=kinds, scopes=scopes_for(kinds)), plan


def make_quote(actor: Actor, plan: Plan, number: int) -> Quote:
    """One quote with its lines, its idempotency key and its event, committed by itself."""
    usage = {"quantity": str(number % 100)}
    with once(actor, "quote_create", str(uuid7()), plan.pk, usage) as call:
        return call.done(quote_make(actor=actor, plan=plan, offer_id=UUID(int=1), usage=usage))


def quote_from_python(actor: Actor, plan: Plan) -> float:
    """Quotes a second by the service: one client, one commit each."""
    began, done = time.perf_counter(), 0
    while (passed := time.perf_counter() - began) < SECONDS:
        make_quote(actor, plan, done)
        done += 1
    return done / passed


def script_of(quote: Quote) -> str:
    """The statements that the service sends for one quote, with rows of the same size, for pgbench."""
    event = Entry.objects.latest("id")
    disclosed = Disclosure.objects.filter(event=event.pk).order_by("path")
    answer, inputs = (_quoted(json.dumps(value)) for value in (quote.answer, quote.inputs))
    row = (
        f"{NEW_ID}, '{quote.plan_id}', '{quote.offer_id}', '{quote.buyer_id}', '{quote.seller_id}', 'quote', {inputs},"
        f" '{quote.inputs_digest}', {quote.amount_minor}, 'CNY', {answer}, now(), now() + interval '7 days', NULL, NULL, 0, NULL"
    )
    columns = (
        "id, plan_id, offer_id, buyer_id, seller_id, verb, inputs, inputs_digest, amount_minor, currency, answer, created_at, expires_at,"
        " used_by, computation_id, surplus_minor, surplus_to_id"
    )
    opened = ", ".join(
        f"(:event, '{each.path}', '\\x{bytes(each.salt).hex()}', {_quoted(json.dumps(each.value))}::jsonb)" for each in disclosed
    )
    return rf"""
SELECT quote_literal({NEW_ID}) AS key, quote_literal({NEW_ID}) AS event \gset
BEGIN;
SAVEPOINT claim;
INSERT INTO registry_base_idempotencykey (id, person, organisation, operation, key, digest, result_type, result_id, created_at)
  VALUES (:key, '{quote.buyer_id}', '{quote.buyer_id}', 'quote_create', :event, sha256('{quote.pk}'), '', NULL, now());
RELEASE SAVEPOINT claim;
INSERT INTO pricing_quotes_quote ({columns}) VALUES ({row});
WITH told AS (INSERT INTO registry_log_entry (id, schema, schema_version, subject_type, subject_id, organisation, at, body)
  VALUES (:event, '{event.schema}', {event.schema_version}, '{event.subject_type}', '{event.subject_id}', '{event.organisation}', now(),
    '\x{bytes(event.body).hex()}')), waits AS (INSERT INTO registry_log_outbox (event) VALUES (:event))
INSERT INTO registry_log_disclosure (event, path, salt, value) VALUES {opened};
UPDATE registry_base_idempotencykey SET result_type = 'pricing_quotes.Quote', result_id = '{quote.pk}' WHERE id = :key;
COMMIT;
"""


def _quoted(text: str) -> str:
    """A text as an SQL literal; a colon would be a variable to pgbench, so JSON is put together without one standing before a name."""
    return "'" + text.replace("'", "''") + "'"


@contextmanager
def contest(_plain: str) -> Iterator[Contest]:
    """The service, and pgbench with the same statements and role where there is a pgbench."""
    actor, plan = parties()
    program, script = pgbench(), script_of(make_quote(actor, plan, 12))
    connection.close()
    if program is None:
        yield Contest(ours=lambda: quote_from_python(actor, plan), not_measured="pgbench was not found")
    else:
        url = settings.DATABASE_URL
        yield Contest(
            ours=lambda: quote_from_python(actor, plan),
            peer=lambda: run_pgbench(program, url=url, script=script, seconds=SECONDS, protocol="simple"),
        )


CLAIM: Final = Claim(
    says="A binding quote through the service reaches 0.3 of what pgbench reaches with the same statements and one client.",
    unit="quotes/s",
    better=Better.HIGHER,
    goal=VersusPeer(0.3),
    open=contest,
    peer="pgbench, one client, the same statements",
)
