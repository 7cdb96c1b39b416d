"""Events of advice."""

from registry.log.schemas import declare

declare("advice.given", public=("advice", "about", "plan", "verb", "inputs_digest"), sealed=("amount",))
