"""Events of splits."""

from registry.log.schemas import declare

# a digest over inputs, without a salt of its own, would let weights and claims be found by trying: it is sealed as they are
declare("split.proposed", public=("split", "object", "plan"), sealed=("holders", "inputs_sha256"))
declare("split.consented", public=("split",), sealed=("holder",))
declare("split.agreed", public=("split",), sealed=("inputs_sha256",))
declare("split.in_force", public=("split", "computation", "seed_size"), sealed=("inputs_digest",))
declare("split.withdrawn", public=("split",))
declare("split.failed", public=("split",))
