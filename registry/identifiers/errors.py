"""What this room refuses."""

from django.utils.translation import gettext_noop

from registry.base.errors import UserError


class InvalidIdentifier(UserError):
    """Not the shape of an identifier, or mistyped."""

    code = "INVALID_IDENTIFIER"
    message = gettext_noop("This is no identifier: its form or its check character is wrong.")
    remedy = gettext_noop("Copy it again, whole; the last character checks all others.")


class ValueTooLong(UserError):
    """More than one value of a public record may hold."""

    code = "VALUE_TOO_LONG"
    message = gettext_noop("The value %(kind)s of an identifier has more than %(limit)s bytes.")
    remedy = gettext_noop("Say less in the record, and lead to the rest by an address.")
