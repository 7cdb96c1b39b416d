"""Whatever bytes a stranger sends as a path, the resolver answers in JSON or leads on, and never fails."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.resolver import WEB_SERVERS, logged, served

BYTES = st.binary(max_size=60).map(lambda raw: "".join(f"%{byte:02x}" for byte in raw))
PRINTABLE = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters="#?"), max_size=60)
PREFIX = "88.118.100111/"
HEADS = st.sampled_from(["/", "/api/handles/", "/api/handles", f"/{PREFIX}", f"/api/handles/{PREFIX}", "/10.1/", "/api/handles/0.NA/"])
FIELDS = st.sampled_from(["v=1", "index=1&index=", "type=%00", "type", "&&==", "v=99999999999"])
QUERIES = st.one_of(st.just(""), BYTES.map("?{}".format), FIELDS.map("?{}".format))
METHODS = st.sampled_from(["GET", "GET", "GET", "HEAD", "POST", "OPTIONS", "PUT"])
ACCEPTS = st.one_of(st.just("*/*"), PRINTABLE, st.sampled_from(["text/html;q=abc", ";q=,", "application/json;q=1.000", "*/*;q=0"]))
CODES = {1, 2, 4, 5, 100, 102, 200, 301}


@pytest.mark.parametrize("web", WEB_SERVERS)
def test_no_path_makes_it_fail(committed_db, web):
    with served(committed_db.url, web=web) as server:
        handle = logged()
        known = st.sampled_from([handle, handle.lower(), f"{handle}@0", f"{handle}@", f"{handle}@99999999999999999999", f"{handle}/", ""])

        @settings(max_examples=200, suppress_health_check=list(HealthCheck))
        @given(method=METHODS, head=HEADS, middle=known, tail=st.one_of(BYTES, PRINTABLE), query=QUERIES, accept=ACCEPTS)
        def answers(method, head, middle, tail, query, accept):
            told = server.ask(f"{head}{middle}{tail}{query}", method, Accept=accept)
            assert told.status in {200, 204, 302, 400, 404, 405, 406, 414, 415}
            if told.status == 302:
                assert told.headers["location"].startswith("https://market.example/objects/88.118.100111/")
            elif told.body and told.headers["content-type"] in {"application/json", "application/linkset+json"}:
                content = json.loads(told.body)
                assert "linkset" in content or content["responseCode"] in CODES
            else:
                assert method in {"HEAD", "OPTIONS"} or (web, told.status) == ("granian", 400), told  # which itself refuses what is no URI

        answers()


@pytest.mark.parametrize("web", WEB_SERVERS)
def test_no_body_of_a_batch_makes_it_fail(committed_db, web):
    leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
    values = st.recursive(leaves, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))
    bodies = st.one_of(st.binary(max_size=200), values.map(json.dumps).map(str.encode), st.lists(st.text()).map(json.dumps).map(str.encode))
    with served(committed_db.url, web=web) as server:

        @settings(max_examples=100, suppress_health_check=list(HealthCheck))
        @given(body=bodies)
        def answers(body):
            told = server.batch(body)
            assert told.status in {200, 400}
            assert isinstance(told.json, list) == (told.status == 200)

        answers()
