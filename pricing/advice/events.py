"""Events of advice."""

from registry.log.schemas import declare

# the digest has no salt of its own: in the open it would let what was asked, and the amount, be found by trying
declare("advice.given", public=("advice", "about", "plan", "verb"), sealed=("amount", "inputs_digest"))
