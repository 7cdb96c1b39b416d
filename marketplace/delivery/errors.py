"""What stops a delivery, each with what a person can do and the HTTP status that says it."""

from typing import ClassVar

from django.utils.translation import gettext_noop

from registry.base.errors import UserError


class Undeliverable(UserError):
    """The data may not be handed over now."""

    status: ClassVar[int] = 403
    """The HTTP status of the refusal where a link is followed."""


class NotHolder(Undeliverable):
    """Only the buyer takes the data."""

    code = "NOT_HOLDER"
    message = gettext_noop("Your organisation is not the holder of this entitlement.")
    remedy = gettext_noop("The buyer of the deal takes the delivery.")


class LinkInvalid(Undeliverable):
    """The link was not made here, or was altered."""

    code = "LINK_INVALID"
    message = gettext_noop("This delivery link was not issued by this market, or was altered.")
    remedy = gettext_noop("Ask for a link with deliveryLink.")


class LinkExpired(Undeliverable):
    """The link's time is over."""

    code = "LINK_EXPIRED"
    message = gettext_noop("This delivery link expired at %(expired_at)s.")
    remedy = gettext_noop("Ask again with deliveryLink and the same idempotency key: it stays one use.")
    status = 410


class EntitlementSuspended(Undeliverable):
    """The entitlement waits for its cause to go away."""

    code = "ENTITLEMENT_SUSPENDED"
    message = gettext_noop("This entitlement is suspended: %(cause)s.")
    remedy = gettext_noop("It resumes when the cause is gone; see what screening or the register says of the object.")


class EntitlementEnded(Undeliverable):
    """The entitlement is over."""

    code = "ENTITLEMENT_ENDED"
    message = gettext_noop("This entitlement ended; its last day was before %(until)s.")
    remedy = gettext_noop("Make a new deal to use the data again.")
    status = 410


class EntitlementNotBegun(Undeliverable):
    """The entitlement's first day is still to come."""

    code = "ENTITLEMENT_NOT_BEGUN"
    message = gettext_noop("This entitlement begins on %(start)s.")
    remedy = gettext_noop("Come back on that day.")


class RightEnded(Undeliverable):
    """The register no longer records the right."""

    code = "RIGHT_ENDED"
    message = gettext_noop("The right behind this entitlement is no longer registered.")
    remedy = gettext_noop("Ask the seller and the registrar why it ended; complain if the money was not returned.")
    status = 410


class ObjectHeld(Undeliverable):
    """A hold stands on the object or on a source of it."""

    code = "OBJECT_HELD"
    message = gettext_noop("A hold (%(kinds)s) on this object or a source of it is in force since %(since)s.")
    remedy = gettext_noop("Have whoever set the hold lift it.")


class ConsentWithdrawn(Undeliverable):
    """The people whose data it is no longer agree."""

    code = "CONSENT_WITHDRAWN"
    message = gettext_noop("The consent to provide this personal information to you was withdrawn.")
    remedy = gettext_noop("The seller removes the data concerned, or records a new consent that names you.")


class NoFile(Undeliverable):
    """The deal delivers no file."""

    code = "NO_FILE"
    message = gettext_noop("This entitlement is for %(mode)s; it delivers no file.")
    remedy = gettext_noop("Use it as the contract says.")
    status = 404
