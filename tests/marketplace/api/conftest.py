"""One client for each kind of user, and an endpoint over a small schema for shapes that the market's own does not have."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from django.test import RequestFactory
from django.utils import translation

from marketplace.api.documents import Documents
from marketplace.api.schema import assemble
from marketplace.api.view import MarketView
from registry.base.actor import PartyKind
from tests.support.graphql import Client
from tests.support.parties import admit

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.parties import Party


@pytest.fixture
def parties(db: None) -> dict[PartyKind, Party]:
    """One organisation of each kind, made by the real service."""
    return {kind: admit(kind, name=kind.value.title()) for kind in PartyKind}


@pytest.fixture
def merchant_party(db: None) -> Party:
    return admit(PartyKind.MERCHANT, name="Merchant")


@pytest.fixture
def merchant(merchant_party: Party) -> Client:
    return Client(token=merchant_party.token)


@pytest.fixture
def anonymous(db: None) -> Client:
    return Client()


@pytest.fixture
def endpoint(db: None) -> Callable[..., Any]:
    """Return a function that asks a small schema made of the given reads and answers (status, body)."""

    def ask(queries: type, text: str, *, accept: str = "application/graphql-response+json", **variables: Any) -> tuple[int, dict[str, Any]]:
        schema = assemble([queries], {})
        view = MarketView.as_view(schema=schema, documents=Documents(schema.graphql_schema))
        body = json.dumps({"query": text, "variables": variables})
        request = RequestFactory().post("/graphql", data=body, content_type="application/json", headers={"Accept": accept})
        with translation.override("en"):
            response = view(request)
        return response.status_code, json.loads(response.content)

    return ask
