"""From the clearing of a round to what one of its winners is told."""

import hashlib
from collections.abc import Sequence
from fractions import Fraction
from typing import cast
from uuid import UUID

from pricing.engines.result import Claim, Line, Standing, canonical
from pricing.engines.result import Quote as Answer
from pricing.engines.shapes import JsonObject
from pricing.quotes.errors import QuoteAltered


def awarded(cleared: Answer, bidder: str, *, computation: UUID) -> Answer:
    """Return the part of a clearing that one bidder is told: its own awards and their sum, with the claims about the whole.

    Nothing in it tells of the others' bids. A claim that does not hold comes without its counterexample, which is made of bids. The digest
    is SHA-256 over the RFC 8785 bytes of ``{"computation"}``, the clearing's id: the clearing's own digest is over all bids without a salt,
    so whoever knows most of them could find the rest by trying.

    Raises:
        QuoteAltered: the clearing awards the bidder nothing.
    """
    awards = [award for award in cast("list[JsonObject]", cleared.extras["awards"]) if award["bidder"] == bidder]
    if not awards:
        raise QuoteAltered(field=("quoteId",))
    minor = sum(int(cast("str", award["minor"])) for award in awards)
    code, won = _won(awards)
    line = Line(code, won, Fraction(1), Fraction(minor, cleared.currency.scale), minor)
    return Answer(
        amount_minor=minor,
        currency=cleared.currency,
        lines=(line,),
        claims=tuple(Claim(each.property, each.standing) if each.standing is Standing.NOT_HELD else each for each in cleared.claims),
        extras={"awards": awards},
        model=cleared.model,
        version=cleared.version,
        verb=cleared.verb,
        seed=cleared.seed,
        inputs_digest=hashlib.sha256(canonical({"computation": str(computation)})).hexdigest(),
    )


def _won(awards: Sequence[JsonObject]) -> tuple[str, dict[str, str]]:
    """Say what was won where it is not the one thing on offer: items of several, or a model as good as was paid for."""
    items = [item for award in awards for item in cast("list[str]", award.get("items", []))]
    if items:
        return "ROUND_AWARD_ITEMS", {"items": ", ".join(items)}
    gains = [cast("str", award["gain"]) for award in awards if "gain" in award]
    return ("ROUND_AWARD_GAIN", {"gain": ", ".join(gains)}) if gains else ("ROUND_AWARD", {})
