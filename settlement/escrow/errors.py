"""What escrow refuses."""

from django.utils.translation import gettext_noop

from registry.base.errors import UserError


class LinesDoNotSum(UserError):
    """The lines of a release are not the locked amount."""

    code = "LINES_DO_NOT_SUM"
    message = gettext_noop("The release lines sum to %(sum)s, the escrow holds %(amount)s.")
    remedy = gettext_noop("Compute the lines again from the terms of the deal; nothing was released.")


class AmountDiffers(UserError):
    """The gateway took another amount than the deal's."""

    code = "AMOUNT_DIFFERS"
    message = gettext_noop("The gateway reports %(received)s, the deal is %(amount)s.")
    remedy = gettext_noop("The payment is not applied; the institution reconciles it with the gateway.")
