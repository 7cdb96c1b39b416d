"""The query page works offline: every file it names is this server's own, and nothing else may run."""

from __future__ import annotations

import re

from django.test import Client


def test_the_page_and_all_its_files_come_from_this_server():
    page = Client().get("/graphiql")
    assert page.status_code == 200
    html = page.content.decode()
    addresses = re.findall(r'(?:src|href)="([^"]+)"', html)
    assert len(addresses) == 6
    for address in addresses:
        assert address.startswith("/static/graphiql/")
        file = Client().get(address)
        assert (file.status_code, len(b"".join(file.streaming_content)) > 100) == (200, True)
        file.close()
    assert 'data-endpoint="/graphql"' in html
    assert "API key 接口密钥" in html


def test_the_policy_allows_only_this_servers_scripts():
    policy = Client().get("/graphiql")["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert "unsafe-eval" not in policy
    assert "<script>" not in Client().get("/graphiql").content.decode()


def test_the_page_sets_no_cookie():
    assert dict(Client().get("/graphiql").cookies) == {}


def test_files_outside_the_apps_are_not_served(db):
    for path in ("/static/../settings.py", "/static/%2e%2e/settings.py", "/static//etc/passwd", "/static/graphiql/"):
        assert Client().get(path).status_code in {400, 404}


def test_the_vendored_files_carry_their_licence():
    file = Client().get("/static/graphiql/LICENSES.txt")
    text = b"".join(file.streaming_content).decode()
    file.close()
    assert "graphiql 3.9.0" in text
    assert text.count("MIT License") == 2
