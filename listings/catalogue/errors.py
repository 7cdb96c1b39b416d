"""Refusals of the open list, each with what would mend it."""

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
