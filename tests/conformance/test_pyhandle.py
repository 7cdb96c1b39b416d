"""pyhandle, the client library of research data centres for the Handle System, resolves against our server as against any other."""

from registry.identifiers.models import Identifier, IdentifierValue
from tests.conformance.peer import ask
from tests.support.resolver import PUBLIC, UNKNOWN, logged, named, served

NAME, PYTHON = "pyhandle_reads", 11
NOTHING = {"handles": [], "values": [], "indexes": [], "types": [], "write": ""}


def told_of(server, **job):
    return ask(NAME, {**NOTHING, **job, "url": f"http://127.0.0.1:{server.port}"}, least=PYTHON)


def test_it_resolves_records_value_lists_and_what_is_not_there(committed_db):
    with served(committed_db.url) as server:
        handle, fresh = logged(), named()
        record = server.ask(f"/api/handles/{handle}").json
        told = told_of(
            server,
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


def test_it_cannot_write(committed_db, snapshot):
    with served(committed_db.url) as server:
        handle = logged()
        before = snapshot(Identifier, IdentifierValue)
        told = told_of(server, write=handle)
    assert told["written"] == ["GenericHandleError"] * 3
    assert snapshot(Identifier, IdentifierValue) == before
