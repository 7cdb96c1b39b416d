"""Events of the log's own keys: where in the log a key begins and where it ends."""

from typing import Final

from registry.log.schemas import declare

LOG_KEY_ADDED: Final = declare("log_key.added", public=("key",))  # it vouches for checkpoints that cover this entry
LOG_KEY_RETIRED: Final = declare("log_key.retired", public=("key", "last_size", "compromised"))  # and until this size
