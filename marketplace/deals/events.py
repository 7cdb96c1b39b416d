"""Events of deals. Their public fields are what the offline verifier reads; amounts are sealed."""

from registry.log.schemas import declare

DEAL_REQUESTED = declare("deal.requested", public=("deal", "offer", "terms_hash"), sealed=("seller", "buyer", "amount", "purpose"))
DEAL_SIGNED = declare(
    "deal.signed",
    public=("deal", "terms_hash", "seller", "buyer", "seller_key", "buyer_key", "seller_signature", "buyer_signature"),
)
DEAL_FUNDED = declare("deal.funded", public=("deal", "currency"), sealed=("amount",))
DEAL_DELIVERED = declare("deal.delivered", public=("deal", "sha256"))
DEAL_ACCEPTED = declare("deal.accepted", public=("deal",))
DEAL_SETTLED = declare("deal.settled", public=("deal", "currency"), sealed=("amount", "lines"))
DEAL_IN_FORCE = declare("deal.in_force", public=("deal",))
DEAL_CANCELLED = declare("deal.cancelled", public=("deal",), sealed=("reason",))
DEAL_REFUNDED = declare("deal.refunded", public=("deal", "currency"), sealed=("amount",))
