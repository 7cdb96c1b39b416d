"""What the register tells outsiders of an object, as it goes through its life: by the real services, read over HTTP."""

import json

import pytest

from registry.base.actor import PartyKind
from registry.certificates.models import Certificate
from registry.identifiers.models import IdentifierValue
from registry.identifiers.records import instant
from registry.log.integrator import integrate
from registry.log.models import Leaf
from registry.rights.models import Grant
from registry.rights.services import hold_lift, hold_place
from registry.rights.states import HoldKind
from tests.support.filings import certified, deposited, key, office
from tests.support.graphql import Client
from tests.support.parties import admit
from tests.support.resolver import served

DOCUMENT = """
query($handle: String!) { identifier(handle: $handle) { handle version logIndex values { index type format data ttl timestamp } } }
"""


@pytest.fixture(autouse=True)
def demo_clock(settings):
    settings.DEMO_CLOCK = True


def told(server, handle, suffix=""):
    answer = server.ask(f"/api/handles/{handle}{suffix}")
    values = {each["type"]: each["data"]["value"] for each in answer.json["values"]}
    return answer, {kind: json.loads(values[kind]) for kind in ("STATUS", "RIGHTS", "CERT", "SOURCES", "LOG") if kind in values}


def test_a_deposited_object_is_told_with_its_rights_then_its_certificate_then_its_hold(committed_db):
    of = office()
    filing = certified(of)
    integrate()
    handle = filing.object.identifier
    regulator = admit(PartyKind.REGULATOR, name="Regulator")
    with served(committed_db.url) as server:
        first, values = told(server, handle)
        certificate = Certificate.objects.get()
        assert values["STATUS"] == {"state": "REGISTERED", "holds": [], "holds_total": 0}
        assert [(right["right"], right["holder"], right["from"], right["last_day"]) for right in values["RIGHTS"]["rights"]] == [
            (kind, str(of.merchant.organisation.pk), filing.valid_from.isoformat(), filing.valid_until.isoformat())
            for kind in ("USE", "OPERATE", "HOLD")
        ]
        assert {right["grant"] for right in values["RIGHTS"]["rights"]} == {str(pk) for pk in Grant.objects.values_list("pk", flat=True)}
        issued = {
            "number": certificate.number,
            "sha256": certificate.sha256,
            "issued_at": instant(certificate.issued_at),
            "revoked_at": None,
        }
        assert values["CERT"] == {"certificates": [issued], "certificates_total": 1}
        event = IdentifierValue.objects.order_by("-version").first().event_id
        assert values["LOG"]["index"] == str(Leaf.objects.get(entry=event).index)
        assert first.headers["etag"] == f'"{values["LOG"]["index"]}"'

        hold = hold_place(
            actor=regulator.actor, object_id=filing.object_id, kind=HoldKind.ORDER, reason="secret reason", idempotency_key=key()
        )
        integrate()
        version = IdentifierValue.objects.order_by("-version").first().version
        held, values = told(server, handle, f"?v={version}")
        listed = [{"kind": "ORDER", "since": instant(hold.placed_at)}]
        assert values["STATUS"] == {"state": "REGISTERED", "holds": listed, "holds_total": 1}
        assert held.headers["etag"] == f'"{Leaf.objects.get(entry=hold.event_id).index}"'

        hold_lift(actor=regulator.actor, hold_id=hold.pk, reason="over", expected_version=1, idempotency_key=key())
        integrate()
        lifted, values = told(server, handle, f"?v={version + 1}")
        assert values["STATUS"]["holds"] == []
        assert told(server, handle, f"@{Leaf.objects.get(entry=hold.event_id).index}")[1]["STATUS"]["holds"] == listed
        for private in (
            "secret reason",
            "over",
            of.merchant.organisation.name_en,
            of.merchant.organisation.uscc or "?",
            filing.object.name,
        ):
            assert private.encode() not in first.body + held.body + lifted.body


def test_graphql_answers_from_the_same_record(committed_db, settings):
    settings.EGRET_PUBLIC_URL = "https://market.example"
    filing = deposited(office())
    integrate()
    handle = filing.object.identifier
    with served(committed_db.url) as server:
        asked = server.ask(f"/api/handles/{handle}")
    shown = Client().query(DOCUMENT, handle=handle)["identifier"]
    assert (shown["handle"], f'"{shown["logIndex"]}"') == (handle, asked.headers["etag"])
    assert [
        {
            "index": value["index"],
            "type": value["type"],
            "data": {"format": value["format"], "value": value["data"] if value["format"] == "string" else json.loads(value["data"])},
            "ttl": value["ttl"],
            "timestamp": value["timestamp"][:19] + "Z",
        }
        for value in shown["values"]
    ] == asked.json["values"]
