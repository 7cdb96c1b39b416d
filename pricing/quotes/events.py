"""Events of quotes."""

from registry.log.schemas import declare

# a plan is public, so a digest in the open over its few possible uses would give the use, and the amount, to whoever tries them
QUOTE_MADE = declare("quote.made", public=("quote", "plan", "expires_at"), sealed=("amount", "buyer", "inputs_digest"))
