"""Every pricing model there is, by key and version, and the replay of what one of them once answered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from pricing.engines.appraisal.cost import COST
from pricing.engines.appraisal.income import INCOME
from pricing.engines.appraisal.market import MARKET
from pricing.engines.appraisal.quality import QUALITY
from pricing.engines.auctions.auction import AUCTION
from pricing.engines.auctions.digital import DIGITAL
from pricing.engines.auctions.exchange import EXCHANGE
from pricing.engines.auctions.vcg import VCG
from pricing.engines.bilateral.bargain import BARGAIN
from pricing.engines.bilateral.learn import LEARN
from pricing.engines.datum.model import DATUM
from pricing.engines.errors import UnknownModelError
from pricing.engines.fixed import FIXED
from pricing.engines.income_share import INCOME_SHARE
from pricing.engines.information.hypergraph import HYPERGRAPH
from pricing.engines.information.model_noise import MODEL_NOISE
from pricing.engines.information.privacy import PRIVACY
from pricing.engines.information.query import QUERY_PRICE
from pricing.engines.metered import METERED
from pricing.engines.model import Model, Verb
from pricing.engines.posted.bundle import BUNDLE
from pricing.engines.posted.ceiling import CEILING
from pricing.engines.posted.menu import MENU
from pricing.engines.posted.posted import POSTED
from pricing.engines.posted.two_part import TWO_PART
from pricing.engines.result import Quote
from pricing.engines.shapes import JsonObject
from pricing.engines.sharing.ml_market import ML_MARKET
from pricing.engines.sharing.share import SHARE


def _index(models: Iterable[Model]) -> Mapping[tuple[str, int], Model]:
    """Index models, refusing two of one key and version."""
    index: dict[tuple[str, int], Model] = {}
    for model in models:
        if (model.key, model.version) in index:
            message = f"two pricing models {model.key} version {model.version}"
            raise ValueError(message)
        index[model.key, model.version] = model
    return MappingProxyType(index)


# A version once used stays here for ever, so that every stored quote can be replayed.
_EVERY: Final = _index(
    (
        FIXED,
        METERED,
        INCOME_SHARE,
        COST,
        INCOME,
        MARKET,
        QUALITY,
        BARGAIN,
        LEARN,
        TWO_PART,
        MENU,
        BUNDLE,
        POSTED,
        CEILING,
        AUCTION,
        VCG,
        DIGITAL,
        EXCHANGE,
        SHARE,
        ML_MARKET,
        QUERY_PRICE,
        HYPERGRAPH,
        MODEL_NOISE,
        PRIVACY,
        DATUM,
    )
)
_LATEST: Final[Mapping[str, Model]] = MappingProxyType({key: model for (key, _), model in sorted(_EVERY.items(), key=lambda item: item[0])})


def catalogue() -> Mapping[str, Model]:
    """Return the latest version of every pricing model, by key."""
    return _LATEST


def model_at(key: str, version: int | None = None) -> Model:
    """Return a pricing model, at its latest version unless one is named.

    Raises:
        UnknownModelError: MODEL_UNKNOWN, VERSION_UNKNOWN.
    """
    latest = _LATEST.get(key)
    if latest is None:
        raise UnknownModelError("MODEL_UNKNOWN", key=key[:32])
    if version is None:
        return latest
    found = _EVERY.get((key, version))
    if found is None:
        raise UnknownModelError("VERSION_UNKNOWN", key=key, version=version)
    return found


def replay(*, key: str, version: int, verb: str, params: JsonObject, inputs: JsonObject, seed: int | None = None) -> Quote:
    """Answer a stored question again; the quote equals the stored one to the byte.

    Raises:
        UnknownModelError: the model, version or verb does not exist.
        InputError: what was stored is not what was once accepted.
    """
    model = model_at(key, version)
    if verb not in set(Verb):
        raise UnknownModelError("VERB_UNKNOWN", key=key, verb=verb[:16])
    return model.run(Verb(verb), params=params, inputs=inputs, seed=seed)
