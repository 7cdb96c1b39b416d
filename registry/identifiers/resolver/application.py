"""The WSGI callable: takes a request apart, asks the store, hands the answer over. It stands in front of Django for its own paths.

Sources: PEP 3333; Handle.Net Technical Manual, HTTP JSON REST API; RFC 9110.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from registry.identifiers.handles import Handle
from registry.identifiers.resolver import asking
from registry.identifiers.resolver.answers import (
    HTML_TYPE,
    JSON_TYPE,
    LINKSET_TYPE,
    NEVER,
    Answer,
    as_json,
    handle_record,
    landing,
    record_answer,
    refusal,
    refused_answer,
)
from registry.identifiers.resolver.asking import API, BATCH_BYTES_MAX, Question, Refused, concerns
from registry.identifiers.resolver.negotiation import choose
from registry.identifiers.resolver.store import Away, Store

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from registry.identifiers.records import Installation, Record

RETRY_SECONDS: Final = 2
READING: Final = frozenset({"GET", "HEAD"})
OFFERED: Final = (HTML_TYPE, JSON_TYPE, LINKSET_TYPE)
"""Media types at an identifier's own address, the preferred first."""
OPEN: Final = [
    ("Access-Control-Allow-Origin", "*"),
    ("Access-Control-Expose-Headers", "Age, ETag, Link, Location"),
    ("X-Content-Type-Options", "nosniff"),
]
"""On every answer: anybody's page may resolve, and nobody may guess at types."""

_log: Final = logging.getLogger(__name__)


class Resolver:
    """Answers under ``/api/handles`` and at the identifiers' own addresses; every other path goes to ``other``."""

    def __init__(self, store: Store, installation: Installation, other: WSGIApplication | None = None) -> None:
        """Without ``other``, other paths do not exist."""
        self._store, self._installation, self._other = store, installation, other

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """One request."""
        path = environ.get("PATH_INFO", "")
        if self._other is not None and not concerns(path):
            return self._other(environ, start_response)
        method = environ["REQUEST_METHOD"]
        answer = self._answer(environ, method, path)
        etag = next((value for name, value in answer.headers if name == "ETag"), None)
        if etag and answer.status == HTTPStatus.OK and _matches(environ.get("HTTP_IF_NONE_MATCH", ""), etag):
            kept = [header for header in answer.headers if header[0] not in {"Content-Type", "Content-Security-Policy"}]
            answer = Answer(HTTPStatus.NOT_MODIFIED, b"", kept)
        headers = [*answer.headers, *OPEN]
        if answer.status not in {HTTPStatus.NOT_MODIFIED, HTTPStatus.NO_CONTENT}:
            headers.append(("Content-Length", str(len(answer.body))))
        start_response(f"{answer.status.value} {answer.status.phrase}", headers)
        return [] if method == "HEAD" else [answer.body]

    def _answer(self, environ: WSGIEnvironment, method: str, path: str) -> Answer:
        try:
            return self._routed(environ, method, path)
        except Refused as refused:
            return refused_answer(refused)
        except Away:
            message = "The register does not answer at the moment. 登记库暂时无法访问"
            retry = (("Retry-After", str(RETRY_SECONDS)),)
            return refused_answer(Refused(HTTPStatus.SERVICE_UNAVAILABLE, asking.TOO_BUSY, message, headers=retry))
        except Exception:  # noqa: BLE001 whatever it was, the client gets an answer that can be read
            _log.exception("the resolver failed")
            return refused_answer(Refused(HTTPStatus.INTERNAL_SERVER_ERROR, asking.ERROR, "Something failed inside. 内部错误"))

    def _routed(self, environ: WSGIEnvironment, method: str, path: str) -> Answer:
        text = asking.text_of(path)
        if text.rstrip("/") == API:
            return self._batch(environ, method)
        if not concerns(path):
            raise Refused(HTTPStatus.NOT_FOUND, asking.ERROR, f"Identifiers are resolved at {API}/<identifier>. 解析地址为 {API}/<标识>")
        asked = text.removeprefix(f"{API}/").removeprefix("/")
        _require(method, READING, asked[: asking.ECHO_MAX])
        if method == "OPTIONS":
            return _allowed(READING)
        if text.startswith(f"{API}/"):
            query = environ.get("QUERY_STRING", "")
            return self._resolved(asking.read_question(text.removeprefix(f"{API}/"), query, self._store.prefixes()))
        handle = asking.read_handle(asked, self._store.prefixes())
        media = choose(environ.get("HTTP_ACCEPT", ""), OFFERED)
        if media is None:
            offered = ", ".join(OFFERED)
            raise Refused(HTTPStatus.NOT_ACCEPTABLE, asking.ERROR, f"Offered here 可提供: {offered}", handle=str(handle))
        record, age = self._current(handle)
        return landing(record, age, self._installation, asked=asked, media=media)

    def _resolved(self, question: Question) -> Answer:
        if question.version is None and question.at is None:
            record, age = self._current(question.handle)
        else:
            record, age = self._earlier(question), 0.0
        return record_answer(record, age, self._installation, question)

    def _current(self, handle: Handle) -> tuple[Record, float]:
        found = self._store.recent(handle.number) or self._store.current([handle.number]).get(handle.number)
        if found is None or not found[0].named_by(handle):
            raise _unknown(handle)
        return found

    def _earlier(self, question: Question) -> Record:
        record = self._store.earlier(question)
        if record is None or not record.named_by(question.handle):
            raise _unknown(question.handle)
        if question.at is not None and question.at >= record.log_size:
            message = f"The log has {record.log_size} entries. 日志现有 {record.log_size} 条"
            raise Refused(HTTPStatus.NOT_FOUND, asking.NOT_FOUND, message, handle=record.handle)
        if record.version == 0 or (question.version is not None and record.version != question.version):
            message = "The record had no such version, or was not in the log by then. 该记录无此版本，或当时尚未存证"
            raise Refused(HTTPStatus.NOT_FOUND, asking.NOT_FOUND, message, handle=record.handle)
        return record

    def _batch(self, environ: WSGIEnvironment, method: str) -> Answer:
        allowed = frozenset({"POST"})
        if method in READING:
            message = f"Ask for one identifier at {API}/<identifier>, or POST many here. 单个标识请访问 {API}/<标识>，批量请用 POST"
            raise Refused(HTTPStatus.METHOD_NOT_ALLOWED, asking.NOT_SUPPORTED, message, headers=(("Allow", _listed(allowed)),))
        _require(method, allowed)
        if method == "OPTIONS":
            return _allowed(allowed)
        prefixes = self._store.prefixes()
        asked = [(text, _each(text, prefixes)) for text in asking.read_batch(_body(environ))]
        found = self._store.current([handle.number for _, handle in asked if isinstance(handle, Handle)])
        return as_json(HTTPStatus.OK, [self._member(text, handle, found) for text, handle in asked], [NEVER])

    def _member(self, asked: str, handle: Handle | Refused, found: dict[int, tuple[Record, float]]) -> dict[str, Any]:
        if isinstance(handle, Refused):
            return refusal(handle)
        record = found.get(handle.number)
        if record is None or not record[0].named_by(handle):
            return refusal(_unknown(handle))
        return handle_record(record[0], self._installation, asked)


