"""Events of certificates."""

from typing import Final

from registry.log.schemas import declare

CERTIFICATE_ISSUED: Final = declare("certificate.issued", public=("certificate", "number", "filing", "object", "sha256"))
