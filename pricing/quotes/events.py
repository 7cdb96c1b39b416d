"""Events of quotes."""

from registry.log.schemas import declare

QUOTE_MADE = declare("quote.made", public=("quote", "plan", "inputs_digest", "expires_at"), sealed=("amount", "buyer"))
