"""Events of fees."""

from registry.log.schemas import declare

SCHEDULE_PUBLISHED = declare(
    "fee_schedule.published",
    public=("schedule", "number", "effective_from", "platform_ppm", "institution_ppm", "gateway_ppm", "gateway_fixed_minor", "tax_ppm"),
)
