"""One person's connection to the market: GraphQL over HTTP, and nothing else."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import uuid4

import requests

TIMEOUT_S: Final = 60
WAIT_S: Final = 30
PAUSE_S: Final = 0.05

ERRORS: Final = "userErrors { code message field clause rule remedy }"


class DemoFailed(Exception):
    """The market answered otherwise than the main job needs; the message says what was asked and what came."""


@dataclass(frozen=True, slots=True)
class Api:
    """Speaks for one API key."""

    url: str
    token: str
    session: requests.Session = field(default_factory=requests.Session)

    def query(self, document: str, /, **variables: Any) -> dict[str, Any]:
        """Run a query and return its data.

        Raises:
            DemoFailed: a transport or GraphQL error.
        """
        answer = self.session.post(
            f"{self.url}graphql", json={"query": document, "variables": variables}, headers=self._headers(), timeout=TIMEOUT_S
        )
        body = answer.json()
        if answer.status_code != requests.codes.ok or body.get("errors"):
            message = f"{document.split('{', maxsplit=1)[0].strip()} {variables}: HTTP {answer.status_code} {body.get('errors')}"
            raise DemoFailed(message)
        data: dict[str, Any] = body["data"]
        return data

    def attempt(self, name: str, fields: str, /, **given: Any) -> dict[str, Any]:
        """Run a mutation with a fresh idempotency key and return its payload, errors included."""
        return self._run(name, fields, {"idempotencyKey": str(uuid4()), **given})

    def send(self, name: str, fields: str, /, **given: Any) -> dict[str, Any]:
        """Run a mutation that takes no idempotency key and must succeed.

        Raises:
            DemoFailed: it was refused.
        """
        return self._accepted(name, self._run(name, fields, given))

    def _run(self, name: str, fields: str, given: dict[str, Any]) -> dict[str, Any]:
        kind = name[0].upper() + name[1:]
        document = f"mutation {kind}($input: {kind}Input!) {{ {name}(input: $input) {{ {fields} {ERRORS} }} }}"
        payload: dict[str, Any] = self.query(document, input=given)[name]
        return payload

    @staticmethod
    def _accepted(name: str, payload: dict[str, Any]) -> dict[str, Any]:
        if payload["userErrors"]:
            message = f"{name} was refused: {payload['userErrors']}"
            raise DemoFailed(message)
        return payload

    def mutate(self, name: str, fields: str, /, **given: Any) -> dict[str, Any]:
        """Run a mutation that must succeed.

        Raises:
            DemoFailed: it was refused.
        """
        return self._accepted(name, self.attempt(name, fields, **given))

    def put(self, path: str, body: bytes) -> None:
        """Upload bytes to an address that the market gave.

        Raises:
            DemoFailed: the upload was refused.
        """
        answer = self.session.put(f"{self.url.rstrip('/')}{path}", data=body, headers=self._headers(), timeout=TIMEOUT_S)
        if not answer.ok:
            message = f"upload: HTTP {answer.status_code} {answer.text[:500]}"
            raise DemoFailed(message)

    def get(self, path: str) -> bytes:
        """Download bytes from an address that the market gave.

        Raises:
            DemoFailed: the download was refused.
        """
        answer = self.session.get(f"{self.url.rstrip('/')}{path}", headers=self._headers(), timeout=TIMEOUT_S)
        if not answer.ok:
            message = f"download: HTTP {answer.status_code} {answer.text[:500]}"
            raise DemoFailed(message)
        return answer.content

    def _headers(self) -> Mapping[str, str]:
        return {"Authorization": f"Bearer {self.token}", "Accept-Language": "en"}


def wait_for(what: str, ask: Callable[[], Any]) -> Any:
    """Ask until the answer is true, at most ``WAIT_S`` seconds.

    Raises:
        DemoFailed: it never was.
    """
    deadline = time.monotonic() + WAIT_S
    while not (answer := ask()):
        if time.monotonic() > deadline:
            message = f"waited {WAIT_S} s in vain for {what}"
            raise DemoFailed(message)
        time.sleep(PAUSE_S)
    return answer
