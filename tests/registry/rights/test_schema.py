"""The register as GraphQL shows it: to whom which field, in how many queries, and the mutations' answers."""

from datetime import date
from types import SimpleNamespace

import graphene
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from registry.base.actor import ANONYMOUS, PartyKind
from registry.base.graphql import to_global
from registry.log.integrator import _sequence, integrate
from registry.log.models import Entry, Leaf, SignedCheckpoint
from registry.rights import schema as room
from registry.rights.models import Grant, Hold
from registry.rights.services import hold_place
from registry.rights.states import HoldKind
from tests.registry.rights.world import actor, first, licence, organisation, registered

MUTATIONS = {"hold_place": room.HoldPlace, "hold_lift": room.HoldLift}
REVOCATION = {"revocation_propose": room.RevocationPropose, "grant_revoke": room.GrantRevoke}


@pytest.fixture(scope="module")
def api():
    query = type("Query", (room.Queries, graphene.ObjectType), {})
    mutation = type("Mutation", (graphene.ObjectType,), {name: each.field() for name, each in (MUTATIONS | REVOCATION).items()})
    return graphene.Schema(query=query, mutation=mutation)


@pytest.fixture
def ask(api):
    def send(by, document, **variables):
        answer = api.execute(document, context_value=SimpleNamespace(actor=by), variable_values=variables)
        assert answer.errors is None, answer.errors
        return answer.data

    return send


@pytest.fixture
def market(db):
    airport, maker, buyer = (organisation(name=name) for name in ("Airport", "Maker", "Buyer"))
    operate = first(registered(airport))
    relied = licence(operate, maker, share=120_000)
    return {"airport": airport, "maker": maker, "buyer": buyer, "operate": operate, "relied": relied, "product": registered(maker, relied)}


PLACES = "{ objects(first: 10) { nodes { log { status index size } grants { log { status index size } } } } }"


@pytest.mark.usefixtures("market")
def test_what_is_committed_is_registered_and_what_a_checkpoint_covers_is_logged(ask):
    by = actor(organisation())
    waiting = {"status": "REGISTERED", "index": None, "size": None}
    nodes = ask(by, PLACES)["objects"]["nodes"]
    assert [node["log"] for node in nodes] == [waiting] * 2
    assert [grant["log"] for node in nodes for grant in node["grants"]] == [waiting] * 2
    recorded = integrate()
    with CaptureQueriesContext(connection) as queries:
        nodes = ask(by, PLACES)["objects"]["nodes"]
    assert len(queries) == 6  # two levels, each: rows, places, the latest checkpoint
    found = [node["log"] for node in nodes] + [grant["log"] for node in nodes for grant in node["grants"]]
    assert {(place["status"], place["size"]) for place in found} == {("LOGGED", str(recorded))}
    shown = {int(place["index"]) for place in found}
    recorded_as = Leaf.objects.filter(index__in=shown).values_list("entry", flat=True)
    assert len(shown) == 4
    assert {entry.schema for entry in Entry.objects.filter(pk__in=list(recorded_as))} == {"object.registered", "right.granted"}


def test_a_sequenced_event_that_no_checkpoint_covers_is_only_registered(ask, market):
    integrate()
    first(registered(organisation()))
    _sequence()
    by, size = actor(organisation()), str(SignedCheckpoint.objects.latest("size").size)
    nodes = ask(by, PLACES)["objects"]["nodes"]
    assert [node["log"]["status"] for node in nodes] == ["REGISTERED", "LOGGED", "LOGGED"]
    assert [node["log"]["size"] for node in nodes] == [None, size, size]
    assert int(nodes[0]["log"]["index"]) >= int(size)


TERMS = "{ grants(first: 10, kind: USE) { nodes { incomeSharePpm dealId scope { derive territory purposes } validUntil } } }"


