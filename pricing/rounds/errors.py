"""What rounds refuse."""

from django.utils.translation import gettext_noop

from registry.base.errors import UserError


class RoundNotOpen(UserError):
    """Bids are taken from opening to closing only."""

    code = "ROUND_NOT_OPEN"
    message = gettext_noop("This round takes no bids: it is %(state)s and closes at %(closes_at)s.")
    remedy = gettext_noop("Bid in a round that is open.")


class RoundUnderWay(UserError):
    """One offer, one round at a time."""

    code = "ROUND_UNDER_WAY"
    message = gettext_noop("The offer is in a round that is not decided yet.")
    remedy = gettext_noop("Wait until that round is cleared.")


class MayNotBid(UserError):
    """Nobody trades with itself or an affiliate, or is paid by the round in which it bids."""

    code = "MAY_NOT_BID"
    message = gettext_noop("Your organisation, or one affiliated with it, is on the other side of this round or is paid by it.")
    remedy = gettext_noop(
        "Only organisations independent of the seller and of all whom the round pays may bid (Auction Law 22 and 30, by analogy)."
    )


class NotCleared(UserError):
    """The plan's model does not clear bids."""

    code = "PLAN_CLEARS_NO_BIDS"
    message = gettext_noop("The plan's pricing model takes no bids.")
    remedy = gettext_noop("Offer it by a plan whose model can clear, such as auction, vcg, digital or exchange.")


class RoundFull(UserError):
    """A round has a limit."""

    code = "ROUND_FULL"
    message = gettext_noop("The round has as many bids as it can take: %(limit)s.")
    remedy = gettext_noop("Wait for the next round.")
