"""The addresses that take inputs: signed, good for an hour, used once."""

from typing import Final
from uuid import UUID

from django.core.signing import BadSignature, TimestampSigner

from pricing.inputs.errors import InputLinkInvalid
from pricing.inputs.models import InputFile

PATH: Final = "/pricing-inputs/"
LINK_SECONDS: Final = 3600
TOKEN_MAX: Final = 512
_SALT: Final = "pricing.inputs.upload"


def upload_path(file: InputFile) -> str:
    """The address that takes the file's bytes for the next hour, from whoever has it."""
    return PATH + TimestampSigner(salt=_SALT).sign(file.pk.hex)


def input_at(token: str) -> InputFile:
    """The file that waits behind an upload address.

    Raises:
        InputLinkInvalid: not signed here, an hour old, or filled before.
    """
    if len(token) > TOKEN_MAX:
        raise InputLinkInvalid
    try:
        stated = TimestampSigner(salt=_SALT).unsign(token, max_age=LINK_SECONDS)
    except BadSignature as error:
        raise InputLinkInvalid from error
    file = InputFile.objects.filter(pk=UUID(stated), sha256=None).first()
    if file is None:
        raise InputLinkInvalid
    return file
