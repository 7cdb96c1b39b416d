"""What the uploading of inputs refuses."""

from typing import Final

from django.utils.translation import gettext_noop

from registry.base.errors import UserError

BYTES_MAX: Final = 8 * 1024 * 1024


class InputLinkInvalid(UserError):
    """The address does not lead to a file of inputs that waits for its bytes."""

    code = "INPUT_LINK_INVALID"
    message = gettext_noop("This address takes no inputs: it is not ours, an hour old, or was used.")
    remedy = gettext_noop("Ask for a new address with pricingInputStage.")


class InputTooLarge(UserError):
    """More bytes than were announced, or than any input may have."""

    code = "INPUT_TOO_LARGE"
    message = gettext_noop("The body has not the %(limit)s bytes that were announced.")
    remedy = gettext_noop("Announce the exact size, at most 8 MiB, and send exactly that.")


class InputNotStored(UserError):
    """The file was announced and never sent."""

    code = "INPUT_NOT_STORED"
    message = gettext_noop("The bytes of this file of inputs did not arrive yet.")
    remedy = gettext_noop("Send them to the address that pricingInputStage returned.")
