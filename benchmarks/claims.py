"""The list of claims, by name and by the module that holds each as ``CLAIM``; a new file is measured once it stands here."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType
from typing import Final

from benchmarks.claim import Claim

CLAIMS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "log_integrate": "benchmarks.log_integrate",
        "registration_logged": "benchmarks.registration_logged",
        "registration_outbox": "benchmarks.registration_outbox",
        "checkpoint_latency": "benchmarks.checkpoint_latency",
        "log_bytes": "benchmarks.log_bytes",
        "inclusion_proof": "benchmarks.inclusion_proof",
        "log_audit": "benchmarks.log_audit",
        "credential_issue": "benchmarks.credential_issue",
        "credential_verify": "benchmarks.credential_verify",
        "identifier_bytes": "benchmarks.identifier_bytes",
        "resolver_http": "benchmarks.resolver_http",
        "resolver_p99": "benchmarks.resolver_p99",
        "bundle_verification": "benchmarks.bundle_verification",
        "ledger_posting": "benchmarks.ledger_posting",
        "tiered_rating": "benchmarks.tiered_rating",
        "binding_quote": "benchmarks.binding_quote",
        "vcg_assignment": "benchmarks.vcg_assignment",
        "shapley_exact": "benchmarks.shapley_exact",
        "shapley_memory": "benchmarks.shapley_memory",
        "query_pricing": "benchmarks.query_pricing",
        "knn_shapley": "benchmarks.knn_shapley",
        "knn_shapley_limit": "benchmarks.knn_shapley_limit",
        "logistic_shapley": "benchmarks.logistic_shapley",
    }
)


def claim_of(name: str) -> Claim:
    """The claim of this name. Its module may import Django models, so Django must be set up before."""
    claim: Claim = import_module(CLAIMS[name]).CLAIM
    return claim
