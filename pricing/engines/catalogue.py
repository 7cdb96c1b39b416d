"""Every pricing model there is, by key and version, and the replay of what one of them once answered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from pricing.engines.datum.model import DATUM
from pricing.engines.errors import UnknownModelError
from pricing.engines.fixed import FIXED
from pricing.engines.income_share import INCOME_SHARE
from pricing.engines.metered import METERED
from pricing.engines.model import Model, Verb
from pricing.engines.result import Quote
from pricing.engines.shapes import JsonObject


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
_EVERY: Final = _index((FIXED, METERED, INCOME_SHARE, DATUM))
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
