"""Refusals of the open list and of the register of price ceilings, each with what would mend it."""

from django.utils.translation import gettext_noop

from registry.base.errors import UserError


class AlreadyOpen(UserError):
    """Of one thing the list says one thing at a time."""

    code = "ALREADY_OPEN"
    message = gettext_noop("The open list already has an entry for this in part of that period.")
    remedy = gettext_noop("Withdraw that entry, or publish for a period outside it.")


class AlreadyWithdrawn(UserError):
    """An entry is withdrawn once."""

    code = "ALREADY_WITHDRAWN"
    message = gettext_noop("This entry was withdrawn before.")
    remedy = gettext_noop("Read the list as it stands; nothing more is needed.")


class NotUnderAuthorisation(UserError):
    """Ceilings are for what comes from public data under authorised operation; all else has its own price."""

    code = "NOT_UNDER_AUTHORISATION"
    message = gettext_noop("This is neither public data under authorised operation nor made from such data.")
    remedy = gettext_noop("Name an object whose source, or a source of it, is registered as AUTHORISED_PUBLIC.")


class CeilingOverlaps(UserError):
    """Of one object, in one unit of sale and one currency, a day has one ceiling."""

    code = "CEILING_OVERLAPS"
    message = gettext_noop("Another ceiling for this object, unit and currency is in force in part of that period.")
    remedy = gettext_noop("Replace that ceiling, close it, or set one for a period outside it.")


class AlreadyClosed(UserError):
    """A ceiling is closed once, by itself or by the one that replaces it."""

    code = "ALREADY_CLOSED"
    message = gettext_noop("This ceiling was closed or replaced before.")
    remedy = gettext_noop("Read the ceilings as they stand, and name one that is not closed.")
