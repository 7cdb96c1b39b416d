"""Events of certificates and of the keys that sign them."""

from typing import Final

from registry.log.schemas import declare

CERTIFICATE_ISSUED: Final = declare("certificate.issued", public=("certificate", "number", "filing", "object", "sha256"))
KEY_INTRODUCED: Final = declare("certificate.key_introduced", public=("key", "algorithm", "key_id", "multikey"))
REVOCATION_PROPOSED: Final = declare(
    "certificate.revocation_proposed", public=("revocation", "certificate", "evidence_sha256"), sealed=("reason",)
)
CERTIFICATE_REVOKED: Final = declare(
    "certificate.revoked", public=("revocation", "certificate", "number", "revoked_at"), sealed=("reason",)
)
