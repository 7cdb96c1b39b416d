"""What this room tells the log: the open list is public, so nothing of it is sealed."""

from registry.log.schemas import declare

declare("open_list.published", public=("entry", "publisher", "object", "title", "open_type", "conditions", "valid_from", "valid_until"))
declare("open_list.withdrawn", public=("entry", "publisher", "object", "withdrawn_at"))
