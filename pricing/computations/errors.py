"""What computations refuse."""

from django.utils.translation import gettext_noop

from registry.base.errors import UserError


class AnswerAltered(UserError):
    """Replaying the stored question does not give the stored answer."""

    code = "ANSWER_ALTERED"
    message = gettext_noop("The stored computation does not replay to the same answer.")
    remedy = gettext_noop("Do not rely on it and report it: its record was altered.")
