"""The resolver over HTTP: each answer to the byte, as a client of the Handle JSON API gets it."""

import json
from urllib.parse import quote

import pytest
from django.conf import settings

from registry.base.ids import uuid7
from registry.identifiers.models import Identifier, IdentifierValue
from registry.identifiers.records import instant
from registry.identifiers.selectors import resolve
from registry.identifiers.services import mint, retire
from registry.identifiers.values import ALSO, STATUS
from registry.log.integrator import integrate
from registry.log.models import LogState
from tests.support.resolver import PUBLIC, UNKNOWN, logged, named, say, served


@pytest.fixture
def server(committed_db):
    with served(committed_db.url) as running:
        yield running


def value(index, kind, text, ttl, timestamp, form="string"):
    return {"index": index, "type": kind, "data": {"format": form, "value": text}, "ttl": ttl, "timestamp": timestamp}


def whole(handle):
    record = resolve(handle)
    minted, changed = instant(record.minted_at), instant(record.changed_at)
    origin = f"{settings.EGRET_LOG_ORIGIN}/{LogState.objects.get().log_id}"
    return [
        value(1, "URL", f"{PUBLIC}/objects/{handle}/", 86400, minted),
        value(2, "STATUS", '{"holds":[],"state":"REGISTERED"}', 5, changed),
        value(3, "RIGHTS", '{"rights":[]}', 5, changed),
        value(7, "LOG", f'{{"index":"{record.index}","origin":"{origin}"}}', 5, changed),
        value(100, "HS_ADMIN", {"handle": "0.NA/88.118.100111", "index": 200, "permissions": "010000000000"}, 86400, minted, "admin"),
    ]


def test_a_record_is_a_handle_record_to_the_byte(server):
    handle = logged()
    told = server.ask(f"/api/handles/{handle}")
    expected = {"responseCode": 1, "handle": handle, "values": whole(handle)}
    assert (told.status, told.body) == (200, json.dumps(expected, separators=(",", ":")).encode())
    assert told.headers["content-type"] == "application/json"
    assert (told.headers["etag"], told.headers["cache-control"]) == ('"0"', "public, max-age=5")
    assert told.headers["access-control-allow-origin"] == "*"


PICKED = {
    "?type=URL": [1],
    "?type=URL&type=HS_ADMIN": [1, 100],
    "?index=3": [3],
    "?index=3&type=STATUS&index=100": [2, 3, 100],
    "?type=STATUS.": [2],
    "?type=LOG&auth=true&publicOnly=false&pretty": [7],
    "?index=77": [],
    "?type=EMAIL": [],
    "?type=status": [],
}


def test_values_are_picked_by_index_or_type(server):
    handle = logged()
    for query, indexes in PICKED.items():
        told = server.ask(f"/api/handles/{handle}{query}")
        picked = [each for each in whole(handle) if each["index"] in indexes]
        assert (told.status, told.json) == (200, {"responseCode": 1 if picked else 200, "handle": handle, "values": picked}), query
        assert told.headers["cache-control"] == f"public, max-age={min((each['ttl'] for each in picked), default=5)}"


def test_each_refusal_has_its_code(server):
    handle = logged()
    wrong = handle[:-1] + ("0" if handle[-1] != "0" else "1")
    body = handle.partition("/")[2]
    cases = {
        f"/api/handles/{UNKNOWN}": (404, 100, UNKNOWN),
        f"/api/handles/{wrong}": (400, 102, wrong),
        "/api/handles/88.118.100111/short": (400, 102, "88.118.100111/short"),
        "/api/handles/no-slash": (400, 102, "no-slash"),
        f"/api/handles/{handle}/more": (400, 102, f"{handle}/more"),
        "/api/handles/10.1000/182": (400, 301, "10.1000/182"),
        "/api/handles/0.NA/88.118": (400, 301, "0.NA/88.118"),
        f"/api/handles/88.118.100112/{body}": (400, 301, f"88.118.100112/{body}"),
        f"/api/handles/8.8118.100111/{body}": (400, 301, f"8.8118.100111/{body}"),
        f"/api/handles/{handle}?index=x": (400, 4, handle),
        f"/api/handles/{handle}?index=-1": (400, 4, handle),
        f"/api/handles/{handle}?v=1&v=1": (400, 4, handle),
        f"/api/handles/{handle}@0?v=1": (400, 4, handle),
        f"/api/handles/{handle}?{'a=1&' * 100}": (400, 4, None),
        f"/api/handles/{handle}?{'a' * 3000}": (414, 4, None),
        f"/api/handles/{'x' * 300}": (414, 102, None),
        "/api/handles/%ff%fe/%00": (400, 102, None),
        "/api/handles/88.118.100111/%00": (400, 102, "88.118.100111/\x00"),
        f"/{UNKNOWN}": (404, 100, UNKNOWN),
        "/10.1000/182": (400, 301, "10.1000/182"),
        "/nothing/here": (404, 2, None),
    }
    answered = {path: server.ask(path) for path in cases}
    assert {path: (told.status, told.json["responseCode"], told.json.get("handle")) for path, told in answered.items()} == cases
    assert {told.headers["cache-control"] for told in answered.values()} == {"no-store"}
    assert [path for path, told in answered.items() if not told.json["message"]] == []


