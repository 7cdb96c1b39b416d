"""Events of splits."""

from registry.log.schemas import declare

declare("split.proposed", public=("split", "object", "plan", "inputs_sha256"), sealed=("holders",))
declare("split.consented", public=("split",), sealed=("holder",))
declare("split.agreed", public=("split", "inputs_sha256"))
declare("split.in_force", public=("split", "computation", "inputs_digest", "seed_size"))
declare("split.withdrawn", public=("split",))
