"""The stored form of a citation, one for rules and findings alike."""

from registry.rules.book import Basis
from registry.rules.instruments import UNIT_TEXTS


def basis_json(basis: Basis) -> dict[str, str]:
    """A provision as codes and as both languages cite it; ``article`` is empty where the whole text is meant."""
    unit = "" if basis.number is None else UNIT_TEXTS[basis.unit].en.format(basis.number)
    return {
        "instrument": basis.instrument,
        "article": f"{unit}({basis.item})" if basis.item else unit,
        "relation": basis.relation.value,
        "en": basis.text.en,
        "zh": basis.text.zh,
    }
