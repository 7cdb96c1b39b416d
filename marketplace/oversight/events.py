"""What this room tells the log: who complained and what was said is sealed."""

from typing import Final

from registry.log.schemas import declare

COMPLAINT_FILED: Final = declare(
    "complaint.filed", public=("complaint", "subject_type", "subject", "answer_due_at"), sealed=("complainant", "text")
)
COMPLAINT_ANSWERED: Final = declare("complaint.answered", public=("complaint", "subject_type", "subject"), sealed=("answer",))
ORDER_ISSUED: Final = declare("order.issued", public=("order", "object", "kind", "hold", "listings"), sealed=("reason",))
ORDER_LIFTED: Final = declare("order.lifted", public=("order", "object", "kind", "hold", "listings"), sealed=("reason",))
