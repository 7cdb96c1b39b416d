"""What this room tells the log. The offline verifier reads ``right.granted``; the register can be rebuilt from these five.

A right goes by the id of its first version (``Grant.origin``), which no correction changes.
"""

from typing import Final

from registry.log.schemas import declare

OBJECT_REGISTERED: Final = declare(
    "object.registered",
    public=(
        *("object", "kind", "owner", "identifier", "filing", "source_category", "source_kind", "situation", "level", "pi_kind", "sector"),
        *("made_from", "registered_at"),
    ),
    sealed=("name", "summary"),
)
RIGHT_GRANTED: Final = declare(
    "right.granted",
    public=("grant", "object", "kind", "holder", "parent", "deal", "exclusive", "valid_from", "valid_to"),
    sealed=("income_share_ppm", "terms"),  # terms: lane, scope, filing, recorded_at
)
RIGHT_ENDED: Final = declare(
    "right.ended",
    public=("grant", "object", "kind", "holder", "ends_on", "children", "recorded_at"),  # children end on the same day
    sealed=("reason",),
)
REVOCATION_PROPOSED: Final = declare(
    "revocation.proposed", public=("revocation", "grant", "ends_on", "evidence_sha256"), sealed=("reason",)
)
HOLD_PLACED: Final = declare("hold.placed", public=("hold", "object", "kind", "set_by", "placed_at"), sealed=("reason",))
HOLD_LIFTED: Final = declare("hold.lifted", public=("hold", "object", "kind", "lifted_at"), sealed=("reason",))
