"""Signs a statement with every key that the installation has, and introduces each key to the log before it counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from registry.base.actor import Actor
from registry.base.ids import uuid7
from registry.base.signing import PublicKey, is_signed, multikey
from registry.certificates.data_integrity import proof_options, signing_input
from registry.certificates.did import method_id
from registry.certificates.issuer import certificate_signer, sm2_signer
from registry.certificates.models import Certificate, CertificateSignature, IssuerKey, Suite
from registry.certificates.statements import instant, sm2_message, statement_bytes
from registry.log.services import record


@dataclass(frozen=True, slots=True)
class Signed:
    """A signature that was made, before it is stored."""

    suite: Suite
    key: PublicKey
    value: bytes
    proof: dict[str, Any] | None


def signatures_over(statement: dict[str, Any], at: datetime) -> list[Signed]:
    """The Data Integrity proof, and beside it the SM2 signature where the installation has such a key.

    Raises:
        CannotSign: a key that is configured cannot be used; then nothing is signed, rather than half of it.
    """
    document, signer, sm2 = statement_bytes(statement), certificate_signer(), sm2_signer()
    key = signer.public_key
    options = proof_options(statement, method=method_id(statement["issuer"]["id"], key), created=instant(at))
    signed = [Signed(Suite.EDDSA_JCS_2022, key, signer.sign(signing_input(document, options)), options)]
    if sm2 is not None:
        signed.append(Signed(Suite.SM2_SM3, sm2.public_key, sm2.sign(sm2_message(document)), None))
    return signed


def signatures_store(certificate: Certificate, signed: Sequence[Signed], at: datetime) -> None:
    """Store the signatures of a certificate that is being issued, in its transaction."""
    for each in signed:
        CertificateSignature.objects.create(
            id=uuid7(at),
            certificate=certificate,
            suite=each.suite,
            key_id=each.key.key_id,
            public_key=each.key.raw,
            value=each.value,
            proof=each.proof,
        )


def introduce(actor: Actor, key: PublicKey, at: datetime) -> None:
    """List a key that signs here for the first time, in the caller's transaction.

    Writes one ``certificate.key_introduced`` event, so that nobody can pretend later that a key had been ours before.
    """
    listed = IssuerKey.objects.filter(algorithm=key.algorithm, public_key=key.raw)
    if listed.exists():
        return
    try:
        with transaction.atomic():
            row = IssuerKey(id=uuid7(at), algorithm=key.algorithm, public_key=key.raw, introduced_at=at)
            told = {"key": row.pk, "algorithm": key.algorithm, "key_id": key.key_id, "multikey": multikey(key)}
            row.event_id = record("certificate.key_introduced", subject=("IssuerKey", row.pk), actor=actor, public=told)
            row.save(force_insert=True)
    except IntegrityError:
        if not listed.exists():  # not merely introduced by somebody else meanwhile
            raise


def signature_holds(statement: bytes, signature: CertificateSignature) -> bool:
    """Whether a stored signature is its key's over this statement.

    Raises:
        CannotSign: the algorithm's library is not on this machine.
    """
    message = sm2_message(statement) if signature.proof is None else signing_input(statement, signature.proof)
    return is_signed(signature.key, message, bytes(signature.value))
