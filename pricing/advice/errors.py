"""What advice refuses."""

from django.utils.translation import gettext_noop

from registry.base.errors import UserError


class PlanAdvisesNothing(UserError):
    """The plan's model has no such verb, or the verb makes prices."""

    code = "PLAN_ADVISES_NOTHING"
    message = gettext_noop("The plan's pricing model does not %(verb)s.")
    remedy = gettext_noop("Pick a plan whose model can appraise, optimise, propose or observe.")


class TooMuchAdviceAsked(UserError):
    """One organisation's questions would keep everybody else's waiting."""

    code = "TOO_MUCH_ADVICE_ASKED"
    message = gettext_noop("Your organisation already waits for %(limit)s advices.")
    remedy = gettext_noop("Wait until one is given, or cancel a job with jobCancel.")


class AppraiserMissing(UserError):
    """An appraisal says who stands behind it."""

    code = "APPRAISER_MISSING"
    message = gettext_noop("An appraisal states its appraiser and its valuation date.")
    remedy = gettext_noop("Give appraiser and valuedOn; for other advice leave both out.")
