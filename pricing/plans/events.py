"""Events of plans."""

from registry.log.schemas import declare

PLAN_CREATED = declare(
    "plan.created",
    public=("plan", "owner", "series", "number", "model", "model_version"),
    sealed=("params", "adjustments"),
)
