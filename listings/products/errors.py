"""Refusals about products, listings and offers, each with what would mend it."""

from django.utils.translation import gettext_noop

from registry.base.errors import UserError


class ProductExists(UserError):
    """One registered object is one product."""

    code = "PRODUCT_EXISTS"
    message = gettext_noop("This registered object is a product already.")
    remedy = gettext_noop("Add a version to that product.")


class AssetNotOfProduct(UserError):
    """A version delivers a file of its own object only."""

    code = "ASSET_NOT_OF_PRODUCT"
    message = gettext_noop("This asset is not a registered file of the product's object.")
    remedy = gettext_noop("Register the asset and attach it to the product's object first.")


class SampleNotOfAsset(UserError):
    """A version shows a sample of its own file only."""

    code = "SAMPLE_NOT_OF_ASSET"
    message = gettext_noop("This sample was not taken from the version's asset.")
    remedy = gettext_noop("Take a sample of that asset with sampleStart.")


class ListingExists(UserError):
    """One version is listed once."""

    code = "LISTING_EXISTS"
    message = gettext_noop("This version has a listing that is %(state)s.")
    remedy = gettext_noop("Use that listing, or take it down first.")


class ContentFixed(UserError):
    """What was put before the rules keeps its content."""

    code = "CONTENT_FIXED"
    message = gettext_noop("A listing that is %(state)s takes no new offers.")
    remedy = gettext_noop("Suspend it, add the offer, and have it screened again; or draft a listing of a new version.")


class TooManyOffers(UserError):
    """A buyer should be able to read all of them."""

    code = "TOO_MANY_OFFERS"
    message = gettext_noop("A listing has at most %(limit)s offers.")
    remedy = gettext_noop("Withdraw one, or draft a listing of another version.")


class DeliveryMismatch(UserError):
    """A file is delivered where there is one."""

    code = "DELIVERY_MISMATCH"
    message = gettext_noop("%(delivery)s does not fit this version: FILE and API deliver its asset, GRANT is for a version without one.")
    remedy = gettext_noop("Choose another delivery, or add a version with an asset, or without.")


class NothingOffered(UserError):
    """A listing without an open offer sells nothing."""

    code = "NOTHING_OFFERED"
    message = gettext_noop("This listing has no open offer.")
    remedy = gettext_noop("Add an offer with offerAdd first.")


class NotCleared(UserError):
    """The database found no verdict that passes for this content now."""

    code = "NOT_CLEARED"
    message = gettext_noop("No verdict in force passes this listing as it is now.")
    remedy = gettext_noop("Have it screened again with listingPublish.")


class OrderedSuspension(UserError):
    """What the regulator stopped, the regulator lets go on."""

    code = "ORDERED_SUSPENSION"
    message = gettext_noop("This listing is suspended by order of the regulator.")
    remedy = gettext_noop("Do what the order asks; the regulator then resumes the listing.")


class PlanSellsNothing(UserError):
    """A plan that makes no price for a buyer, or a share of income beside other plans."""

    code = "PLAN_SELLS_NOTHING"
    message = gettext_noop("Plan %(name)s cannot stand in this offer.")
    remedy = gettext_noop("Use plans whose model quotes, rates or clears bids; a share of income stands in an offer of its own.")
