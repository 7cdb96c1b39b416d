"""The log's relays."""

from registry.log.cosigning import cosign
from registry.log.integrator import BATCH_MAX, integrate_backlog
from registry.log.timestamping import timestamp


def run_once() -> int:
    """Sequence the events that wait and publish a checkpoint over them; returns how many if more may wait, and 0 if the loop may pause.

    A steady market thus gets a checkpoint for each pause, five a second, and not one for each handful of events.
    """
    added = integrate_backlog()
    return added if added >= BATCH_MAX else 0


def cosign_once() -> int:
    """Show the latest checkpoint to the witnesses; returns how many cosigned it."""
    return cosign()


def timestamp_once() -> int:
    """Have the latest checkpoint timestamped if it is time to; returns how many timestamps were added."""
    return timestamp()
