"""Secures a document with a Data Integrity proof of the suite ``eddsa-jcs-2022``, and checks one: pure.

What is signed is SHA-256 of the canonical proof options, then SHA-256 of the canonical document; no RDF is processed.

Source: W3C Data Integrity EdDSA Cryptosuites 1.0, 3.3; W3C Verifiable Credential Data Integrity 1.0, 4.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

from registry.base.signing import NotMultibase, PublicKey, base58btc, from_base58btc, is_signed
from registry.log.canonical import NotCanonical, canonical

SUITE: Final = "eddsa-jcs-2022"
FIXED: Final = {"type": "DataIntegrityProof", "cryptosuite": SUITE, "proofPurpose": "assertionMethod"}
SIGNATURE_BYTES: Final = 64


class BadProof(ValueError):
    """A document whose proof does not hold; the message says why."""


def proof_options(document: Mapping[str, Any], *, method: str, created: str | None) -> dict[str, Any]:
    """The proof without its value; ``method`` names the key, ``created`` is an XSD dateTimeStamp or left out."""
    options = {"@context": document["@context"], **FIXED, "verificationMethod": method}
    return options if created is None else {**options, "created": created}


def signing_input(document: bytes, options: Mapping[str, Any]) -> bytes:
    """The 64 bytes that are signed, from the canonical document and the proof's options."""
    return sha256(canonical(dict(options))).digest() + sha256(document).digest()


def with_proof(document: Mapping[str, Any], options: Mapping[str, Any], signature: bytes) -> dict[str, Any]:
    """The secured document."""
    return {**document, "proof": {**options, "proofValue": base58btc(signature)}}


def check_proof(secured: Mapping[str, Any], key: PublicKey) -> dict[str, Any]:
    """Check that a secured document is as it was signed, by this key, and return the document without the proof, which alone may be used.

    A context that was appended after signing is cut off. Whether the key is the issuer's is for the caller to know.

    Raises:
        BadProof: it is not.
    """
    proof = secured.get("proof")
    if not isinstance(proof, dict) or any(proof.get(name) != value for name, value in FIXED.items()):
        raise BadProof(f"no proof of the suite {SUITE}")
    document = {name: value for name, value in secured.items() if name != "proof"}
    options = {name: value for name, value in proof.items() if name != "proofValue"}
    _require_same_context(document.get("@context"), options.get("@context"))
    if "@context" in options:
        document["@context"] = options["@context"]
    try:
        signature = from_base58btc(proof["proofValue"])
        message = signing_input(canonical(document), options)
    except (KeyError, AttributeError, NotMultibase, NotCanonical) as error:
        raise BadProof(f"malformed: {error}") from error
    if len(signature) != SIGNATURE_BYTES or not is_signed(key, message, signature):
        raise BadProof("the signature is not this key's over this document")
    return document


def _require_same_context(document: Any, proof: Any) -> None:
    """The proof's context, where it has one, is what the document's begins with."""
    if proof is None:
        return
    wanted, found = (value if isinstance(value, list) else [value] for value in (proof, document))
    if found[: len(wanted)] != wanted:
        raise BadProof("the document's context does not begin with the proof's")
