"""What deals refuse."""

from typing import Final

from django.db import IntegrityError
from django.utils.translation import gettext_noop

from registry.base.errors import UserError

SIDES: Final = (gettext_noop("seller"), gettext_noop("buyer"), gettext_noop("seller or buyer"), gettext_noop("institution"))
"""Who may do a step, as ``NotASide`` and ``AlreadySigned`` name them."""


class OfferNotOpen(UserError):
    """The offer cannot be taken."""

    code = "OFFER_NOT_OPEN"
    message = gettext_noop("The offer is not open: its listing is %(state)s.")
    remedy = gettext_noop("Choose an offer of a listed product.")


class QuoteNeeded(UserError):
    """An offer with a price is taken by a quote for it, and no other."""

    code = "QUOTE_NEEDED"
    message = gettext_noop("This offer needs one of your own quotes for it.")
    remedy = gettext_noop("Ask for a quote with quoteCreate and send its id.")


class PricedByBids(UserError):
    """The plan clears bids and prices no single use."""

    code = "PRICED_BY_BIDS"
    message = gettext_noop("This plan is priced by a round of bids and quotes no single use.")
    remedy = gettext_noop("Bid with bidPlace while the seller has a round open; a winner gets its quote when the round is cleared.")


class OwnOffer(UserError):
    """Nobody buys from themselves."""

    code = "OWN_OFFER"
    message = gettext_noop("The buyer is the seller.")
    remedy = gettext_noop("An organisation needs no deal with itself.")


class NotASide(UserError):
    """Only a side of the deal may do this."""

    code = "NOT_A_SIDE"
    message = gettext_noop("Your organisation is not the %(side)s of this deal.")
    remedy = gettext_noop("The %(side)s does this step.")


class KeyNotYours(UserError):
    """The signing key is not an active key of the acting person for the side."""

    code = "KEY_NOT_YOURS"
    message = gettext_noop("This is no active signing key of yours for this organisation.")
    remedy = gettext_noop("Register a signing key for yourself with signingKeyRegister, then sign with it.")


class SignatureInvalid(UserError):
    """The signature is not by the key over the contract's hash."""

    code = "SIGNATURE_INVALID"
    message = gettext_noop("The signature does not verify over this contract's hash.")
    remedy = gettext_noop("Sign exactly the bytes in signingText with the private key of this public key.")


class AlreadySigned(UserError):
    """This side has signed."""

    code = "ALREADY_SIGNED"
    message = gettext_noop("The %(side)s has already signed.")
    remedy = gettext_noop("Wait for the other side.")


class AskDiffers(UserError):
    """All sellers of a round sell by one mechanism."""

    code = "ASK_DIFFERS"
    message = gettext_noop("The offer is priced by another mechanism, or by other parameters, than the round.")
    remedy = gettext_noop("Make an offer by a plan with the round's model and parameters.")


class MoneyUnderWay(UserError):
    """A deal whose money was asked for is not cancelled under it."""

    code = "MONEY_UNDER_WAY"
    message = gettext_noop("The money of this deal is %(state)s.")
    remedy = gettext_noop("Wait for the gateway: a deal whose payment failed can be cancelled, one that is paid goes on.")


class FileDiffers(UserError):
    """The buyer received other bytes than the contract names."""

    code = "FILE_DIFFERS"
    message = gettext_noop("The SHA-256 you received is not the one in the contract.")
    remedy = gettext_noop("Fetch the file again; if it still differs, complain: the money stays in escrow.")


class NotYet(UserError):
    """The registers behind the step are not complete."""

    code = "NOT_YET"
    message = gettext_noop("The database refuses this step: %(reason)s")
    remedy = gettext_noop("Complete what is missing; the deal is unchanged.")

    @classmethod
    def because(cls, error: IntegrityError) -> "NotYet":
        """Say which constraint refused."""
        diagnostics = getattr(error.__cause__, "diag", None)
        return cls(reason=getattr(diagnostics, "message_primary", None) or getattr(diagnostics, "constraint_name", None) or "constraint")
