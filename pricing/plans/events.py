"""Events of plans."""

from registry.log.schemas import declare

PLAN_CREATED = declare(
    "plan.created", public=("plan", "owner", "model", "model_version", "params_sha256"), sealed=("params", "adjustments")
)
