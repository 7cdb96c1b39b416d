"""What the rules store refuses."""

from typing import ClassVar

from django.utils.translation import gettext_noop

from registry.base.errors import UserError


class RuleMalformed(UserError):
    """A rule that cannot be accepted; says where and why."""

    code = "RULE_MALFORMED"
    message = gettext_noop("The rule is not acceptable: %(reason)s at %(path)s.")
    remedy = gettext_noop("Correct it there; it may cite only provisions that somebody has read.")


class RulebookSuperseded(UserError):
    """Another proposal came first, or another rulebook was approved meanwhile."""

    code = "RULEBOOK_SUPERSEDED"
    message = gettext_noop("Rulebook %(number)s was built on one that is no longer the newest, or it takes effect before today.")
    remedy = gettext_noop("Propose the change again; it then builds on the newest rulebook.")


class AlreadyApproved(UserError):
    """A rulebook is approved once."""

    code = "ALREADY_APPROVED"
    message = gettext_noop("Rulebook %(number)s is already approved.")
    remedy = gettext_noop("Nothing needs to be done.")


class ScreeningBlocked(UserError):
    """A rule forbids it."""

    code: ClassVar[str] = "SCREENING_BLOCKED"


class ScreeningReferred(UserError):
    """A rule leaves it to a person."""

    code: ClassVar[str] = "SCREENING_REFERRED"
