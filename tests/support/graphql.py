"""Speaks to the API as a client does, so that tests go through the front door: one HTTP request, one typed answer."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from django.db.models import Model
from django.test import Client as DjangoClient
from django.utils import translation

from marketplace.api.schema import market_schema
from registry.base.graphql import NODES, to_global

PATH: Final = "/graphql"
USER_ERRORS: Final = "userErrors { code message field clause rule remedy }"


@dataclass(frozen=True)
class UserError:
    """One row of `userErrors`. Texts left None are not compared, so that a test names only what it is about."""

    code: str
    field: list[str] | None = None
    clause: str | None = None
    rule: str | None = None
    message: str | None = None
    remedy: str | None = None

    def __eq__(self, other: object) -> bool:
        """Whether the codes are equal, and every other value that both state."""
        if not isinstance(other, UserError):
            return NotImplemented
        pairs = ((getattr(self, name), getattr(other, name)) for name in ("field", "clause", "rule", "message", "remedy"))
        return self.code == other.code and all(mine == theirs for mine, theirs in pairs if mine is not None and theirs is not None)

    def __hash__(self) -> int:
        """By the code alone, as equality allows."""
        return hash(self.code)


@dataclass(frozen=True)
class Answer:
    """A whole answer: HTTP status, `data`, top-level `errors`, `extensions`, headers and the raw bytes."""

    status: int
    data: dict[str, Any] | None
    errors: list[dict[str, Any]]
    extensions: dict[str, Any]
    headers: dict[str, str]
    content: bytes
    cookies: dict[str, Any] = field(default_factory=dict)

    @property
    def codes(self) -> list[str]:
        """The code of each top-level error."""
        return [error["extensions"]["code"] for error in self.errors]

    def __getitem__(self, name: str) -> Any:
        """One root field of an answer without top-level errors."""
        assert self.data is not None, self.errors
        assert not self.errors, self.errors
        return self.data[name]


@dataclass(frozen=True)
class Payload:
    """What a mutation returned: `payload["lease"]["id"]`, `payload.user_errors`, and top-level `payload.codes` if it never ran."""

    answer: Answer
    fields: dict[str, Any]
    user_errors: list[UserError]

    @property
    def ok(self) -> bool:
        """Whether the mutation was carried out."""
        return not self.answer.errors and not self.user_errors

    @property
    def codes(self) -> list[str]:
        """The codes of top-level errors, then those of user errors."""
        return [*self.answer.codes, *(error.code for error in self.user_errors)]

    def __getitem__(self, name: str) -> Any:
        """One field of the payload of a mutation that was carried out."""
        assert self.ok, self.answer.errors or self.user_errors
        return self.fields[name]


class Client:
    """One API key's owner, or nobody without a token."""

    def __init__(self, django_client: DjangoClient | None = None, token: str | None = None, *, language: str = "en") -> None:
        """Keep the token; every request sends it."""
        self.django = django_client or DjangoClient(raise_request_exception=False)
        self.token = token
        self.language = language

    def query(self, document: str, /, **variables: Any) -> Answer:
        """Send a document with its variables."""
        return self.post({"query": document, "variables": {name: plain(value) for name, value in variables.items()}})

    def mutate(self, name: str, /, fields: str = "", **given: Any) -> Payload:
        """Send one mutation: `mutate("leaseGrant", fields="lease { id }", leaseId=lease, expectedVersion=1)`.

        Input names may be camelCase or snake_case. A row becomes its global id; UUIDs, dates and decimals become text.
        """
        document = f"mutation($input: {name[0].upper()}{name[1:]}Input!) {{ {name}(input: $input) {{ {fields} {USER_ERRORS} }} }}"
        answer = self.post({"query": document, "variables": {"input": {camel(key): plain(value) for key, value in given.items()}}})
        payload = dict((answer.data or {}).get(name) or {})
        return Payload(answer, payload, [UserError(**row) for row in payload.pop("userErrors", [])])

    def post(self, body: Any, **headers: str) -> Answer:
        """Send any JSON value, or raw bytes as they are."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        sent = {"Accept": "application/graphql-response+json", "Accept-Language": self.language, **headers}
        if self.token is not None:
            sent.setdefault("Authorization", f"Bearer {self.token}")
        with translation.override(translation.get_language()):  # the request's language ends with the request
            response = self.django.post(PATH, data=content, content_type=sent.pop("Content-Type", "application/json"), headers=sent)
        return _answer(response)


def plain(value: Any) -> Any:
    """A Python value as JSON; a row becomes its global id."""
    match value:
        case Model():
            return global_id(value)
        case UUID() | Decimal():
            return str(value)
        case datetime() | date():
            return value.isoformat()
        case dict():
            return {camel(name): plain(item) for name, item in value.items()}
        case list() | tuple():
            return [plain(item) for item in value]
    return value


def global_id(row: Model) -> str:
    """The global id of a row; the types are known once the schema was assembled, which no query may have done yet."""
    market_schema()
    return to_global(next(name for name, node in NODES.items() if node._meta.model is type(row)), row.pk)


def camel(name: str) -> str:
    """`lease_id` as `leaseId`; a camelCase name stays as it is."""
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


def _answer(response: Any) -> Answer:
    try:
        body = json.loads(response.content)
    except ValueError:
        body = {}
    return Answer(
        status=response.status_code,
        data=body.get("data"),
        errors=body.get("errors", []),
        extensions=body.get("extensions", {}),
        headers={name.lower(): value for name, value in response.headers.items()},
        content=response.content,
        cookies=dict(response.cookies),
    )
