"""What splits refuse."""

from django.utils.translation import gettext_noop

from registry.base.errors import UserError


class PlanDividesNothing(UserError):
    """The plan's model does not split."""

    code = "PLAN_DIVIDES_NOTHING"
    message = gettext_noop("The plan's pricing model divides no amount.")
    remedy = gettext_noop("Pick a plan whose model can split, such as share or datum.")


class HolderUnknown(UserError):
    """A share would go to nobody."""

    code = "HOLDER_UNKNOWN"
    message = gettext_noop("%(holder)s is not an organisation of this market.")
    remedy = gettext_noop("Name each holder by the UUID of its organisation.")


class NotAHolder(UserError):
    """Only who gets or gives up a share consents."""

    code = "NOT_A_HOLDER"
    message = gettext_noop("Your organisation has no share in this split or in the one that it replaces.")
    remedy = gettext_noop("Nothing is asked of you.")


class AlreadyConsented(UserError):
    """One consent a holder."""

    code = "ALREADY_CONSENTED"
    message = gettext_noop("Your organisation consented before.")
    remedy = gettext_noop("Wait for the other holders.")


class SplitInOtherCurrency(UserError):
    """A rule may name amounts, so it divides income of its own currency only."""

    code = "SPLIT_IN_OTHER_CURRENCY"
    message = gettext_noop("The makers of this product agreed to divide income in %(agreed)s; this price is in %(currency)s.")
    remedy = gettext_noop("The seller offers it in that currency, or agrees with the makers on a split in this one.")
