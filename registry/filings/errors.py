"""What filings refuse."""

from django.utils.translation import gettext_noop

from registry.base.errors import UserError


class AlreadyReturned(UserError):
    """Everything that is missing is told once."""

    code = "ALREADY_RETURNED"
    message = gettext_noop("This filing was returned before; everything missing is told once.")
    remedy = gettext_noop("Accept it, or refuse it with reasons.")


class SupplementOver(UserError):
    """The time for supplements is over."""

    code = "SUPPLEMENT_OVER"
    message = gettext_noop("The time to supplement this filing ended at %(due)s.")
    remedy = gettext_noop("Submit a new filing.")


class NoticeOver(UserError):
    """The public notice is over."""

    code = "NOTICE_OVER"
    message = gettext_noop("The public notice of this filing ended at %(until)s.")
    remedy = gettext_noop("An objection after registration goes to the registrar, and from there to arbitration or court.")


class OwnFiling(UserError):
    """Nobody objects to their own filing."""

    code = "OWN_FILING"
    message = gettext_noop("This is your own filing.")
    remedy = gettext_noop("Ask the registrar to refuse it if you no longer want it.")


class AlreadyObjected(UserError):
    """One open objection for each organisation and filing."""

    code = "ALREADY_OBJECTED"
    message = gettext_noop("Your organisation has objected to this filing.")
    remedy = gettext_noop("Wait for the decision.")


class SourceNotLicensed(UserError):
    """A product is made from what its maker may process and pass on."""

    code = "SOURCE_NOT_LICENSED"
    message = gettext_noop("The right relied on is not the applicant's right to use that object.")
    remedy = gettext_noop("Name a USE right of your own in each source.")


class TermOver(UserError):
    """The term that was asked for, or that the licences leave, is over before it begins."""

    code = "TERM_OVER"
    message = gettext_noop("No day is left of the term: it would end on %(ends_on)s.")
    remedy = gettext_noop("File again with a later last day, or with longer licences.")
