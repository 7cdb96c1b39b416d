"""Claim: one core issues 3,000 certificates a second as credentials: the statement, its canonical bytes, its hash and its proof."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from django.db.backends.postgresql.psycopg_any import DateRange, NumericRange

from benchmarks.claim import Absolute, Better, Claim, Contest
from registry.base.ids import uuid7
from registry.base.signing import Ed25519Signer
from registry.certificates.data_integrity import proof_options, signing_input, with_proof
from registry.certificates.did import method_id
from registry.certificates.statements import Deposit, StatusPlace, instant, statement_bytes, statement_of
from registry.parties.models import Organisation
from registry.rights.models import Grant, RegisteredObject
from registry.rights.scope import Scope
from registry.rights.states import Right

CREDENTIALS: Final = 3_000
AT: Final = datetime(2026, 7, 1, tzinfo=UTC)
SIGNER: Final = Ed25519Signer(bytes(range(32)))
HOLDER: Final = Organisation(id=uuid7(AT), name_zh="航班数据有限公司", name_en="Airports", uscc="91350200000000000N")
OBJECT: Final = RegisteredObject(
    id=uuid7(AT),
    owner=HOLDER,
    identifier="88.118.100111/7K3M9QX2B4DTC",
    kind="RESOURCE",
    name="2013 departures",
    summary="Every departure of a year.",
)
GRANTS: Final = [
    Grant(
        id=uuid7(AT),
        origin_id=uuid7(AT),
        kind=kind.value,
        lane=NumericRange(0, 1),
        valid=DateRange(AT.date(), AT.date() + timedelta(days=1096)),
        scope=Scope().stored(),
    )
    for kind in Right
]


def statement(number: int) -> dict[str, Any]:
    """The statement of one certificate; each has another number, place and deposit."""
    return statement_of(
        public_url="https://market.example",
        operator=HOLDER,
        number=f"EGR-202607-{number % 9999 + 1:04d}",
        filing_id=OBJECT.pk,
        registered=OBJECT,
        grants=GRANTS,
        deposit=Deposit(OBJECT.pk, number, "egret.example/log+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI"),
        status=StatusPlace(1, number),
        issued_at=AT,
    )


def credential(number: int) -> dict[str, Any]:
    """One certificate, secured."""
    document = statement(number)
    stated, key = statement_bytes(document), SIGNER.public_key
    sha256(stated).hexdigest()
    options = proof_options(document, method=method_id(document["issuer"]["id"], key), created=instant(AT))
    secured: Mapping[str, Any] = with_proof(document, options, SIGNER.sign(signing_input(stated, options)))
    return dict(secured)


def issue() -> float:
    """Credentials a second."""
    began = time.perf_counter()
    for number in range(CREDENTIALS):
        credential(number)
    return CREDENTIALS / (time.perf_counter() - began)


@contextmanager
def contest(_plain: str) -> Iterator[Contest]:
    """The key in memory and no database: what a device or a commit takes comes on top."""
    yield Contest(ours=issue)


CLAIM: Final = Claim(
    says="One core makes 3,000 certificates a second: statement, canonical bytes, hash and eddsa-jcs-2022 proof, before they are stored.",
    unit="credentials/s",
    better=Better.HIGHER,
    goal=Absolute(3_000, scaled_by="node_hashes_per_s"),
    open=contest,
)
