"""The relay of advice: computes what was asked for, outside any request."""

from typing import Any
from uuid import UUID

from pricing.advice.services import JOB, advice_compute
from registry.base import jobs


def run_once() -> int:
    """Run one waiting job; returns how many ran."""
    return jobs.run_once({JOB: _advise})


def _advise(handle: jobs.Handle) -> dict[str, Any]:
    """Compute one advice, as far as nobody cancels it; what is given by then stays given."""
    handle.progress(0, 1)
    advice_compute(advice_id=UUID(handle.params["advice"]), progress=handle.progress)
    return {"advice": handle.params["advice"]}
