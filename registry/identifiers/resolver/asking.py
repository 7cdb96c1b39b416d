"""What a request asks for: paths, queries and batches as strangers send them, read into types. Pure.

Source: Handle.Net Technical Manual, HTTP JSON REST API.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qsl

from registry.base.strict_json import read_json
from registry.identifiers.handles import Handle, parse, prefix_valid
from registry.identifiers.values import Kind

API: Final = "/api/handles"
PATH_MAX: Final = 256
QUERY_MAX: Final = 2_048
FIELDS_MAX: Final = 64
BATCH_MAX: Final = 500
BATCH_BYTES_MAX: Final = 64 * 1024
ECHO_MAX: Final = 100
"""Characters of a wrong handle that an answer repeats."""

_CONCERNS: Final = re.compile(r"/api/handles(?:/|$)|/[0-9]+(?:\.[0-9]+)+/")
_FOREIGN: Final = re.compile(r"[^/\x00-\x20\x7f]+/[^\x00-\x1f\x7f]+")
_AS_OF: Final = re.compile(r"(?P<handle>[^@]*)@(?P<index>[0-9]{1,15})")
_INDEX: Final = re.compile(r"[0-9]{1,9}")


class Refused(Exception):
    """A request that has no answer; ``code`` is the Handle protocol's, ``handle`` what was asked for as far as it could be read."""

    def __init__(self, status: HTTPStatus, code: int, message: str, *, handle: str = "", headers: tuple[tuple[str, str], ...] = ()) -> None:
        """Keep what the answer says."""
        super().__init__(message)
        self.status, self.code, self.message, self.handle, self.headers = status, code, message, handle, headers


ERROR, TOO_BUSY, PROTOCOL_ERROR, NOT_SUPPORTED = 2, 3, 4, 5
SUCCESS, NOT_FOUND, INVALID, NO_VALUES, NOT_RESPONSIBLE = 1, 100, 102, 200, 301
"""Response codes of the Handle protocol. Source: RFC 3652, section 2.2.2.3, and the Handle.Net Technical Manual."""


@dataclass(frozen=True, slots=True)
class Question:
    """One identifier, the values of it that are wanted, and as of when.

    Attributes:
        asked: the identifier as the client wrote it.
        indexes, types: what is wanted, a value of either; nothing named means everything.
        version: the record as this version left it.
        at: the record as it was with the log's entry of this index.
    """

    asked: str
    handle: Handle
    indexes: frozenset[int] = frozenset()
    types: tuple[str, ...] = ()
    version: int | None = None
    at: int | None = None

    @property
    def whole(self) -> bool:
        """Whether all values are wanted."""
        return not self.indexes and not self.types

    def wants(self, kind: Kind) -> bool:
        """Whether a value is wanted; a type that ends in a dot stands for all types below it."""
        below = any(kind.name.startswith(each) or kind.name == each[:-1] for each in self.types if each.endswith("."))
        return kind.index in self.indexes or kind.name in self.types or below


def concerns(path: str) -> bool:
    """Whether a path is the resolver's: its API, and whatever begins with a dotted number."""
    return _CONCERNS.match(path) is not None


def text_of(path: str) -> str:
    """A path as text; WSGI hands its bytes over as Latin-1 (PEP 3333).

    Raises:
        Refused: longer than ``PATH_MAX``, or not UTF-8.
    """
    if len(path) > PATH_MAX:
        raise Refused(HTTPStatus.REQUEST_URI_TOO_LONG, INVALID, "The path is too long. 路径过长")
    try:
        return path.encode("latin-1").decode()
    except UnicodeError:
        raise Refused(HTTPStatus.BAD_REQUEST, INVALID, "The path is not UTF-8. 路径不是 UTF-8 编码") from None


def read_handle(text: str, prefixes: frozenset[str]) -> Handle:
    """The identifier that a text names.

    Raises:
        Refused: of another prefix than ``prefixes`` (301), or no identifier (102).
    """
    shown, prefix = text[:ECHO_MAX], text.partition("/")[0]
    if prefix not in prefixes and _FOREIGN.fullmatch(text):
        raise Refused(HTTPStatus.BAD_REQUEST, NOT_RESPONSIBLE, "The prefix is not served here. 本解析节点不负责该前缀", handle=shown)
    handle = parse(text) if prefix_valid(prefix) else None
    if handle is None:
        message = "This is no identifier: its form or its check character is wrong. 标识格式或校验符错误"
        raise Refused(HTTPStatus.BAD_REQUEST, INVALID, message, handle=shown)
    return handle


def read_question(text: str, query: str, prefixes: frozenset[str]) -> Question:
    """What ``GET /api/handles/<text>?<query>`` asks.

    Raises:
        Refused: no identifier of ours, or a query that cannot be read.
    """
    dated = _AS_OF.fullmatch(text)
    asked = dated["handle"] if dated else text
    handle = read_handle(asked, prefixes)
    fields = _fields(query)
    wanted = {name: [value for key, value in fields if key == name] for name in ("index", "type", "v")}
    if any(not _INDEX.fullmatch(value) for value in wanted["index"] + wanted["v"]) or len(wanted["v"]) > 1 or (wanted["v"] and dated):
        message = "index and v are numbers, and one version is asked for at a time. index 与 v 应为数字，且一次只能查询一个版本"
        raise Refused(HTTPStatus.BAD_REQUEST, PROTOCOL_ERROR, message, handle=str(handle))
    return Question(
        asked,
        handle,
        frozenset(map(int, wanted["index"])),
        tuple(wanted["type"]),
        int(wanted["v"][0]) if wanted["v"] else None,
        int(dated["index"]) if dated else None,
    )


def read_batch(body: bytes) -> list[str]:
    """The identifiers of a batch: a JSON array of texts, or an object with one as its member ``handles``.

    Raises:
        Refused: anything else, or more than ``BATCH_MAX`` of them.
    """
    try:
        given: Any = read_json(body)
    except ValueError:
        given = None
    named = given.get("handles") if isinstance(given, Mapping) else given
    if not isinstance(named, list) or not all(isinstance(each, str) for each in named):
        message = (
            "The body is a JSON array of identifiers, or an object with one as handles. 请求体应为标识的 JSON 数组，或含 handles 数组的对象"
        )
        raise Refused(HTTPStatus.BAD_REQUEST, PROTOCOL_ERROR, message)
    if len(named) > BATCH_MAX:
        raise Refused(HTTPStatus.BAD_REQUEST, PROTOCOL_ERROR, f"At most {BATCH_MAX} identifiers at a time. 一次最多 {BATCH_MAX} 个标识")
    return named


def _fields(query: str) -> list[tuple[str, str]]:
    if len(query) > QUERY_MAX:
        raise Refused(HTTPStatus.REQUEST_URI_TOO_LONG, PROTOCOL_ERROR, "The query is too long. 查询参数过长")
    try:
        return parse_qsl(query, keep_blank_values=True, max_num_fields=FIELDS_MAX)
    except ValueError:
        raise Refused(HTTPStatus.BAD_REQUEST, PROTOCOL_ERROR, "The query cannot be read. 无法读取查询参数") from None
