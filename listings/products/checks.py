"""What services of this room ask before they write."""

from uuid import UUID

from listings.products.models import Listing
from registry.base.actor import Actor
from registry.base.errors import NotFound


def own_listing(actor: Actor, listing_id: UUID) -> Listing:
    """A listing of the actor's organisation, locked, with its version, product and object.

    Raises:
        NotFound: there is none.
    """
    owned = Listing.objects.filter(product_version__product__object__owner=actor.organisation)
    listing = owned.select_related("product_version__product__object").select_for_update(of=("self",)).filter(pk=listing_id).first()
    if listing is None:
        raise NotFound(field=("listingId",), noun="listing of yours")
    return listing