@pytest.mark.parametrize("who", ["airport", "maker", "INSTITUTION", "REGULATOR", "REGISTRAR"])
def test_the_parties_and_supervisors_read_the_terms(ask, market, who):
    by = actor(market[who] if who in market else organisation(PartyKind(who)))
    (node,) = ask(by, TERMS)["grants"]["nodes"]
    scope = {"derive": True, "territory": "CN", "purposes": []}
    assert node == {"incomeSharePpm": 120_000, "dealId": str(market["relied"].deal_id), "scope": scope, "validUntil": "2030-01-01"}


@pytest.mark.parametrize("kind", ["BUYER", "MERCHANT", "OPERATOR", "PUBLIC_BODY"])
def test_others_read_that_the_right_exists_and_no_more(ask, market, kind):
    (node,) = ask(actor(organisation(PartyKind(kind))), TERMS)["grants"]["nodes"]
    assert node == {"incomeSharePpm": None, "dealId": None, "scope": None, "validUntil": "2030-01-01"}


def test_nobody_reads_anything_without_a_key(ask, market):
    lists = " ".join(f"{name}(first: 9) {{ totalCount }}" for name in ("grants", "holds", "revocations"))
    answer = ask(ANONYMOUS, f"{{ objects(first: 9) {{ totalCount nodes {{ name }} }} {lists} }}")
    assert [answer[name]["totalCount"] for name in ("objects", "grants", "holds", "revocations")] == [0, 0, 0, 0]
    assert answer["objects"]["nodes"] == []


def test_the_chain_of_title_is_read_in_a_fixed_number_of_queries(ask, market):
    document = """query($kind: ObjectKind) { objects(first: 50, kind: $kind) { nodes {
        name holds { kind reason } titleChain { source { name titleChain { source { name } } }
        grant { incomeSharePpm licensor { id } parent { kind } } } } } }"""
    by = actor(market["maker"])

    def queries():
        with CaptureQueriesContext(connection) as caught:
            answer = ask(by, document, kind="PRODUCT")
        return len(caught), answer["objects"]["nodes"]

    count, (node,) = queries()
    (link,) = node["titleChain"]
    assert link["source"] == {"name": "Flights", "titleChain": []}
    licensor = {"id": to_global("Organisation", market["airport"].pk)}
    assert link["grant"] == {"incomeSharePpm": 120_000, "licensor": licensor, "parent": {"kind": "OPERATE"}}
    for _ in range(3):
        registered(market["maker"], licence(market["operate"], market["maker"]))
    again, nodes = queries()
    assert (len(nodes), again) == (4, count)


def test_the_reason_of_a_hold_is_for_the_owner_its_setter_and_supervisors(ask, market):
    regulator = actor(organisation(PartyKind.REGULATOR))
    hold_place(actor=regulator, object_id=market["operate"].object_id, kind=HoldKind.COURT, reason="Case 7", idempotency_key="h")
    document = "{ holds(first: 5, active: true) { nodes { kind state reason setBy { id } } } }"
    seen = {name: ask(actor(market[name]), document)["holds"]["nodes"][0]["reason"] for name in ("airport", "maker")}
    assert seen == {"airport": "Case 7", "maker": None}
    assert ask(regulator, document)["holds"]["nodes"][0]["reason"] == "Case 7"
    assert ask(regulator, "{ holds(first: 5, active: false) { totalCount } }") == {"holds": {"totalCount": 0}}


HOLD = "mutation($i: HoldPlaceInput!) { holdPlace(input: $i) { hold { id kind state version } userErrors { code field } } }"


