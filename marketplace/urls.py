"""Where each address leads."""

from typing import Final

from django.contrib.staticfiles.views import serve
from django.urls import URLPattern, URLResolver, include, path

from marketplace.api.endpoint import graphql
from marketplace.api.health import livez, readyz
from marketplace.api.query_page import query_page
from registry.base.public_documents import in_no_language

ROOMS: Final = (
    *("registry.log", "registry.certificates", "pricing.inputs", "listings.resources", "settlement.payments"),
    *("marketplace.delivery", "marketplace.deals", "marketplace.console"),
)
"""Rooms with addresses of their own, each in its ``urls`` module: the log's files, certificates, uploads, webhooks, deliveries, pages."""


handler404 = "marketplace.console.views.absent"
urlpatterns: list[URLPattern | URLResolver] = [
    path("graphql", graphql, name="graphql"),
    path("graphiql", query_page, name="graphiql"),
    path("livez", livez, name="livez"),
    path("readyz", readyz, name="readyz"),
    # a proxy may serve these files instead; they are few, and only what the apps themselves carry is found
    path("static/<path:path>", in_no_language(serve), {"insecure": True}, name="static"),
    *(path("", include(f"{room}.urls")) for room in ROOMS),
]
