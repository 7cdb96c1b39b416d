"""Reads the one shape of request that is accepted: a small JSON object in UTF-8 that every layer below can hold."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from django.http import HttpRequest, UnreadablePostError

from marketplace.api.errors import BodyTooLarge, MediaTypeRefused, RequestRefused
from registry.base.limits import BODY_BYTES_MAX
from registry.base.strict_json import read_json

UTF8: Final = frozenset({"utf-8", "utf8"})


@dataclass(frozen=True, slots=True)
class Asked:
    """A well-formed GraphQL request, not yet looked at."""

    text: str
    variables: dict[str, Any]
    operation: str | None


def read(request: HttpRequest) -> Asked:
    """Read the request's body.

    Raises:
        MediaTypeRefused: not JSON in UTF-8.
        BodyTooLarge: longer than the limit; read no further than that.
        RequestRefused: not a JSON object with a query, or with a value that no text or number column can hold.
    """
    charset = (request.content_params or {}).get("charset", "utf-8")
    if request.content_type != "application/json" or charset.lower() not in UTF8:
        raise MediaTypeRefused
    value = _parsed(_bytes(request))
    if not isinstance(value, dict):
        raise RequestRefused(reason="the body is not a JSON object; batches are not accepted")
    return _asked(value)


def _bytes(request: HttpRequest) -> bytes:
    try:
        content = request.read(BODY_BYTES_MAX + 1)
    except UnreadablePostError as error:
        raise RequestRefused(reason="the body ended early") from error
    if len(content) > BODY_BYTES_MAX:
        raise BodyTooLarge(limit=BODY_BYTES_MAX)
    return content


def _parsed(content: bytes) -> Any:
    try:
        text = content.decode("utf-8")
        value = read_json(text)
    except UnicodeDecodeError as error:
        raise RequestRefused(reason="the body is not UTF-8") from error
    except ValueError as error:
        raise RequestRefused(reason="the body is not JSON that can be read") from error
    if "\\u" in text:  # only an escape can bring in what UTF-8 or a column of text cannot hold
        for one in _texts(value):
            if "\x00" in one or any("\ud800" <= character <= "\udfff" for character in one):
                raise RequestRefused(reason="a text holds the character NUL or half of a surrogate pair")
    return value


def _asked(value: dict[str, Any]) -> Asked:
    text, variables, operation = value.get("query"), value.get("variables"), value.get("operationName")
    if not isinstance(text, str) or not text.strip():
        raise RequestRefused(reason="query must be a GraphQL document")
    if not isinstance(variables, dict | None):
        raise RequestRefused(reason="variables must be an object")
    if not isinstance(operation, str | None):
        raise RequestRefused(reason="operationName must be a string")
    if not isinstance(value.get("extensions"), dict | None):
        raise RequestRefused(reason="extensions must be an object")
    return Asked(text, variables or {}, operation)


def _texts(value: Any) -> Iterator[str]:
    left = [value]
    while left:
        one = left.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, list):
            left.extend(one)
        elif isinstance(one, dict):
            left.extend(one)
            left.extend(one.values())
