"""Takes JSON for pricing models, as text in a request or as a file sent before."""

import hashlib
from typing import Any, Final
from uuid import UUID

from pricing.inputs.errors import BYTES_MAX, InputLinkInvalid, InputNotStored, InputTooLarge
from pricing.inputs.models import InputFile
from registry.base import clock
from registry.base.actor import Actor, require
from registry.base.errors import BadInput
from registry.base.idempotency import once
from registry.base.sealed import seal, unseal
from registry.base.strict_json import read_json

TEXT_BYTES_MAX: Final = 8_192
VALUES_MAX: Final = 500_000
LISTS_MAX: Final = 100_000
"""Together with the bytes, what keeps reading an input to about a second: no model takes half as many of either."""
_KIND: Final = "input"


def input_stage(*, actor: Actor, size: int, idempotency_key: str) -> InputFile:
    """Announce a JSON file of so many bytes, which is then sent to ``upload_path``.

    Raises:
        BadInput: a size outside 2 to ``BYTES_MAX``.
    """
    require(actor, "plan:use")
    if not 2 <= size <= BYTES_MAX:  # noqa: PLR2004 the empty object
        raise BadInput("size", "2 to 8388608 bytes")
    with once(actor, "pricing_input_stage", idempotency_key, size) as call:
        if call.replayed:
            return call.result(InputFile)
        return call.done(InputFile.objects.create(owner_id=actor.acting_for, size=size, staged_at=clock.now()))


def input_store(*, file: InputFile, body: bytes) -> InputFile:
    """Keep the bytes of an announced file, once.

    Raises:
        InputTooLarge: another length than was announced.
        BadInput: no JSON object with finite numbers.
        InputLinkInvalid: another request was faster.
    """
    if len(body) != file.size:
        raise InputTooLarge(limit=file.size)
    parse_json_object(text=body, field="body", longest=BYTES_MAX)
    stored = InputFile.objects.filter(pk=file.pk, sha256=None).update(
        sha256=hashlib.sha256(body).hexdigest(), sealed=seal(kind=_KIND, subject=file.pk, value=body), stored_at=clock.now()
    )
    if stored != 1:
        raise InputLinkInvalid
    file.refresh_from_db()
    return file


def given_json(*, actor: Actor, text: str | None, file_id: UUID | None, field: str) -> dict[str, Any]:
    """The JSON object that a caller gave: as text, or by the id of a file of its own.

    Raises:
        BadInput: both or neither, or no JSON object with finite numbers.
        NotFound: not a file of the actor's.
        InputNotStored: its bytes did not arrive yet.
    """
    if (text is None) == (file_id is None):
        raise BadInput(field, "either JSON text or the id of a file of inputs")
    if text is not None:
        return parse_json_object(text=text.encode(), field=field, longest=TEXT_BYTES_MAX)
    file = InputFile.objects.find(actor, file_id, field=f"{field}FileId")  # type: ignore[arg-type]  # one of the two is given
    if file.sealed is None:
        raise InputNotStored(field=(f"{field}FileId",))
    return parse_json_object(text=unseal(kind=_KIND, subject=file.pk, sealed=bytes(file.sealed)), field=field, longest=BYTES_MAX)


def parse_json_object(*, text: bytes, field: str, longest: int = TEXT_BYTES_MAX) -> dict[str, Any]:
    """A JSON object. Amounts are decimal text; whether a field takes a number at all is for the model's schema to say.

    Raises:
        BadInput: too long, with too many values, not JSON in UTF-8, not an object, with a number that is not finite, or with a text that
            cannot be stored.
    """
    if len(text) > longest:
        raise BadInput(field, "a shorter JSON object; long ones are sent as a file of inputs")
    # marks within texts are counted too: a bound on the values that costs nothing to find
    if text.count(b",") > VALUES_MAX or text.count(b"[") + text.count(b"{") > LISTS_MAX:
        raise BadInput(field, "at most 500000 values, in at most 100000 lists and objects")
    try:
        decoded = text.decode()
        value = read_json(decoded)
        if "\\u" in decoded:  # only an escape can bring in what UTF-8 or a column of text cannot hold
            _require_storable(value)
    except ValueError as error:
        raise BadInput(field, "a JSON object with finite numbers; amounts are given as text") from error
    if not isinstance(value, dict):
        raise BadInput(field, "a JSON object")
    return value


def _require_storable(value: Any) -> None:
    """Refuse NUL and halves of a surrogate pair, which JSON can escape and neither a hash nor the database takes.

    Raises:
        ValueError: there is one.
    """
    rest = [value]
    while rest:
        match rest.pop():
            case dict() as inner:
                rest += [*inner, *inner.values()]
            case list() as inner:
                rest += inner
            case str() as text if b"\0" in text.encode():
                raise ValueError("NUL")
