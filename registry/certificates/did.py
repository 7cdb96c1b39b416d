"""The issuer's name and keys as a DID, so that whoever holds a certificate can find the key that signed it: pure.

Source: did:web method specification; W3C Controlled Identifiers 1.0; W3C DID 1.0.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import quote

from registry.base.signing import PublicKey, multikey

CONTEXT: Final = "https://www.w3.org/ns/cid/v1"
PATH: Final = ".well-known/did.json"


def did_web(public_url: str) -> str:
    """The DID of the installation at an address: its host, and its port where it has one, with the colon escaped.

    The method asks for HTTPS; an installation without it has a DID that others will not resolve, and is for trying things out.
    """
    return f"did:web:{quote(public_url.partition('://')[2], safe='.-_')}"


def method_id(did: str, key: PublicKey) -> str:
    """What a proof calls a key of the issuer's."""
    return f"{did}#key-{multikey(key)}"


def did_document(did: str, keys: Sequence[PublicKey]) -> dict[str, Any]:
    """The document behind the DID: every key that ever signed here, since what it signed must stay verifiable."""
    methods = [
        {"id": method_id(did, key), "type": "Multikey", "controller": did, "publicKeyMultibase": multikey(key)}
        for key in dict.fromkeys(keys)
    ]
    return {
        "@context": ["https://www.w3.org/ns/did/v1", CONTEXT],
        "id": did,
        "verificationMethod": methods,
        "assertionMethod": [method["id"] for method in methods],
    }
