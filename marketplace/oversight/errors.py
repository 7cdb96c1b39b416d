"""What the oversight room refuses."""

from django.utils.translation import gettext_noop

from registry.base.errors import UserError


class AlreadyOrdered(UserError):
    """One such order at a time."""

    code = "ALREADY_ORDERED"
    message = gettext_noop("An order of this kind on this object is already in force.")
    remedy = gettext_noop("Read that order; lift it before issuing another.")


class NotYoursToAnswer(UserError):
    """Only a regulator, or the institution that settles the deal, answers."""

    code = "NOT_YOURS_TO_ANSWER"
    message = gettext_noop("This complaint is answered by a regulator or by the institution that settles the deal.")
    remedy = gettext_noop("Leave the answer to them.")
