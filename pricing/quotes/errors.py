"""What quotes refuse."""

from django.utils.translation import gettext_noop

from registry.base.errors import UserError


class QuoteExpired(UserError):
    """The quote no longer binds."""

    code = "QUOTE_EXPIRED"
    message = gettext_noop("The quote expired at %(expired_at)s.")
    remedy = gettext_noop("Ask for a new quote.")


class QuoteUsed(UserError):
    """One quote, one deal."""

    code = "QUOTE_USED"
    message = gettext_noop("The quote was already used for a deal.")
    remedy = gettext_noop("Ask for a new quote for another deal.")


class QuoteAltered(UserError):
    """Replaying the stored inputs does not give the stored quote."""

    code = "QUOTE_ALTERED"
    message = gettext_noop("The stored quote does not replay to the same amount.")
    remedy = gettext_noop("Ask for a new quote and report this one: its record was altered.")
