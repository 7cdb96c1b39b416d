"""What the ledger refuses."""

from django.utils.translation import gettext_noop

from registry.base.errors import UserError


class InsufficientFunds(UserError):
    """An account would fall below its floor."""

    code = "INSUFFICIENT_FUNDS"
    message = gettext_noop("An account does not hold enough for this posting.")
    remedy = gettext_noop("Fund the account first; nothing was posted.")


class PostingKeyReused(UserError):
    """The posting key stands for another entry."""

    code = "POSTING_KEY_REUSED"
    message = gettext_noop("The posting key was used for another entry.")
    remedy = gettext_noop("Each business fact has its own key; look up the entry of this one.")


class PostingRefused(UserError):
    """A posting that breaks a rule of the ledger."""

    code = "POSTING_REFUSED"
    message = gettext_noop("The ledger refuses this posting: %(rule)s")
    remedy = gettext_noop("Correct the accounts, currencies and amounts; nothing was posted.")
