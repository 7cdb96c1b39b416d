"""Renders records: the Handle JSON API, link sets, signposts, tombstones. Pure.

Sources: Handle.Net Technical Manual, HTTP JSON REST API; RFC 8288 (Link); RFC 9264 (link sets); FAIR Signposting; RFC 9110 and 9111
(validators, freshness, age).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from http import HTTPStatus
from typing import Any, Final

from registry.identifiers.records import Installation, Record, encode_json, instant, successor, values_of
from registry.identifiers.resolver.asking import API, NO_VALUES, SUCCESS, Question, Refused
from registry.identifiers.values import CHANGING_SECONDS

JSON_TYPE: Final = "application/json"
LINKSET_TYPE: Final = "application/linkset+json"
HTML_TYPE: Final = "text/html"
NOT_LOGGED: Final = "Registered, not yet logged. 已登记，尚未存证"
DATASET: Final = "https://schema.org/Dataset"
NEVER: Final = ("Cache-Control", "no-store")

Headers = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer; its body is left out where the method or the status wants none."""

    status: HTTPStatus
    body: bytes = b""
    headers: Headers = field(default_factory=list)


def as_json(status: HTTPStatus, content: Any, headers: Sequence[tuple[str, str]] = ()) -> Answer:
    """A JSON answer."""
    # JSON may carry half a surrogate pair, which has no bytes
    body = encode_json(content).encode(errors="replace")
    return Answer(status, body, [("Content-Type", JSON_TYPE), *headers])


def refusal(refused: Refused) -> dict[str, Any]:
    """A refusal as the Handle JSON API says it."""
    told: dict[str, Any] = {"responseCode": refused.code, "message": refused.message}
    return {**told, "handle": refused.handle} if refused.handle else told


def refused_answer(refused: Refused) -> Answer:
    """The answer to a request that is refused; nobody may keep it."""
    return as_json(refused.status, refusal(refused), [NEVER, *refused.headers])


def handle_record(record: Record, installation: Installation, asked: str, question: Question | None = None) -> dict[str, Any]:
    """A record as the Handle JSON API shows it, or those values of it that are wanted; under the name that was ``asked`` for."""
    values = values_of(record, installation)
    if question is not None and not question.whole:
        values = [value for value in values if question.wants(value.kind)]
    told: dict[str, Any] = {"responseCode": SUCCESS if values else NO_VALUES, "handle": asked}
    if record.index is None:
        told["message"] = NOT_LOGGED
    return {**told, "values": [value.as_json() for value in values]}


def record_answer(record: Record, age: float, installation: Installation, question: Question) -> Answer:
    """The answer to a question about one identifier, to be kept for as long as the least lasting of the values in it."""
    content = handle_record(record, installation, question.asked, question)
    seconds = min((value["ttl"] for value in content["values"]), default=CHANGING_SECONDS)
    return as_json(HTTPStatus.OK, content, freshness(record, age, seconds))


def freshness(record: Record, age: float, seconds: int, *, variant: str = "") -> Headers:
    """How long an answer may be kept, how old it is already, and its validator: the record's place in the log.

    Before the record's last change has a place in the log, nobody may keep the answer.
    """
    if record.index is None:
        return [NEVER]
    return [
        ("ETag", f'"{record.index}{variant}"'),
        ("Cache-Control", f"public, max-age={seconds}"),
        ("Age", str(math.ceil(age))),
    ]


def signposts(record: Record, installation: Installation) -> list[tuple[str, str, str]]:
    """Links from the identifier's address: relation, target, media type or nothing.

    No ``item`` and no ``license``: the data are not at any public address, and their terms are those of each deal.
    """
    address = f"{installation.public_url}/{record.handle}"
    links = [
        ("cite-as", address, ""),
        ("describedby", f"{installation.public_url}{API}/{record.handle}", JSON_TYPE),
        ("linkset", address, LINKSET_TYPE),
        ("type", DATASET, ""),
    ]
    later = successor(record)
    return [*links, ("successor-version", f"{installation.public_url}/{later}", "")] if later else links


def link_header(record: Record, installation: Installation) -> tuple[str, str]:
    """The signposts as one header. Source: RFC 8288, section 3."""
    parts = [f'<{target}>; rel="{relation}"' + (f'; type="{media}"' if media else "") for relation, target, media in
             signposts(record, installation)]  # fmt: skip
    return "Link", ", ".join(parts)


def linkset(record: Record, installation: Installation) -> dict[str, Any]:
    """The signposts as a link set. Source: RFC 9264, section 4.2."""
    context: dict[str, Any] = {"anchor": f"{installation.public_url}/{record.handle}"}
    for relation, target, media in signposts(record, installation):
        if relation != "linkset":
            context.setdefault(relation, []).append({"href": target, **({"type": media} if media else {})})
    return {"linkset": [context]}


def landing(record: Record, age: float, installation: Installation, *, asked: str, media: str) -> Answer:
    """The answer at the identifier's own address: to the page for people, or in a form for machines. A query means nothing here."""
    links = link_header(record, installation)
    varies = ("Vary", "Accept")
    if media == LINKSET_TYPE:
        body = encode_json(linkset(record, installation)).encode()
        headers = [("Content-Type", LINKSET_TYPE), *freshness(record, age, CHANGING_SECONDS, variant="-linkset"), varies, links]
        return Answer(HTTPStatus.OK, body, headers)
    if media == JSON_TYPE:
        kept = [*freshness(record, age, CHANGING_SECONDS, variant="-json"), varies, links]
        return as_json(HTTPStatus.OK, handle_record(record, installation, asked), kept)
    if record.retired_at is not None:
        kept = [*freshness(record, age, CHANGING_SECONDS, variant="-html"), varies, links]
        policy = ("Content-Security-Policy", "default-src 'none'")
        return Answer(
            HTTPStatus.OK, tombstone(record, installation).encode(), [("Content-Type", f"{HTML_TYPE}; charset=utf-8"), *kept, policy]
        )
    # the page may become a tombstone, so the way there is not kept longer than what can change
    kept = [header for header in freshness(record, age, CHANGING_SECONDS) if header[0] != "ETag"]
    return Answer(HTTPStatus.FOUND, b"", [("Location", installation.page(record.handle)), *kept, varies, links])


def tombstone(record: Record, installation: Installation) -> str:
    """What a person finds in place of a retired thing's page."""
    later = successor(record)
    when = instant(record.retired_at) if record.retired_at else ""
    page = installation.page(record.handle)
    went = f'<p>Successor 后继标识: <a href="{escape(f"{installation.public_url}/{later}")}">{escape(later)}</a></p>' if later else ""
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(record.handle)}</title>'
        f"<h1>{escape(record.handle)}</h1><p>This identifier was retired on {when}. It will never be given again.</p>"
        f'<p lang="zh-Hans">该标识已于 {when} 注销，不再分配。</p>'
        f'<p><a href="{escape(page)}">What it named 原标识对象</a></p>{went}</html>'
    )
