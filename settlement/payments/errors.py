"""What payments refuse."""

from django.utils.translation import gettext_noop

from registry.base.errors import UserError


class GatewayOff(UserError):
    """No payment gateway is configured."""

    code = "GATEWAY_OFF"
    message = gettext_noop("This market has no payment gateway configured.")
    remedy = gettext_noop("The operator sets STRIPE_API_KEY and STRIPE_WEBHOOK_SECRET.")


class ChargeOpen(UserError):
    """A charge of this deal is under way or done."""

    code = "CHARGE_OPEN"
    message = gettext_noop("A charge for this deal is already under way.")
    remedy = gettext_noop("Wait for its result; a declined charge may be followed by another.")


class AmountTooLarge(UserError):
    """More than one charge can carry."""

    code = "AMOUNT_TOO_LARGE"
    message = gettext_noop("One charge carries at most %(limit)s minor units.")
    remedy = gettext_noop("Split the deal, or pay by bank transfer through the institution.")
