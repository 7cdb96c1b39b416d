"""Facts about the data itself: what the register says it contains and comes from, what was flagged, what permits it needs."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Final
from uuid import UUID

from listings.catalogue.models import OpenListEntry
from listings.catalogue.states import NOT_LISTED, OpenType
from listings.resources.models import InstitutionReport, SourceStatement
from listings.resources.states import ReportKind
from marketplace.screening.facts_of_consent import measured_kinds
from marketplace.screening.lineage import Lineage
from marketplace.screening.models import Flag
from marketplace.screening.states import Degree, FlagState, Matter
from registry.filings.models import Filing
from registry.parties.models import SectorPermit
from registry.parties.selectors import permit_until
from registry.rights.models import RegisteredObject
from registry.rules.facts import FactValue
from registry.rules.vocabulary import CODES

PUBLIC: Final = frozenset({"GOVERNMENT", "PUBLIC_SERVICE"})
AUTHORISED: Final = "AUTHORISED_PUBLIC"
_MADE: Final = frozenset({"DERIVED", "CRAWLED_PRODUCT"})
_LEVELS: Final = ("GENERAL", "IMPORTANT", "CORE")
_PERSONAL: Final = ("NONE", "ANONYMISED", "DE_IDENTIFIED", "PI", "SENSITIVE")
_OPENNESS: Final = (*OpenType.values, NOT_LISTED)
_IMPERSONAL: Final = frozenset({"NONE", "ANONYMISED"})
_FORMS: Final = ("NONE", "DERIVED", "RAW")
_HARM: Final = ("NONE", "SUSPECTED", "CONFIRMED")
_UNLAWFUL: Final = ("NONE", "SUSPECTED", "PROVEN")


def product_facts(lineage: Lineage, seller_id: UUID) -> dict[str, FactValue | None]:
    """Everything about the data that does not depend on who buys it."""
    return {
        **declared_facts(lineage),
        **public_facts(lineage),
        **examined_facts(lineage),
        **report_facts(lineage),
        **sector_facts(lineage, seller_id),
    }


def declared_facts(lineage: Lineage) -> dict[str, FactValue | None]:
    """What the filings declared and the registrar examined; of several objects the gravest."""
    stated = SourceStatement.objects.filter(object__in=[each.pk for each in lineage.objects]).values_list("object", flat=True)
    return {
        "source_categories": _known_codes("source_categories", (each.source_category for each in lineage.all)),
        "source_kinds": _known_codes("source_kinds", (each.source_kind for each in lineage.all)),
        "level": _gravest(_LEVELS, (each.level for each in lineage.objects)),
        "pi_kind": _gravest(_PERSONAL, (_personal(each) for each in lineage.objects)),
        "source_statement_present": set(stated) == {each.pk for each in lineage.objects},
    }


def report_facts(lineage: Lineage) -> dict[str, FactValue | None]:
    """What the newest reports of unaffiliated institutions found by the day judged; with none on file nothing was tested."""
    return {
        "risk_assessment_done_before": all(_accepted(each, ReportKind.RISK, lineage.on) for each in lineage.objects),
        "anonymisation_test_accepted": all(_accepted(each, ReportKind.ANONYMISATION, lineage.on) for each in lineage.objects),
    }


def public_facts(lineage: Lineage) -> dict[str, FactValue | None]:
    """In what form public data is contained, and whether its sources are on the open list on the day judged."""
    public = [each for each in lineage.all if each.source_category in PUBLIC and each.source_kind != AUTHORISED]
    return {
        "public_form": _gravest(_FORMS, (_form(each, lineage.sources) for each in lineage.objects)),
        "open_list_status": _gravest(_OPENNESS, (_openness(each.pk, lineage.on) for each in public)) if public else None,
    }


def examined_facts(lineage: Lineage) -> dict[str, FactValue | None]:
    """What registrars established of the objects and of all they were made from, and what regulators flagged on them since.

    Unknown where an object's examination says nothing and no flag says the worst.
    """
    examined = [_examination(each) for each in lineage.all]
    flags = set(
        Flag.objects.filter(subject_id__in=[each.pk for each in lineage.all], state=FlagState.ACTIVE).values_list("matter", "degree")
    )
    secrecy = {*(each.get("secrecy_mark") for each in examined), any(matter == Matter.SECRECY for matter, _ in flags)}
    crawled = _established(lineage.all, examined, "CRAWLED_PUBLIC", "crawl_clean")
    coded = _established(lineage.all, examined, AUTHORISED, "public_code_valid")
    return {
        "harm_flag": _gravest(_HARM, [*(_code(each, "harm_flag") for each in examined), *_flagged(flags, Matter.HARM, _HARM)]),
        "unlawful_source": _gravest(
            _UNLAWFUL,
            [*(_code(each, "unlawful_source") for each in examined), *_flagged(flags, Matter.UNLAWFUL_SOURCE, _UNLAWFUL)],
        ),
        "secrecy_mark": True if True in secrecy else None if None in secrecy else False,
        "crawl_clean": crawled,
        "public_code_valid": coded,
    }


def sector_facts(lineage: Lineage, seller_id: UUID) -> dict[str, FactValue | None]:
    """The sectors that the objects belong to, and the seller's permits for those that need one."""
    declared = {each.sector for each in lineage.objects} - {""}
    tags = declared & CODES["sector_tags"].keys()
    if not tags:
        return {"sector_tags": frozenset()}
    held = [_permit(seller_id, tag, lineage.on) for tag in tags]
    lasts = [permit_until(seller_id, tag) for tag in tags]
    known = [last for last in lasts if last is not None]
    return {
        "sector_tags": frozenset(tags),
        "sector_permit_held": False if False in held else None if None in held else True,
        "sector_permit_until": min(known) if len(known) == len(lasts) else None,
    }


