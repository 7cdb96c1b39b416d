"""What this room tells the log; the plan's parameters are sealed in the plan's own event."""

from registry.log.schemas import declare

declare("product.created", public=("product", "object", "owner"))
declare("product.versioned", public=("product", "product_version", "number", "asset", "sha256"))
declare("listing.drafted", public=("listing", "product", "product_version"))
declare("listing.referred", public=("listing", "product", "content_version", "verdict"))
declare("listing.listed", public=("listing", "product", "content_version", "verdict"))
declare("listing.suspended", public=("listing", "product", "ordered"), sealed=("reason",))
declare("listing.resumed", public=("listing", "product", "content_version", "verdict"))
declare("listing.delisted", public=("listing", "product"), sealed=("reason",))
declare(
    "offer.added",
    public=("offer", "listing", "plan", "further_plans", "right", "term_months", "exclusive", "scope", "delivery", "content_version"),
)
declare("offer.withdrawn", public=("offer", "listing"))
