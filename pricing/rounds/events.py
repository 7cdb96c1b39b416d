"""Events of rounds. A bid's content stands in the log as a salted commitment until the round is cleared, and never in the open."""

from registry.log.schemas import declare

declare("round.opened", public=("round", "plan", "offer", "closes_at", "inputs_sha256"))
declare("bid.placed", public=("bid", "commitment"), sealed=("round", "side"))  # how many bid in a round is told when it has closed
declare("round.closed", public=("round", "commitments"))
# the digest is over all bids without a salt of its own, so in the open it would let them be found by trying
declare("round.cleared", public=("round", "computation", "seed_size"), sealed=("awards", "inputs_digest"))
declare("round.voided", public=("round", "reason"))
