"""What an applicant states: one frozen value, checked field by field before anything is stored.

Source: Data Property-Rights Registration Guideline (trial, 2026), art. 16 and annex 1.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import date
from typing import Any, Final, Self
from uuid import UUID

from registry.base.errors import BadInput
from registry.rights.scope import Scope
from registry.rights.states import ObjectKind, Right
from registry.rules.vocabulary import CODES

NAME_LENGTH_MAX: Final = 40
SUMMARY_LENGTH_MAX: Final = 400
WORDS_MAX: Final = 120
EVIDENCE_MAX: Final = 50
SOURCES_MAX: Final = 50
ROWS_MAX: Final = 2**53 - 1
FREQUENCIES: Final = ("REALTIME", "DAILY", "WEEKLY", "MONTHLY", "YEARLY", "ON_DEMAND", "OTHER")
FORMATS: Final = ("TABLE", "TEXT", "IMAGE", "AUDIO", "VIDEO", "OTHER")
_INDUSTRY: Final = re.compile(r"[A-T][0-9]{2}")
_SHA256: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Evidence:
    """A document that supports the filing: what it is, and its SHA-256."""

    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Source:
    """A registered object that the product was made from, and the USE right relied on (any version of it)."""

    object_id: UUID
    grant_id: UUID


@dataclass(frozen=True, slots=True)
class Limits:
    """How far the applicant lets the data go; they bind every right registered by the filing."""

    resale: bool = False
    export: bool = False
    territory: str = "CN"
    buyers: str = ""
    environment: str = ""

    def scope(self) -> Scope:
        """The widest right that these limits leave."""
        return Scope(derive=True, provide_derived=True, sublicense=True, resale=self.resale, export=self.export, territory=self.territory)


@dataclass(frozen=True, slots=True)
class FilingContent:
    """Everything an applicant states.

    ``wanted_until`` is the last day asked for; None asks for the longest term. ``further_to_id`` names a registered object of the
    applicant's own in which further rights are claimed; None registers a new object.
    """

    object_kind: str
    name: str
    summary: str
    industry: str
    source_category: str
    source_kind: str
    situation: str
    level: str
    pi_kind: str
    region: str
    update_frequency: str
    data_format: str
    rights_claimed: tuple[str, ...]
    limits: Limits
    evidence: tuple[Evidence, ...]
    made_from: tuple[Source, ...] = ()
    further_to_id: UUID | None = None
    sector: str = ""
    time_from: date | None = None
    time_until: date | None = None
    volume_rows: int | None = None
    wanted_until: date | None = None

    def checked(self, *, today: date) -> Self:
        """The content with texts trimmed and lists in one order.

        Raises:
            BadInput: a field that breaks its rule; names the field.
        """
        content = replace(
            self,
            name=_text("name", self.name, NAME_LENGTH_MAX),
            summary=_text("summary", self.summary, SUMMARY_LENGTH_MAX),
            region=_text("region", self.region, WORDS_MAX),
            rights_claimed=tuple(sorted(set(self.rights_claimed))),
            made_from=tuple(sorted(self.made_from, key=lambda source: source.object_id)),
        )
        content.check_codes()
        content.check_terms(today)
        content.check_sources()
        content.check_evidence()
        return content

    def check_codes(self) -> None:
        """Refuse codes that the vocabulary does not have."""
        _code("objectKind", self.object_kind, ObjectKind.values)
        _code("sourceCategory", self.source_category, CODES["source_categories"])
        _code("sourceKind", self.source_kind, CODES["source_kinds"])
        for field in ("situation", "level", "pi_kind"):
            _code(_camel(field), getattr(self, field), CODES[field])
        _code("updateFrequency", self.update_frequency, FREQUENCIES)
        _code("dataFormat", self.data_format, FORMATS)
        _code("sector", self.sector, ("", *CODES["sector_tags"]))
        for right in self.rights_claimed:
            _code("rightsClaimed", right, Right.values)
        if not self.rights_claimed:
            raise BadInput("rightsClaimed", "at least one right")
        if _INDUSTRY.fullmatch(self.industry) is None:
            raise BadInput("industry", "section and division of GB/T 4754, such as G56")

    def check_terms(self, today: date) -> None:
        """Refuse periods that run backwards, a term that is over, a volume out of range, and limits of no meaning."""
        if self.time_from and self.time_until and self.time_from > self.time_until:
            raise BadInput("timeUntil", "not before timeFrom")
        if self.wanted_until is not None and self.wanted_until <= today:
            raise BadInput("wantedUntil", "after today")
        if self.volume_rows is not None and not 0 <= self.volume_rows <= ROWS_MAX:
            raise BadInput("volumeRows", f"0 to {ROWS_MAX}")
        self.limits.scope()
        for field in ("buyers", "environment"):
            _text(f"limits.{field}", getattr(self.limits, field), WORDS_MAX, least=0)

    def check_sources(self) -> None:
        """Refuse sources of a resource, doubled sources, and a derivation from nothing."""
        if self.object_kind == ObjectKind.RESOURCE and self.made_from:
            raise BadInput("madeFrom", "only a product is made from registered objects")
        if len(self.made_from) > SOURCES_MAX or len({source.object_id for source in self.made_from}) != len(self.made_from):
            raise BadInput("madeFrom", f"at most {SOURCES_MAX} sources, each once")
        if self.further_to_id is not None and self.made_from:
            raise BadInput("madeFrom", "the register already knows what a registered object was made from")
        if self.situation == "DERIVED" and not self.made_from and self.further_to_id is None:
            raise BadInput("madeFrom", "derived data names every source")

    def check_evidence(self) -> None:
        """Refuse too many documents, nameless ones, and what is no SHA-256. None at all is for the examination to tell."""
        if len(self.evidence) > EVIDENCE_MAX:
            raise BadInput("evidence", f"at most {EVIDENCE_MAX} documents")
        for document in self.evidence:
            _text("evidence.name", document.name, WORDS_MAX)
            if _SHA256.fullmatch(document.sha256) is None:
                raise BadInput("evidence.sha256", "64 lower-case hexadecimal digits")

    def columns(self) -> dict[str, Any]:
        """The content as the columns of a filing."""
        return {
            **{field.name: getattr(self, field.name) for field in fields(self)},
            "rights_claimed": list(self.rights_claimed),
            "limits": asdict(self.limits),
            "evidence": [asdict(document) for document in self.evidence],
            "made_from": [{"object": str(source.object_id), "grant": str(source.grant_id)} for source in self.made_from],
        }


def sources_of(stored: list[Mapping[str, str]]) -> list[Source]:
    """The sources that a filing's ``made_from`` column holds."""
    return [Source(UUID(source["object"]), UUID(source["grant"])) for source in stored]


def _text(field: str, value: str, most: int, *, least: int = 1) -> str:
    text = value.strip()
    if not least <= len(text) <= most or not text.isprintable():
        raise BadInput(field, f"{least} to {most} printable characters")
    return text


def _code(field: str, value: str, known: Collection[str]) -> None:
    if value not in known:
        raise BadInput(field, f"one of {', '.join(known)}")


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.title() for part in rest)
