"""Events of rounds. A bid's content stands in the log as a salted commitment until the round is cleared, and never in the open."""

from registry.log.schemas import declare

declare("round.opened", public=("round", "plan", "offer", "closes_at", "inputs_sha256"))
declare("bid.placed", public=("round", "bid", "side", "commitment"))
declare("round.closed", public=("round", "commitments"))
declare("round.cleared", public=("round", "computation", "inputs_digest", "seed_size"), sealed=("awards",))
declare("round.voided", public=("round", "reason"))
