"""What the screening room refuses."""

from django.utils.translation import gettext_noop

from registry.base.errors import UserError


class OverrideForbidden(UserError):
    """Some rules no person may decide otherwise."""

    code = "OVERRIDE_FORBIDDEN"
    message = gettext_noop("No person may let this through: %(rules)s.")
    remedy = gettext_noop("Refuse it; the sides may mend the facts and ask again.")


class ReferralOvertaken(UserError):
    """The subject was screened again meanwhile."""

    code = "REFERRAL_OVERTAKEN"
    message = gettext_noop("A newer verdict on this subject has taken this referral's place.")
    remedy = gettext_noop("Read the subject's newest verdict and decide its referral, if it has one.")


class FlagNotHere(UserError):
    """A flag of this matter belongs on another kind of thing."""

    code = "FLAG_NOT_HERE"
    message = gettext_noop("A flag of matter %(matter)s cannot be raised on this.")
    remedy = gettext_noop("Harm, secrecy and unlawful sources are flagged on registered objects; delivery on deals, by a complaint.")
