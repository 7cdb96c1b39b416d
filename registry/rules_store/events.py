"""Events of the rules store."""

from typing import Final

from registry.log.schemas import declare

VERDICT_GIVEN: Final = declare(
    "verdict.given",
    public=("verdict", "subject_type", "subject", "subject_version", "stage", "rulebook", "expires_at"),
    sealed=("outcome", "findings"),
)
RULEBOOK_PROPOSED: Final = declare("rulebook.proposed", public=("rulebook", "number", "sha256", "effective_from"))
RULEBOOK_APPROVED: Final = declare("rulebook.approved", public=("rulebook", "number", "sha256", "effective_from"))
