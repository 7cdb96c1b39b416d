"""Events of filings. What an applicant files is sealed until it is on the register; that something was filed, and when, is public."""

from typing import Final

from registry.log.schemas import declare

FILING_SUBMITTED: Final = declare(
    "filing.submitted", public=("filing", "applicant", "content_version", "regime", "acceptance_due_at"), sealed=("content",)
)
FILING_RETURNED: Final = declare("filing.returned", public=("filing", "supplement_due_at"), sealed=("missing",))
FILING_SUPPLEMENTED: Final = declare(
    "filing.supplemented", public=("filing", "applicant", "content_version", "regime", "acceptance_due_at"), sealed=("content",)
)
FILING_LAPSED: Final = declare("filing.lapsed", public=("filing",))
FILING_ACCEPTED: Final = declare("filing.accepted", public=("filing", "deemed", "accepted_on", "finish_due_at"))
FILING_EXAMINED: Final = declare("filing.examined", public=("filing", "content_version", "verdict"), sealed=("assessment",))
FILING_REFUSED: Final = declare("filing.refused", public=("filing",), sealed=("reasons",))
FILING_PUBLICISED: Final = declare("filing.publicised", public=("filing", "verdict", "notice_from", "notice_until_at"))
FILING_SENT_BACK: Final = declare("filing.sent_back", public=("filing", "reason", "verdict"))
FILING_DEPOSITED: Final = declare(
    "filing.deposited",
    public=("filing", "applicant", "object", "identifier", "rights", "valid_from", "valid_until", "verdict", "deposited_at"),
)
OBJECTION_FILED: Final = declare("objection.filed", public=("objection", "filing", "by", "decide_due_at"), sealed=("reason",))
OBJECTION_DECIDED: Final = declare("objection.decided", public=("objection", "filing", "upheld"), sealed=("reasons",))
