"""Claim: one core verifies 2,000 certificates a second from their published JSON text."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from benchmarks.claim import Absolute, Better, Claim, Contest
from benchmarks.credential_issue import SIGNER, credential
from registry.base.strict_json import read_json
from registry.certificates.data_integrity import check_proof

CREDENTIALS: Final = 2_000


def verify(texts: list[str]) -> float:
    """Verifications a second, reading the text included."""
    key = SIGNER.public_key
    began = time.perf_counter()
    for text in texts:
        check_proof(read_json(text), key)
    return len(texts) / (time.perf_counter() - began)


@contextmanager
def contest(_plain: str) -> Iterator[Contest]:
    """Credentials as they are served."""
    texts = [json.dumps(credential(number), ensure_ascii=False) for number in range(CREDENTIALS)]
    yield Contest(ours=lambda: verify(texts))


CLAIM: Final = Claim(
    says="One core verifies 2,000 certificates a second from their published JSON.",
    unit="credentials/s",
    better=Better.HIGHER,
    goal=Absolute(2_000, scaled_by="node_hashes_per_s"),
    open=contest,
)
