"""Documents for programs: one answer for readers of every language and pages of every origin, and for whoever asks first."""

import pytest
from django.test import Client

from registry.log.integrator import integrate
from registry.log.models import LogState
from tests.support.filings import certified, office

pytestmark = pytest.mark.django_db

LANGUAGES = ("en", "zh-Hans", "fr;q=0.5, zh")
PREFLIGHT = {
    "Origin": "https://verifier.example",
    "Access-Control-Request-Method": "GET",
    "Access-Control-Request-Headers": "if-none-match",
}


@pytest.fixture
def documents(settings):
    """Addresses of one document of each kind; of those that are there, and of those that are not."""
    settings.DEMO_CLOCK = True
    settings.EGRET_SM2_KEY = bytes(range(1, 33)).hex()
    number = certified(office()).certificate.number
    integrate()
    state = LogState.objects.get()
    log, size = f"/log/{state.log_id}", state.size
    there = [
        *("/.well-known/did.json", f"/certificates/{number}.json", f"/certificates/{number}.sm2.json", "/certificates/status/revocation/1"),
        *(f"{log}/checkpoint", f"{log}/tile/0/000.p/{size}", f"{log}/tile/entries/000.p/{size}", f"/certificates/{number}.pdf"),
        *("/contexts/certificate-v1", f"/certificates/{number}"),
    ]
    return there, ["/certificates/EGR-209901-0001.json", "/certificates/status/revocation/99", f"{log}/tile/5/000"]


def test_a_document_is_the_same_in_every_language_and_open_to_pages_of_any_origin(documents, client):
    for path in [*documents[0], *documents[1]]:
        answers = [client.get(path, headers={"Accept": "application/json", "Accept-Language": language}) for language in LANGUAGES]
        assert len({answer.content for answer in answers}) == 1
        for answer in answers:
            assert answer.status_code == (404 if path in documents[1] else 302 if path == documents[0][-1] else 200), path
            assert "Language" not in answer.get("Vary", "")
            assert answer.get("Content-Language") in {None, "zh-hans, en"}  # the paper is in both
            assert answer["Access-Control-Allow-Origin"] == "*"
            assert answer["Access-Control-Expose-Headers"] == "ETag, Location, Retry-After"
        head = client.head(path, headers={"Accept": "application/json"})
        assert (head.status_code, head.content, dict(head.headers)) == (answers[0].status_code, b"", dict(answers[0].headers))


def test_a_browser_that_asks_first_may_read_and_nobody_may_write(documents):
    client = Client(enforce_csrf_checks=True)
    for path in [*documents[0], *documents[1]]:
        told = client.options(path, headers=PREFLIGHT)
        assert (told.status_code, told.content) == (204, b"")
        assert (told["Allow"], told["Access-Control-Allow-Methods"]) == ("GET, HEAD, OPTIONS", "GET, HEAD, OPTIONS")
        assert told["Access-Control-Allow-Headers"] == "Accept, Content-Type, If-None-Match"
        assert (told["Access-Control-Allow-Origin"], told["Access-Control-Max-Age"]) == ("*", "86400")
        for method in (client.post, client.put, client.delete, client.patch):
            refused = method(path)
            assert (refused.status_code, refused["Allow"], refused["Access-Control-Allow-Origin"]) == (405, "GET, HEAD, OPTIONS", "*")


def test_a_status_list_that_is_known_is_not_sent_again(documents, client):
    etag = client.get("/certificates/status/revocation/1")["ETag"]
    known = client.get("/certificates/status/revocation/1", headers={"If-None-Match": etag})
    assert (known.status_code, known.get("Vary"), known["Access-Control-Allow-Origin"]) == (304, None, "*")


def test_pages_and_their_refusals_vary_by_language(client):
    shown = {language: client.get("/catalogue/", headers={"Accept-Language": language}) for language in ("en", "zh-Hans")}
    assert shown["en"].content != shown["zh-Hans"].content
    assert [answer["Content-Language"] for answer in shown.values()] == ["en", "zh-hans"]
    for path in ("/", "/catalogue/", "/nowhere", "/certificates/x.pdf", "/certificates/x", "/graphiql"):
        assert "Accept-Language" in client.get(path)["Vary"], path
    style = client.get("/static/console/console.css")
    assert (b"".join(style.streaming_content) != b"", "Vary" in style) == (True, False)
