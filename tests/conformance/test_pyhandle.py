"""pyhandle, the client library of research data centres for the Handle System, resolves against our server as against any other."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from benchmarks.peers import PeerFailed, python_of
from registry.identifiers.models import Identifier, IdentifierValue
from tests.support.resolver import PUBLIC, UNKNOWN, logged, named, served

NAME = "pyhandle_reads"
PEERS = Path(__file__).resolve().parent / "peers"
SECONDS = 120


@pytest.fixture(scope="module")
def python():
    try:
        return python_of(NAME, programs=PEERS)
    except (PeerFailed, subprocess.TimeoutExpired, OSError) as error:
        pytest.skip(f"the environment of pyhandle cannot be made: {str(error)[-300:]}")


def ask(python, **job):
    told = subprocess.run(
        [str(python), str(PEERS / f"{NAME}.py")],
        input=json.dumps({"handles": [], "values": [], "indexes": [], "types": [], "write": "", **job}),
        env={"PATH": os.environ["PATH"], "NO_PROXY": "127.0.0.1"},  # nothing of ours: neither settings nor path
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert told.returncode == 0, told.stderr[-3000:]
    return json.loads(told.stdout)


def test_it_resolves_records_value_lists_and_what_is_not_there(python, committed_db):
    with served(committed_db.url) as server:
        handle, fresh = logged(), named()
        record = server.ask(f"/api/handles/{handle}").json
        told = ask(
            python,
            url=f"http://127.0.0.1:{server.port}",
            handles=[handle, handle.lower(), fresh, UNKNOWN, handle[:-1] + "*", "10.1000/182", "nonsense"],
            values=[[handle, "URL"], [handle, "STATUS"], [handle, "EMAIL"], [UNKNOWN, "URL"]],
            indexes=[[handle, [1, 3]], [handle, ["100"]], [handle, [77]]],
            types=[[handle, "URL"], [handle, ["URL", "LOG"]], [handle, "EMAIL"]],
        )
        unlogged = server.ask(f"/api/handles/{fresh}").json
    lower = {**record, "handle": handle.lower()}
    refused = ["GenericHandleError", "GenericHandleError", "HandleSyntaxError"]
    assert told["records"] == told["fresh"] == [record, lower, unlogged, None, *refused]
    flat = {value["type"]: value["data"]["value"] for value in record["values"]}
    assert told["flat"][0].keys() == flat.keys()
    assert (told["flat"][0]["URL"], told["flat"][3]) == (f"{PUBLIC}/objects/{handle}/", None)
    assert told["values"] == [flat["URL"], flat["STATUS"], None, "HandleNotFoundException"]

    def picked(*indexes):
        values = [value for value in record["values"] if value["index"] in indexes]
        return {"responseCode": 1 if values else 200, "handle": handle, "values": values}

    assert told["indexes"] == [picked(1, 3), picked(100), picked()]
    assert told["types"] == [picked(1), picked(1, 7), picked()]


def test_it_cannot_write(python, committed_db, snapshot):
    with served(committed_db.url) as server:
        handle = logged()
        before = snapshot(Identifier, IdentifierValue)
        told = ask(python, url=f"http://127.0.0.1:{server.port}", write=handle)
    assert told["written"] == ["GenericHandleError"] * 3
    assert snapshot(Identifier, IdentifierValue) == before
