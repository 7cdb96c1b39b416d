"""Every limit in one place, so that the schema can print them and tests can reach them."""

from typing import Final

BODY_BYTES_MAX: Final = 16 * 1024
JSON_DEPTH_MAX: Final = 64
DOCUMENT_TOKENS_MAX: Final = 1_500
DOCUMENT_DEPTH_MAX: Final = 12
DOCUMENT_NESTING_MAX: Final = 30
DOCUMENT_ALIASES_MAX: Final = 30
DOCUMENT_DIRECTIVES_MAX: Final = 10
DOCUMENT_ROOT_FIELDS_MAX: Final = 10
DOCUMENT_NODES_MAX: Final = 2_000
DOCUMENT_MUTATIONS_MAX: Final = 1
FIELD_COMPARISONS_MAX: Final = 10_000
DOCUMENT_CACHE_SIZE: Final = 1_000
DOCUMENT_CACHE_CHARACTERS: Final = 1024 * 1024
COST_MAX_ANONYMOUS: Final = 2_000
COST_MAX: Final = 20_000
PAGE_MAX: Final = 100
PAGE_NESTED_MAX: Final = 25
TEXT_MAX: Final = 4_000
LONG_TEXT_COST: Final = 250
"""Points of a text that may be as long as a file of inputs: what one request can ask for then fits into memory."""
NAME_MAX: Final = 200
IDEMPOTENCY_KEY_MAX: Final = 255
WORK_TRIES_MAX: Final = 12
WORK_BATCH_MAX: Final = 50
WORK_BACKOFF_SECONDS_MAX: Final = 300
UPLOAD_BYTES_MAX: Final = 256 * 1024 * 1024
API_KEY_DAYS_MAX: Final = 366
