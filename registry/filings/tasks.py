"""The filings' relay: statutory clocks that ran out, and certificates once deposits are in the log."""

from typing import Final
from uuid import UUID

from registry.base import work
from registry.base.models import Work
from registry.certificates.errors import NotYetLogged
from registry.filings.depositing import filing_certify, filing_deposit
from registry.filings.services import filing_accept_by_silence, filing_lapse
from registry.filings.steps import ACCEPTANCE_TOPIC, DEPOSIT_TOPIC, SUPPLEMENT_TOPIC
from registry.log.models import Entry
from registry.log.services import follow

FOLLOWER: Final = "filings.certificates"
DEPOSITS: Final = frozenset({"filing.deposited"})


def run_once() -> int:
    """Do one batch of what is due; returns how many items were taken."""
    return work.run_once(_HANDLERS) + _certify()


def _certify() -> int:
    """Follow the log up to the last deposit that a checkpoint covers."""
    try:
        return follow(FOLLOWER, _on_deposit, schemas=DEPOSITS)
    except NotYetLogged:
        return 0


def _on_deposit(entry: Entry) -> None:
    filing_certify(entry=entry)


def _key(item: Work) -> UUID:
    return UUID(item.key.partition(":")[0])


_HANDLERS: Final = {
    ACCEPTANCE_TOPIC: lambda item: filing_accept_by_silence(filing_id=_key(item)),
    SUPPLEMENT_TOPIC: lambda item: filing_lapse(filing_id=_key(item)),
    DEPOSIT_TOPIC: lambda item: filing_deposit(filing_id=_key(item)),
}
