"""Registers what a deal grants, under the seller's own right, and opens its use."""

from django.db import transaction

from marketplace.deals.errors import NotYet
from marketplace.deals.models import Deal
from marketplace.delivery.models import Entitlement
from marketplace.delivery.services import entitlement_open
from registry.base.actor import SYSTEM, Actor
from registry.rights.scope import Scope
from registry.rights.selectors import held
from registry.rights.services import grant_register
from registry.rights.states import Right


def grant_rights(*, actor: Actor, deal: Deal) -> None:
    """Register a grant for every right of the deal that has none yet; called in the caller's transaction.

    Raises:
        NotYet: the seller holds no operating right to grant under.
        RightTaken, NotCovered, Held: the register of rights refuses; see there.
    """
    for right in deal.rights.filter(grant=None).order_by("object_id", "kind"):
        parent = held(deal.seller_id, right.object_id, Right.OPERATE, on=right.valid.lower)
        if parent is None:
            raise NotYet(reason="the seller holds no operating right in the object")
        right.grant = grant_register(
            actor=actor,
            object_id=right.object_id,
            kind=Right(right.kind),
            holder_id=deal.buyer_id,
            parent_id=parent.pk,
            valid_from=right.valid.lower,
            valid_until=right.valid.upper,
            exclusive=right.exclusive,
            scope=Scope.of(right.scope),
            income_share_ppm=deal.income_share_ppm,
            deal_id=deal.pk,
        )
        right.save(update_fields=["grant"])


def require_grantable(*, deal: Deal) -> None:
    """Refuse, before money moves for a deal, what the register would refuse after: tried and taken back in the caller's transaction.

    Raises:
        NotYet, RightTaken, NotCovered, Held: as ``grant_rights``.
    """
    with transaction.atomic():
        grant_rights(actor=SYSTEM, deal=deal)
        transaction.set_rollback(True)


def open_entitlements(*, deal: Deal, suspended: bool) -> None:
    """Open what the buyer may use now, one entitlement a granted right, unless it is open; called in the caller's transaction.

    Raises:
        NotYet: a right has no registered grant.
    """
    asset = deal.offer.listing.product_version.asset
    opened = set(Entitlement.objects.filter(deal_id=deal.pk).values_list("grant_id", flat=True))
    for right in deal.rights.order_by("object_id", "kind"):
        if right.grant_id is None:
            raise NotYet(reason="a right that the deal grants is not registered")
        if right.grant_id in opened:
            continue
        entitlement_open(
            deal_id=deal.pk,
            holder_id=deal.buyer_id,
            object_id=right.object_id,
            grant_id=right.grant_id,
            asset_id=asset.pk if asset else None,
            mode=deal.terms["delivery"]["mode"],
            valid=right.valid,
            suspended=suspended,
        )