def _permit(seller_id: UUID, sector: str, on: date) -> bool | None:
    """Whether a checked permit is on file, expired or not; unknown while one waits for its check."""
    permits = SectorPermit.objects.filter(organisation=seller_id, sector=sector)
    if permits.filter(accepted=True, valid_from__lte=on).exists():
        return True
    return None if permits.filter(accepted=None).exists() else False


def _form(product: RegisteredObject, sources: Sequence[RegisteredObject]) -> str:
    """Raw if it is public data as collected; derived if it, or a source of it, was public data and something was made of it."""
    made = product.situation in _MADE or product.source_kind in {"DERIVED", AUTHORISED} or product.depth > 0
    if product.source_category in PUBLIC:
        return "DERIVED" if made else "RAW"
    return "DERIVED" if product.depth > 0 and any(each.source_category in PUBLIC for each in sources) else "NONE"


def _openness(object_id: UUID, on: date) -> str:
    """How open an object is on a day: the least open of its entries in force, or on no list at all."""
    entries = OpenListEntry.objects.filter(object=object_id, valid__contains=on, recorded__upper_inf=True)
    return max(entries.values_list("open_type", flat=True), key=_OPENNESS.index, default=NOT_LISTED)


def _personal(product: RegisteredObject) -> str:
    """The declared kind; undeclared where it says that nobody can be identified and a measured file shows otherwise."""
    return "" if product.pi_kind in _IMPERSONAL and measured_kinds(product.pk) else product.pi_kind


def _accepted(product: RegisteredObject, kind: ReportKind, on: date) -> bool | None:
    """What the newest report of a kind found; None if there is none."""
    reports = InstitutionReport.objects.filter(object=product.pk, kind=kind, reported_on__lte=on)
    return reports.order_by("-reported_on", "-id").values_list("accepted", flat=True).first()


def _examination(product: RegisteredObject) -> Mapping[str, Any]:
    """What the examination of the object's filing established, by fact name; empty if it is not on record."""
    return Filing.objects.filter(pk=product.filing_id).values_list("assessment", flat=True).first() or {}


def _established(products: Sequence[RegisteredObject], examined: Sequence[Mapping[str, Any]], source_kind: str, fact: str) -> bool | None:
    """What the examinations of the objects of one source kind established together; unknown where there is no such object."""
    found = {one.get(fact) for each, one in zip(products, examined, strict=True) if each.source_kind == source_kind}
    return False if False in found else None if None in found or not found else True


def _code(examined: Mapping[str, Any], fact: str) -> str:
    return examined.get(fact) or ""


def _flagged(flags: set[tuple[str, str]], matter: Matter, order: Sequence[str]) -> list[str]:
    """The codes that flags of a matter stand for: ``order`` is none, suspected, certain."""
    degrees = {Degree.SUSPECTED: order[1], Degree.CONFIRMED: order[2]}
    return [degrees[Degree(degree)] for flagged, degree in flags if flagged == matter]


def _known_codes(fact: str, values: Iterable[str]) -> frozenset[str] | None:
    """The codes as a set; unknown if one of them says nothing that the vocabulary knows."""
    codes = frozenset(values)
    return codes if codes <= CODES[fact].keys() else None


def _gravest(order: Sequence[str], values: Iterable[str]) -> str | None:
    """The gravest of the codes, mildest first in ``order``; unknown if an undeclared one might be graver."""
    found = set(values)
    if order[-1] in found or found <= set(order):
        return max(found & set(order), key=order.index, default=None)
    return None