def test_case_and_percent_escapes_do_not_matter(server):
    handle = logged()
    for written in (quote(handle, safe=""), "".join(f"%{ord(character):02x}" for character in handle)):
        told = server.ask(f"/api/handles/{written}")
        assert (told.status, told.json["handle"]) == (200, handle)
    told = server.ask(f"/api/handles/{handle.lower()}")
    assert (told.status, told.json) == (200, {"responseCode": 1, "handle": handle.lower(), "values": whole(handle)})


def test_nothing_is_written_here(server, snapshot):
    handle = logged()
    before = snapshot(Identifier, IdentifierValue)
    for method in ("PUT", "DELETE", "PATCH", "POST", "TRACE"):
        told = server.ask(f"/api/handles/{handle}?overwrite=true", method, body=b"{}", Authorization="Basic MTphOmI=")
        assert (told.status, told.headers["allow"], told.json["responseCode"], told.json["handle"]) == (
            405,
            "GET, HEAD, OPTIONS",
            5,
            handle,
        )
    assert snapshot(Identifier, IdentifierValue) == before


def test_head_has_the_headers_and_no_body(server):
    handle = logged()
    got, head = server.ask(f"/api/handles/{handle}"), server.ask(f"/api/handles/{handle}", "HEAD")
    changing = {"date", "age"}
    assert (head.status, head.body) == (200, b"")
    assert {name: told for name, told in head.headers.items() if name not in changing} == {
        name: told for name, told in got.headers.items() if name not in changing
    }


def test_a_page_of_another_origin_may_ask(server):
    told = server.ask(f"/api/handles/{UNKNOWN}", "OPTIONS", Origin="https://elsewhere.example", Access_Control_Request_Method="GET")
    assert (told.status, told.body, told.headers["access-control-allow-origin"]) == (204, b"", "*")
    assert told.headers["access-control-allow-methods"] == "GET, HEAD, OPTIONS"
    assert server.ask("/api/handles", "OPTIONS").headers["access-control-allow-methods"] == "OPTIONS, POST"


def test_what_is_not_logged_yet_says_so_and_may_not_be_kept(server):
    handle = named()
    told = server.ask(f"/api/handles/{handle}")
    assert (told.status, told.json["message"]) == (200, "Registered, not yet logged. 已登记，尚未存证")
    assert [each["type"] for each in told.json["values"]] == ["URL", "STATUS", "RIGHTS", "HS_ADMIN"]
    assert ("etag" in told.headers, told.headers["cache-control"]) == (False, "no-store")
    integrate()
    told = server.ask(f"/api/handles/{handle}")
    assert ("message" in told.json, told.headers["etag"]) == (False, '"0"')


def test_the_validator_is_the_place_in_the_log_of_the_last_change(server):
    handle = logged()
    first = server.ask(f"/api/handles/{handle}")
    path = f"/api/handles/{handle}"
    for header in ('"0"', 'W/"0"', '"9", "0"', "*"):
        kept = server.ask(path, If_None_Match=header)
        assert (kept.status, kept.body, kept.headers["etag"], kept.headers["cache-control"]) == (304, b"", '"0"', "public, max-age=5")
    logged()
    say(handle, {STATUS: {"state": "REGISTERED", "holds": [{"kind": "COURT"}]}})
    integrate()
    told = server.ask(f"{path}?v=2", If_None_Match=first.headers["etag"])
    assert (told.status, told.headers["etag"]) == (200, '"2"')


