"""Refusals about files and what is measured in them, each with what would mend it."""

from django.utils.translation import gettext_noop

from registry.base.errors import UserError


class AssetFixed(UserError):
    """The owner vouched for the bytes."""

    code = "ASSET_FIXED"
    message = gettext_noop("This asset is registered; its bytes no longer change.")
    remedy = gettext_noop("Stage a new asset for other bytes.")


class AssetNotReady(UserError):
    """Nobody vouched for the bytes yet."""

    code = "ASSET_NOT_READY"
    message = gettext_noop("This asset is %(state)s, not READY.")
    remedy = gettext_noop("Upload its bytes and register their SHA-256 first.")


class AssetAttached(UserError):
    """An asset belongs to one object for good."""

    code = "ASSET_ATTACHED"
    message = gettext_noop("This asset already belongs to a registered object.")
    remedy = gettext_noop("Stage and register another asset for the other object.")


class BytesDiffer(UserError):
    """Other bytes arrived than the owner vouches for."""

    code = "BYTES_DIFFER"
    message = gettext_noop("The uploaded bytes have SHA-256 %(uploaded)s.")
    remedy = gettext_noop("Upload the file again, or state the SHA-256 of what was uploaded.")


class SizeDiffers(UserError):
    """Another length arrives than was staged."""

    code = "SIZE_DIFFERS"
    message = gettext_noop("The asset was staged with %(staged)s bytes; the upload has %(sent)s.")
    remedy = gettext_noop("Upload the staged file, or stage an asset of the right size.")


class LengthRequired(UserError):
    """An upload states its length."""

    code = "LENGTH_REQUIRED"
    message = gettext_noop("The upload states no Content-Length.")
    remedy = gettext_noop("Send the header Content-Length with the number of bytes.")


class UploadTooLarge(UserError):
    """More bytes than the market takes."""

    code = "UPLOAD_TOO_LARGE"
    message = gettext_noop("An upload has at most %(limit)s bytes.")
    remedy = gettext_noop("Split or compress the file.")


class UploadCut(UserError):
    """The connection ended early."""

    code = "UPLOAD_CUT"
    message = gettext_noop("The upload ended after %(received)s of %(sent)s bytes.")
    remedy = gettext_noop("Upload the file again at the same address.")


class UploadLinkInvalid(UserError):
    """Not an address that this market signed, or an old one."""

    code = "UPLOAD_LINK_INVALID"
    message = gettext_noop("This upload address was not issued here, or its hour is over.")
    remedy = gettext_noop("Repeat assetStage with the same input and idempotency key to get a fresh address.")


class NotTabular(UserError):
    """The file cannot be read as one table."""

    code = "NOT_TABULAR"
    message = gettext_noop("The file is not one table of comma-separated values: %(reason)s.")
    remedy = gettext_noop("Upload a CSV in UTF-8 or GB 18030 with one header row and rows of equal length, or a .zip or .gz of one.")


class AlreadyMeasured(UserError):
    """Bytes never change, and neither does what is measured in them."""

    code = "ALREADY_MEASURED"
    message = gettext_noop("This asset is already measured.")
    remedy = gettext_noop("Read its profile; nothing more is needed.")


class NotMeasured(UserError):
    """A sample across the file needs the number of rows."""

    code = "NOT_MEASURED"
    message = gettext_noop("This asset is not measured yet.")
    remedy = gettext_noop("Start its profile with profileStart and wait for the job to end.")


class SampleForbidden(UserError):
    """Rows about people are never shown, and neither are rows of which that is not known."""

    code = "SAMPLE_FORBIDDEN"
    message = gettext_noop("No sample is taken of data that contains, or may contain, personal information.")
    remedy = gettext_noop("Attach the asset to an object registered without personal information, or offer the profile alone.")
