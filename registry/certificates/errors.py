"""What the certificates room refuses."""

from django.utils.translation import gettext_noop

from registry.base.errors import UserError


class NotYetLogged(UserError):
    """Registration is complete at deposit, and deposit is complete once a signed checkpoint covers it."""

    code = "NOT_YET_LOGGED"
    message = gettext_noop("The deposit is not covered by a signed checkpoint yet.")
    remedy = gettext_noop("Wait for the next checkpoint; the certificate follows by itself.")


class MonthExhausted(UserError):
    """A month has 9999 certificate numbers."""

    code = "MONTH_EXHAUSTED"
    message = gettext_noop("All 9999 certificate numbers of %(month)s are given.")
    remedy = gettext_noop("The certificate is issued next month; the registration is complete without it.")


class InvalidNumber(UserError):
    """Not the shape of a certificate number."""

    code = "INVALID_NUMBER"
    message = gettext_noop("This is no certificate number.")
    remedy = gettext_noop("It looks like EGR-202607-0001 and stands under the title of the certificate.")


class TooBusy(UserError):
    """More certificates are asked for as PDF at once than are set in time; nothing is wrong with any of them."""

    code = "TOO_BUSY"
    message = gettext_noop("Too many certificates are being set at once.")
    remedy = gettext_noop("Ask again in a few seconds; the certificate's page shows the same facts meanwhile.")


class TitleNotReady(UserError):
    """An entry of a chain of title is still on its way into the log."""

    code = "EVIDENCE_NOT_READY"
    message = gettext_noop("The evidence of this right is not complete yet: %(reason)s")
    remedy = gettext_noop("Ask again when a checkpoint covers its last entry, about a second later.")


class TitleTooLong(UserError):
    """A chain of title is longer than a bundle shows."""

    code = "TITLE_TOO_LONG"
    message = gettext_noop("This right rests on more rights than one bundle shows (%(limit)s).")
    remedy = gettext_noop("Ask for the evidence of the rights that it rests on, one by one.")
