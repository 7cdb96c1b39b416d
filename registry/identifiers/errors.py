"""What the resolver refuses."""

from django.utils.translation import gettext_noop

from registry.base.errors import UserError


class InvalidIdentifier(UserError):
    """Not the shape of an identifier, or mistyped."""

    code = "INVALID_IDENTIFIER"
    message = gettext_noop("This is no identifier: its form or its check character is wrong.")
    remedy = gettext_noop("Copy it again, whole; the last character checks all others.")