def _each(text: str, prefixes: frozenset[str]) -> Handle | Refused:
    try:
        return asking.read_handle(text, prefixes)
    except Refused as refused:
        return refused


def _unknown(handle: Handle) -> Refused:
    return Refused(HTTPStatus.NOT_FOUND, asking.NOT_FOUND, "No such identifier was ever given. 该标识从未分配", handle=str(handle))


def _require(method: str, allowed: frozenset[str], named: str = "") -> None:
    """Refuse other methods: identifiers are given and changed by filings, not by the Handle protocol."""
    if method not in allowed and method != "OPTIONS":
        listed = (("Allow", _listed(allowed)),)
        message = "Nothing is written here: identifiers come with registration. 此处不可写入，标识随登记产生"
        raise Refused(HTTPStatus.METHOD_NOT_ALLOWED, asking.NOT_SUPPORTED, message, handle=named, headers=listed)


def _allowed(methods: frozenset[str]) -> Answer:
    listed = _listed(methods)
    headers = [
        ("Allow", listed),
        ("Access-Control-Allow-Methods", listed),
        ("Access-Control-Allow-Headers", "Accept, Content-Type, If-None-Match"),
        ("Access-Control-Max-Age", "86400"),
    ]
    return Answer(HTTPStatus.NO_CONTENT, b"", headers)


def _listed(methods: frozenset[str]) -> str:
    return ", ".join(sorted(methods | {"OPTIONS"}))


def _body(environ: WSGIEnvironment) -> bytes:
    if environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower() != JSON_TYPE:
        message = f"The body must be {JSON_TYPE}. 请求体应为 {JSON_TYPE}"
        raise Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, asking.PROTOCOL_ERROR, message)
    length = environ.get("CONTENT_LENGTH") or ""
    if length.isascii() and length.isdigit():
        wanted = min(int(length[:9]), BATCH_BYTES_MAX + 1)
    else:
        wanted = BATCH_BYTES_MAX + 1 if environ.get("wsgi.input_terminated") else 0
    body: bytes = environ["wsgi.input"].read(wanted)
    if len(body) > BATCH_BYTES_MAX:
        message = f"At most {BATCH_BYTES_MAX} bytes. 请求体最多 {BATCH_BYTES_MAX} 字节"
        raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, asking.PROTOCOL_ERROR, message)
    return body


def _matches(header: str, etag: str) -> bool:
    """Whether If-None-Match names the validator. Source: RFC 9110, section 13.1.2 (weak comparison)."""
    return header.strip() == "*" or etag in {each.strip().removeprefix("W/") for each in header.split(",")}
