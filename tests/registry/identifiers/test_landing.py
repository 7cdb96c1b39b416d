"""An identifier's own address: people go to its page, machines get links or the record, by what they accept."""

import pytest

from registry.identifiers.resolver.negotiation import choose
from tests.support.resolver import BESIDE_DJANGO, PUBLIC, logged, named, served

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
OFFERED = ("text/html", "application/json", "application/linkset+json")


@pytest.fixture
def server(committed_db):
    with served(committed_db.url) as running:
        yield running


def links(handle):
    return (
        f'<{PUBLIC}/{handle}>; rel="cite-as", '
        f'<{PUBLIC}/api/handles/{handle}>; rel="describedby"; type="application/json", '
        f'<{PUBLIC}/{handle}>; rel="linkset"; type="application/linkset+json", '
        '<https://schema.org/Dataset>; rel="type"'
    )


def test_a_person_is_led_to_the_page(server):
    handle = logged()
    for accept in (BROWSER, "*/*", "", "text/html"):
        told = server.ask(f"/{handle.lower()}", Accept=accept)
        assert (told.status, told.headers["location"], told.body) == (302, f"{PUBLIC}/objects/{handle}/", b"")
        assert (told.headers["link"], told.headers["vary"], told.headers["cache-control"]) == (links(handle), "Accept", "public, max-age=5")
        assert "etag" not in told.headers


QUERIES = ("?leaf=0123456789abcdef", "?next=https://evil.example", "?lang=%0d%0aSet-Cookie:%20a=b", "?%3Cscript%3E", f"?{'a&' * 100}")


def test_a_query_means_nothing_and_leads_nowhere(server):
    """The code on a certificate leads to the certificate's own page, not here."""
    handle = logged()
    plain = server.ask(f"/{handle}")
    for query in QUERIES:
        told = server.ask(f"/{handle}{query}")
        assert (told.status, told.headers["location"]) == (plain.status, f"{PUBLIC}/objects/{handle}/")
        assert "set-cookie" not in told.headers


def test_a_machine_gets_a_link_set(server):
    handle = logged()
    told = server.ask(f"/{handle}", Accept="application/linkset+json")
    assert (told.status, told.headers["content-type"]) == (200, "application/linkset+json")
    assert (told.headers["etag"], told.headers["vary"], told.headers["link"]) == ('"0-linkset"', "Accept", links(handle))
    assert told.json == {
        "linkset": [
            {
                "anchor": f"{PUBLIC}/{handle}",
                "cite-as": [{"href": f"{PUBLIC}/{handle}"}],
                "describedby": [{"href": f"{PUBLIC}/api/handles/{handle}", "type": "application/json"}],
                "type": [{"href": "https://schema.org/Dataset"}],
            }
        ]
    }


def test_a_machine_gets_the_record(server):
    handle = logged()
    told = server.ask(f"/{handle}", Accept="application/json")
    assert (told.status, told.json) == (200, server.ask(f"/api/handles/{handle}").json)
    assert told.headers["etag"] == '"0-json"'
    assert server.ask(f"/{handle}", Accept="application/json", If_None_Match='"0-json"').status == 304
    assert server.ask(f"/{handle}", Accept="application/json", If_None_Match='"0"').status == 200


def test_who_accepts_nothing_of_it_is_told_what_there_is(server):
    handle = logged()
    for accept in ("application/did+json", "text/html;q=0", "image/png, application/json;q=0.0"):
        told = server.ask(f"/{handle}", Accept=accept)
        assert told.status == 406
        assert told.json["message"].endswith("text/html, application/json, application/linkset+json")


def test_what_is_not_logged_is_led_to_its_page_too_and_not_kept(server):
    told = server.ask(f"/{named()}")
    assert (told.status, told.headers["cache-control"]) == (302, "no-store")


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        ("", "text/html"),
        ("*/*", "text/html"),
        ("application/*", "application/json"),
        ("application/json;q=0.5, application/linkset+json", "application/linkset+json"),
        ("application/json, text/html;q=0.9", "application/json"),
        ("*/*;q=0.1, application/linkset+json;q=0.2", "application/linkset+json"),
        ("text/html;q=0, */*", "application/json"),
        ("text/*;q=0.3, text/html;q=0.1, application/json;q=0.2", "application/json"),
        ("APPLICATION/JSON", "application/json"),
        ("application/json;profile=x", "application/json"),
        ("application/json;q=7, text/html", "text/html"),
        ("garbage", "text/html"),
        (";;;,,,", "text/html"),
        ("image/png", None),
        ("application/json;q=0", None),
    ],
)
def test_quality_and_precision_decide(accept, chosen):
    assert choose(accept, OFFERED) == chosen


def test_one_server_resolves_and_serves_the_market(committed_db):
    with served(committed_db.url, application=BESIDE_DJANGO) as server:
        handle = logged()
        assert server.ask(f"/api/handles/{handle}").json["responseCode"] == 1
        assert server.ask(f"/{handle}").status == 302
        assert server.ask("/livez").status == 200
        assert server.ask("/no-such-page").status == 404
        assert "content-language" in server.ask("/").headers
