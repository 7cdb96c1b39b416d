"""Facts about the people in the data: on what lawful basis it may be provided, to whom, for what, and what was assessed before."""

from collections.abc import Callable, Iterable
from typing import Final, TypeVar
from uuid import UUID

from django.db.models import Q, QuerySet

from listings.resources.models import ConsentBasis, ImpactAssessment, Profile
from marketplace.screening.lineage import Lineage
from registry.rights.models import RegisteredObject
from registry.rules.facts import FactValue

CHILDREN: Final = "UNDER_14"
"""The kind by which a consent or an assessment names personal information of children under 14."""
PUBLIC_PLACE: Final = "PUBLIC_PLACE"
"""The kind by which it names images or identity data from public places."""
Item = TypeVar("Item")
_IDENTIFYING: Final = frozenset({"DE_IDENTIFIED", "PI", "SENSITIVE"})


def people_facts(lineage: Lineage) -> dict[str, FactValue | None]:
    """Whose data it is. Consents and assessments name every kind of personal information; with none on file it is unknown."""
    kinds = [_kinds_named(each, lineage) for each in _personal(lineage)]
    named = frozenset[str]().union(*kinds) if all(kinds) else None
    return {
        "minors_under_14": None if named is None else CHILDREN in named,
        "public_place_images": None if named is None else PUBLIC_PLACE in named,
        # PIPL 56 makes the necessity of the processing part of every assessment
        "sensitive_necessity_noted": all(_assessed(each, lineage).exists() for each in _personal(lineage)),
    }


def consent_facts(lineage: Lineage, *, buyer_id: UUID | None, purpose: str | None) -> dict[str, FactValue | None]:
    """The lawful basis for personal information: the consents on record, narrowed to a buyer and a purpose if there is one.

    Consent is the only basis on record, and each is one for providing the data to the recipient that it names; where there is none,
    the basis is NONE. Whether a purpose lies within one that is worded otherwise is for people to read: unknown.
    """
    every = [_Consents(each, buyer_id, purpose) for each in _personal(lineage)]
    given = all(each.named for each in every)
    return {
        "pi_basis": "CONSENT" if given else "NONE",
        "pi_basis_covers_provision": given,
        "consent_separate": _all(every, lambda each: any(consent.separate for consent in each.relied)),
        "consent_names_buyer": given if buyer_id is not None else None,
        "consent_covers_kinds": _all(every, lambda each: each.covers_kinds),
        "consent_purpose_matches": _all(every, lambda each: each.purpose_matches) if purpose is not None else None,
        "consent_withdrawn": any(each.withdrawn for each in every),
    }


def assessment_facts(lineage: Lineage, *, buyer_id: UUID, purpose: str) -> dict[str, FactValue | None]:
    """The impact assessments on file for this buyer, or for any, dated on or before the day judged."""
    personal = [(each, list(_assessed(each, lineage).filter(Q(buyer=None) | Q(buyer=buyer_id)))) for each in _personal(lineage)]
    return {
        "impact_assessment_done_before": all(reports for _, reports in personal),
        "impact_assessment_covers": _all(personal, lambda one: _covers(*one, purpose)),
    }


def measured_kinds(object_id: UUID) -> frozenset[str]:
    """The kinds of personal information that were measured in the object's files."""
    profiles = Profile.objects.filter(asset__object=object_id).values_list("columns", flat=True)
    return frozenset(kind for columns in profiles for column in columns for kind, hits in column["personal"].items() if hits)


def alike(one: str, other: str) -> bool:
    """Whether two purposes are worded alike, but for case and blanks around them."""
    return one.strip().casefold() == other.strip().casefold()


class _Consents:
    """The consents recorded for one object, and those of them that one buyer may rely on."""

    def __init__(self, product: RegisteredObject, buyer_id: UUID | None, purpose: str | None) -> None:
        recorded = ConsentBasis.objects.filter(object=product.pk)
        own = recorded if buyer_id is None else recorded.filter(buyer=buyer_id)
        self.named = list(own.filter(withdrawn_at=None))
        self.ended = list(own.filter(withdrawn_at__isnull=False))
        self.matching = [consent for consent in self.named if purpose is not None and alike(consent.purpose, purpose)]
        self.measured = measured_kinds(product.pk)

    @property
    def relied(self) -> list[ConsentBasis]:
        """Those for this purpose, or else those whose purpose somebody must read."""
        return self.matching or self.named

    @property
    def covers_kinds(self) -> bool:
        """Whether one of them names every kind that was measured."""
        return any(self.measured <= set(consent.kinds) for consent in self.relied)

    @property
    def purpose_matches(self) -> bool | None:
        """Whether one is for this very purpose; unknown where all are worded otherwise."""
        return True if self.matching else None if self.named else False

    @property
    def withdrawn(self) -> bool:
        """Whether somebody withdrew and nobody consented again since."""
        latest = max((consent.given_at for consent in self.named), default=None)
        return any(latest is None or latest < consent.withdrawn_at for consent in self.ended if consent.withdrawn_at is not None)


def _personal(lineage: Lineage) -> tuple[RegisteredObject, ...]:
    """The objects that declare personal information; all of them where none does, for then the question is open."""
    return tuple(each for each in lineage.objects if each.pi_kind in _IDENTIFYING) or lineage.objects


def _kinds_named(product: RegisteredObject, lineage: Lineage) -> frozenset[str]:
    """Every kind of personal information that a consent in force or an assessment of the object names."""
    consents = ConsentBasis.objects.filter(object=product.pk, withdrawn_at=None).values_list("kinds", flat=True)
    reports = _assessed(product, lineage).values_list("kinds", flat=True)
    return frozenset(kind for kinds in (*consents, *reports) for kind in kinds)


def _assessed(product: RegisteredObject, lineage: Lineage) -> QuerySet[ImpactAssessment]:
    """The object's assessments that are dated by the day judged."""
    return ImpactAssessment.objects.filter(object=product.pk, reported_on__lte=lineage.on)


def _covers(product: RegisteredObject, reports: list[ImpactAssessment], purpose: str) -> bool | None:
    """Whether a report names every kind measured and is for this very purpose; unknown where its purpose is worded otherwise."""
    measured = measured_kinds(product.pk)
    complete = [report for report in reports if measured <= set(report.kinds)]
    return True if any(alike(report.purpose, purpose) for report in complete) else None if complete else False


def _all(values: Iterable[Item], asked: Callable[[Item], bool | None]) -> bool | None:
    """True if it is of all; False if it certainly is not of one; else unknown."""
    seen = {asked(value) for value in values}
    return False if False in seen else None if None in seen else True
