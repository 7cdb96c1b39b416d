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


class AlreadyRevoked(UserError):
    """A certificate is revoked once and for all."""

    code = "ALREADY_REVOKED"
    message = gettext_noop("Certificate %(number)s is revoked already.")
    remedy = gettext_noop("Nothing is left to do; its status says so to everybody.")


class NotTheHolder(UserError):
    """A token to show in part is for the holder that the certificate names."""

    code = "NOT_THE_HOLDER"
    message = gettext_noop("Your organisation is not the holder of this certificate.")
    remedy = gettext_noop("Read the whole certificate instead, or have its holder show it to you.")


class NotValid(UserError):
    """A token to show is given for a valid certificate only."""

    code = "CERTIFICATE_NOT_VALID"
    message = gettext_noop("Certificate %(number)s is %(state)s.")
    remedy = gettext_noop("Ask certificateVerify for the reasons; once they are gone, ask again.")


class SignerAway(UserError):
    """The key lies in a device that does not answer."""

    code = "SIGNER_AWAY"
    message = gettext_noop("The issuer's key cannot be used right now.")
    remedy = gettext_noop("Ask again later; tell the operator if it lasts.")


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
