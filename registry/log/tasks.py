"""The log's relay."""

from registry.log.integrator import integrate


def run_once() -> int:
    """Sequence waiting events and publish a checkpoint; returns how many were added."""
    return integrate()
