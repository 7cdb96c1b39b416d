"""What this room tells the log: the open list and the price ceilings are public, so nothing of them is sealed."""

from registry.log.schemas import declare

declare("open_list.published", public=("entry", "publisher", "object", "title", "open_type", "conditions", "valid_from", "valid_until"))
declare("open_list.withdrawn", public=("entry", "publisher", "object", "withdrawn_at"))
declare(
    "price_ceiling.set",
    public=(
        *("ceiling", "set_by", "object", "unit", "ceiling_minor", "currency", "trial"),
        *("document", "document_sha256", "valid_from", "valid_until", "replaces", "kept"),
    ),
)
declare("price_ceiling.closed", public=("ceiling", "closed_by", "object", "closed_at"))
