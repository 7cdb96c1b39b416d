"""How what a pricing engine refuses reaches the person who asked."""

from django.utils.translation import get_language, gettext_noop

from pricing.money import PricingError
from registry.base.errors import UserError


class PlanRevised(UserError):
    """Only the newest version of a plan is revised."""

    code = "PLAN_REVISED"
    message = gettext_noop("The plan has a newer version, number %(number)s.")
    remedy = gettext_noop("Revise the newest version of the plan.")


class PricesNoUse(UserError):
    """The plan's model clears, divides or advises."""

    code = "PRICES_NO_USE"
    message = gettext_noop("The pricing model of plan %(name)s prices no single use.")
    remedy = gettext_noop("Ask plans whose model can quote or rate; what a round or a split gives depends on bids or makers.")


class PlanUndisclosed(UserError):
    """The plan's owner keeps parameters to itself, and prices tried without end would give them away."""

    code = "PLAN_UNDISCLOSED"
    message = gettext_noop("Plan %(name)s has parameters that its owner keeps to itself, which prices tried here would give away.")
    remedy = gettext_noop("Ask for a quote on the owner's offer, where the owner sees who asks.")


class ComparisonTooLong(UserError):
    """The uses cannot all be priced while a request waits."""

    code = "COMPARISON_TOO_LONG"
    message = gettext_noop("These uses take longer than the %(seconds)s seconds that one comparison may take.")
    remedy = gettext_noop("Compare fewer uses or fewer plans at once.")


class PricingRefused(UserError):
    """A parameter or input that the pricing model refuses; the engine's own code and sentence, in the active language."""

    code = "PRICING_REFUSED"
    remedy = gettext_noop("Correct the value; the model's schema and worked example are at pricingModels.")

    def __init__(self, error: PricingError, *, under: tuple[str, ...]) -> None:
        """Put the engine's dotted path under the field of the mutation."""
        path = tuple(getattr(error, "field", "").split(".")[1:])
        super().__init__(field=(*under, *path), reason=error.code)
        self.error = error

    def text(self) -> str:
        """The engine's sentence."""
        return self.error.text("zh" if (get_language() or "").startswith("zh") else "en")
