"""What this room tells the log. Deals follow ``delivery.completed``."""

from typing import Final

from registry.log.schemas import declare

ENTITLEMENT_OPENED: Final = declare("entitlement.opened", public=("entitlement", "deal", "object", "grant"))
ENTITLEMENT_SUSPENDED: Final = declare("entitlement.suspended", public=("entitlement", "deal", "cause"))
ENTITLEMENT_RESUMED: Final = declare("entitlement.resumed", public=("entitlement", "deal"))
ENTITLEMENT_ENDED: Final = declare("entitlement.ended", public=("entitlement", "deal"))
DELIVERY_COMPLETED: Final = declare("delivery.completed", public=("deal", "entitlement", "sha256"))
