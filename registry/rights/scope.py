"""What a right allows: one typed value, stored as JSON, whose order ("lies within") the database repeats in its coverage trigger."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Final, Self

from registry.base.errors import BadInput

WORLD: Final = "WORLD"
_TERRITORY: Final = re.compile(r"WORLD|[A-Z]{2}(-[A-Z0-9]{1,6})?")
PURPOSES_MAX: Final = 50
PURPOSE_LENGTH_MAX: Final = 64


@dataclass(frozen=True, slots=True)
class Scope:
    """What the holder of a right may do with it.

    Attributes:
        derive: make other products from the object.
        provide_derived: provide those products to others.
        sublicense: grant parts of this right on.
        resale: pass the delivered data on.
        export: take it out of the country.
        territory: ``WORLD``, a country (ISO 3166-1) or a subdivision of one (ISO 3166-2, or the country and a GB/T 2260 code).
        purposes: codes of the allowed purposes; empty means any.
    """

    derive: bool = False
    provide_derived: bool = False
    sublicense: bool = False
    resale: bool = False
    export: bool = False
    territory: str = "CN"
    purposes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what the database would refuse, with the field's name.

        Raises:
            BadInput: an unknown territory, or too many, too long or doubled purposes.
        """
        if not _TERRITORY.fullmatch(self.territory):
            raise BadInput("scope.territory", "WORLD, a country code such as CN, or a subdivision such as CN-350200")
        if len(self.purposes) > PURPOSES_MAX or any(not 0 < len(each) <= PURPOSE_LENGTH_MAX for each in self.purposes):
            raise BadInput("scope.purposes", f"at most {PURPOSES_MAX} codes of 1 to {PURPOSE_LENGTH_MAX} characters")
        if len(set(self.purposes)) != len(self.purposes):
            raise BadInput("scope.purposes", "each code once")

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Self:
        """The scope that was stored."""
        return cls(**{**stored, "purposes": tuple(stored["purposes"])})

    def stored(self) -> dict[str, Any]:
        """The scope as JSON."""
        return {**asdict(self), "purposes": list(self.purposes)}

    def limited_by(self, source: "Scope") -> "Scope":
        """This scope, narrowed to the limits that a source's licence puts on what is derived under it: export, territory, purposes.

        Raises:
            BadInput: the two have no common territory or no common purpose.
        """
        narrower = self.territory if _inside(self.territory, source.territory) else source.territory
        if not _inside(narrower, self.territory):
            raise BadInput("scope.territory", "the sources' licences have no common territory")
        purposes = self.purposes or source.purposes
        if self.purposes and source.purposes:
            purposes = tuple(each for each in self.purposes if each in source.purposes)
            if not purposes:
                raise BadInput("scope.purposes", "the sources' licences have no common purpose")
        return replace(self, export=self.export and source.export, territory=narrower, purposes=purposes)


FULL: Final = Scope(derive=True, provide_derived=True, sublicense=True, resale=True, export=True, territory=WORLD)
"""Everything: the scope of a first holder's own right, unless a law or a source limits it."""


def _inside(inner: str, outer: str) -> bool:
    return outer in {WORLD, inner} or inner.startswith(f"{outer}-")