def test_a_regulator_holds_and_lifts_through_the_api(ask, market):
    regulator = actor(organisation(PartyKind.REGULATOR))
    given = {"objectId": to_global("RegisteredObject", market["product"].pk), "kind": "ORDER", "reason": "Halt", "idempotencyKey": "1"}
    placed = ask(regulator, HOLD, i=given)["holdPlace"]
    assert (placed["userErrors"], placed["hold"]["kind"], placed["hold"]["state"]) == ([], "ORDER", "ACTIVE")
    lift = "mutation($i: HoldLiftInput!) { holdLift(input: $i) { hold { state version } userErrors { code field } } }"
    given = {"holdId": placed["hold"]["id"], "reason": "Done", "expectedVersion": 7, "idempotencyKey": "2"}
    assert ask(regulator, lift, i=given)["holdLift"] == {
        "hold": None,
        "userErrors": [{"code": "STALE_VERSION", "field": ["expectedVersion"]}],
    }
    assert ask(regulator, lift, i={**given, "expectedVersion": 1})["holdLift"]["hold"] == {"state": "LIFTED", "version": 2}


def test_ids_of_the_wrong_type_and_other_input_under_one_key_change_nothing(ask, market, snapshot):
    regulator = actor(organisation(PartyKind.REGULATOR))
    wrong = {"objectId": to_global("Grant", market["operate"].pk), "kind": "COURT", "reason": "x", "idempotencyKey": "1"}
    assert ask(regulator, HOLD, i=wrong)["holdPlace"]["userErrors"] == [{"code": "INVALID_ID", "field": ["objectId"]}]
    right = {**wrong, "objectId": to_global("RegisteredObject", market["product"].pk)}
    assert ask(regulator, HOLD, i=right)["holdPlace"]["userErrors"] == []
    before = snapshot(Hold)
    answer = ask(regulator, HOLD, i={**right, "reason": "y"})["holdPlace"]
    assert answer["userErrors"] == [{"code": "IDEMPOTENCY_MISMATCH", "field": ["idempotencyKey"]}]
    assert snapshot(Hold) == before


def test_two_registrars_revoke_through_the_api(ask, market):
    registrar = organisation(PartyKind.REGISTRAR)
    one, two = actor(registrar), actor(registrar)
    propose = "mutation($i: RevocationProposeInput!) { revocationPropose(input: $i) { revocation { id version } userErrors { code } } }"
    given = {
        "grantId": to_global("Grant", market["operate"].pk),
        "endsOn": "2028-01-01",
        "reason": "False proof",
        "evidenceSha256": "0" * 64,
    }
    proposed = ask(one, propose, i={**given, "idempotencyKey": "1"})["revocationPropose"]["revocation"]
    revoke = "mutation($i: GrantRevokeInput!) { grantRevoke(input: $i) { revocation { state grant { id } } userErrors { code } } }"
    given = {"revocationId": proposed["id"], "expectedVersion": proposed["version"], "idempotencyKey": "2"}
    assert ask(one, revoke, i=given)["grantRevoke"]["userErrors"] == [{"code": "FOUR_EYES"}]
    assert ask(two, revoke, i=given)["grantRevoke"]["revocation"]["state"] == "DONE"
    ends = Grant.objects.filter(recorded__upper_inf=True).values_list("kind", "valid__endswith")
    assert set(ends) == {("OPERATE", date(2028, 1, 1)), ("USE", date(2028, 1, 1))}
    count = "{ revocations(first: 5) { totalCount } }"
    assert [ask(by, count)["revocations"]["totalCount"] for by in (one, actor(market["maker"]), actor(market["buyer"]))] == [1, 0, 0]


def test_the_register_answers_as_it_stood(ask, market):
    known_at = market["relied"].recorded.lower.isoformat()
    document = "query($t: DateTime, $h: ID) { grants(first: 9, knownAt: $t, holder: $h) { totalCount nodes { recordedUntil } } }"
    holder = to_global("Organisation", market["maker"].pk)
    before = market["operate"].recorded.lower.isoformat()
    assert ask(actor(market["buyer"]), document, t=known_at, h=holder)["grants"] == {"totalCount": 1, "nodes": [{"recordedUntil": None}]}
    assert ask(actor(market["buyer"]), document, t=before, h=holder)["grants"]["totalCount"] == 0
