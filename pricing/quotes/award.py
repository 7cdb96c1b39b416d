"""From the clearing of a round to what one of its winners is told."""

from fractions import Fraction
from typing import cast

from pricing.engines.result import Line
from pricing.engines.result import Quote as Answer
from pricing.quotes.errors import QuoteAltered


def awarded(cleared: Answer, bidder: str) -> Answer:
    """Return the part of a clearing that one bidder is told: its own awards and their sum, with the claims about the whole.

    Raises:
        QuoteAltered: the clearing awards the bidder nothing.
    """
    awards = [award for award in cast("list[dict[str, str]]", cleared.extras["awards"]) if award["bidder"] == bidder]
    if not awards:
        raise QuoteAltered(field=("quoteId",))
    minor = sum(int(award["minor"]) for award in awards)
    line = Line("AWARD", {}, Fraction(1), Fraction(minor, cleared.currency.scale), minor)
    return Answer(
        amount_minor=minor,
        currency=cleared.currency,
        lines=(line,),
        claims=cleared.claims,
        extras={"awards": awards},
        model=cleared.model,
        version=cleared.version,
        verb=cleared.verb,
        seed=cleared.seed,
        inputs_digest=cleared.inputs_digest,
    )
