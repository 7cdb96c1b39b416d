"""What every step of a filing has in common: who may take it, from where, and how it is told."""

from collections.abc import Collection
from typing import Any, Final
from uuid import UUID

from registry.base.actor import Actor
from registry.base.errors import BadInput, IllegalTransition, StaleVersion
from registry.base.limits import TEXT_MAX
from registry.base.transitions import move
from registry.filings.models import Filing
from registry.filings.states import TRANSITIONS, State
from registry.log.services import record
from registry.parties.selectors import require_unaffiliated

ACCEPTANCE_TOPIC: Final = "filing.acceptance"
SUPPLEMENT_TOPIC: Final = "filing.supplement"
DEPOSIT_TOPIC: Final = "filing.deposit"


def locked(actor: Actor, filing_id: UUID) -> Filing:
    """A filing that the actor may see, locked."""
    Filing.objects.find(actor, filing_id, field="filingId")
    return Filing.objects.lock(filing_id)


def for_registrar(actor: Actor, filing_id: UUID) -> Filing:
    """A filing, locked, for a registrar who is no kin of its applicant."""
    filing = locked(actor, filing_id)
    require_unaffiliated(actor, filing.applicant_id)
    return filing


def expect(filing: Filing, to: State, version: int, *, only_from: Collection[State]) -> None:
    """Refuse a step from another state or decided on another version, before anything is written.

    Raises:
        StaleVersion, IllegalTransition: as said.
    """
    if filing.version != version:
        raise StaleVersion(field=("expectedVersion",), noun="filing", current=filing.version, expected=version)
    if filing.state not in only_from:
        raise IllegalTransition(noun="filing", source=filing.state, target=to.value)


def change(filing: Filing, to: State, **columns: Any) -> None:
    """Move a locked filing."""
    move(filing, to=to, expected_version=filing.version, transitions=TRANSITIONS, **columns)


def tell(schema: str, actor: Actor, filing: Filing, *, sealed: dict[str, Any] | None = None, **public: Any) -> UUID:
    """Record an event of a filing and return its id."""
    return record(schema, subject=("Filing", filing.pk), actor=actor, public={"filing": filing.pk, **public}, sealed=sealed)


def words(field: str, text: str) -> str:
    """A text for people, trimmed and not empty."""
    trimmed = text.strip()
    if not 0 < len(trimmed) <= TEXT_MAX:
        raise BadInput(field, f"1 to {TEXT_MAX} characters")
    return trimmed


def work_key(filing: Filing) -> str:
    """The key of the work that this version of the filing waits for."""
    return f"{filing.pk}:{filing.version}"
