"""The log's relays."""

from registry.log.cosigning import cosign
from registry.log.integrator import integrate


def run_once() -> int:
    """Sequence waiting events and publish a checkpoint; returns how many were added."""
    return integrate()


def cosign_once() -> int:
    """Show the latest checkpoint to the witnesses; returns how many cosigned it."""
    return cosign()