def test_an_earlier_version_is_answered_by_number_and_by_place_in_the_log(server):
    handle = logged()
    logged()
    say(handle, {STATUS: {"state": "REGISTERED", "holds": [{"kind": "COURT"}]}, ALSO: ["x"]})
    integrate()
    say(handle, {STATUS: {"state": "REGISTERED", "holds": []}, ALSO: None})

    def states(suffix):
        told = server.ask(f"/api/handles/{handle}{suffix}")
        values = {each["type"]: each["data"]["value"] for each in told.json.get("values", [])}
        return told.status, values.get("STATUS"), values.get("ALSO"), told.headers.get("etag")

    free, held = '{"holds":[],"state":"REGISTERED"}', '{"holds":[{"kind":"COURT"}],"state":"REGISTERED"}'
    assert [states(f"?v={n}") for n in (1, 2, 3)] == [(200, free, None, '"0"'), (200, held, '["x"]', '"2"'), (200, free, None, None)]
    assert [states(f"@{n}") for n in (0, 1, 2)] == [(200, free, None, '"0"'), (200, free, None, '"0"'), (200, held, '["x"]', '"2"')]
    assert [states(suffix)[0] for suffix in ("?v=0", "?v=4", "@3", "@99")] == [404] * 4
    assert server.ask(f"/api/handles/{handle}@3").json["message"].startswith("The log has 3 entries.")
    late = logged()
    assert server.ask(f"/api/handles/{late}@2").json["responseCode"] == 100


def test_a_retired_identifier_is_a_tombstone_and_never_missing(server):
    old, new = logged(), logged()
    retire(handle=old, event=uuid7(), successor=new)
    told = server.ask(f"/api/handles/{old}")
    assert [each["type"] for each in told.json["values"]] == ["URL", "STATUS", "HS_ADMIN"]
    retired_at = instant(Identifier.objects.get(retired_at__isnull=False).retired_at)
    said = {"retired_at": retired_at, "state": "RETIRED", "successor": new}
    assert json.loads(told.json["values"][1]["data"]["value"]) == said
    page = server.ask(f"/{old}")
    assert (page.status, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert f"retired on {retired_at}" in page.body.decode()
    assert f'<{PUBLIC}/{new}>; rel="successor-version"' in page.headers["link"]


def test_a_batch_is_answered_in_order_each_by_itself(server):
    first, second = logged(), logged()
    unheard = mint(subject_type="RegisteredObject", subject_id=uuid7())
    asked = [second, first.lower(), UNKNOWN, "10.1000/182", "", second, "\x00", unheard]
    told = server.batch(asked)
    codes = [(each["responseCode"], each.get("handle")) for each in told.json]
    assert codes == [
        *((1, second), (1, first.lower()), (100, UNKNOWN), (301, "10.1000/182"), (102, None), (1, second), (102, "\x00"), (1, unheard)),
    ]
    assert told.json[1]["values"] == whole(first)
    assert (told.status, told.headers["cache-control"]) == (200, "no-store")
    assert server.batch({"handles": asked}).json == told.json
    assert server.batch([]).json == []
    assert server.batch(b'["\\ud800/x", "\\udfff"]').json[0]["handle"] == "?/x"
    assert (
        server.ask("/api/handles", "POST", body=iter([b'["', first.encode(), b'"]']), Content_Type="application/json").json[0]["handle"]
        == first
    )
    assert len(server.batch([first] * 500).json) == 500


UNREADABLE = {
    b"": 400,
    b"{": 400,
    b"\xff": 400,
    b"7": 400,
    b"null": 400,
    b'{"handles": "x"}': 400,
    b'["x", 1]': 400,
    b'[["x"]]': 400,
    b"[" * 30_000 + b"]" * 30_000: 400,
    b"[NaN]": 400,
    json.dumps(["x"] * 501).encode(): 400,
    b'["' + b"x" * 70_000 + b'"]': 413,
}


def test_a_batch_that_cannot_be_read_is_refused_whole(server):
    told = {body: server.batch(body) for body in UNREADABLE}
    assert {body: each.status for body, each in told.items()} == UNREADABLE
    assert {each.json["responseCode"] for each in told.values()} == {4}


def test_a_batch_must_be_json_and_is_the_only_thing_at_its_address(server):
    assert server.batch([], Content_Type="text/plain").status == 415
    assert server.batch([], Content_Type="application/json; charset=utf-8").status == 200
    told = server.ask("/api/handles")
    assert (told.status, told.headers["allow"]) == (405, "OPTIONS, POST")
    assert told.json["message"].startswith("Ask for one identifier at /api/handles/<identifier>, or POST many here.")
    assert server.ask("/api/handles", "PUT").json["message"].startswith("Nothing is written here")
