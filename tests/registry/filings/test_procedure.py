"""A filing through the front door: submitted, returned once, accepted, examined by two people, publicised, objected to, certified."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from registry.base import clock
from registry.base.actor import PartyKind
from registry.base.graphql import to_global
from registry.base.models import IdempotencyKey
from registry.filings.models import Filing, FilingFacts, Objection
from registry.filings.states import State
from registry.filings.tasks import run_once
from registry.log.integrator import integrate
from registry.log.models import Outbox
from registry.parties.models import Affiliation
from registry.rules.calendar import CHINA, china_date
from registry.rules_store.models import Finding, Verdict
from tests.support.filings import CLEAN, deposited, door, examined, jump, key, office, publicised, sql, submitted
from tests.support.graphql import Client, UserError
from tests.support.parties import Party, admit

pytestmark = pytest.mark.django_db
TABLES = (Filing, Objection, FilingFacts, Verdict, Finding, Outbox, IdempotencyKey)
STATE = "filing { id state version }"


@pytest.fixture(autouse=True)
def demo_clock(settings):
    settings.DEMO_CLOCK = True


@dataclass(frozen=True)
class Desk:
    """Everybody's way in."""

    office: object
    merchant: Client
    first: Client
    second: Client


@pytest.fixture
def desk():
    of = office()
    return Desk(of, door(of.merchant), door(of.registrar), door(of.registrar, of.second))


CONTENT = {
    "objectKind": "RESOURCE",
    "name": "2013 New York departures",
    "summary": "Every departure of 2013 from three airports.",
    "industry": "G56",
    "sourceCategory": "ENTERPRISE",
    "sourceKind": "COLLECTED",
    "situation": "OWN_ACTIVITY",
    "level": "GENERAL",
    "piKind": "NONE",
    "region": "New York",
    "updateFrequency": "YEARLY",
    "dataFormat": "TABLE",
    "rightsClaimed": ["HOLD", "USE", "OPERATE"],
    "limits": {"resale": True},
    "volumeRows": "336776",
    "evidence": [{"name": "Collection record", "sha256": hashlib.sha256(b"collection").hexdigest()}],
}
ASSESSMENT = {"harmFlag": "NONE", "secrecyMark": False, "unlawfulSource": "NONE", "disputeOpen": False}


def given(filing, **more):
    return {"filingId": filing["id"], "expectedVersion": filing["version"], "idempotencyKey": key(), **more}


def test_the_whole_way_from_submission_to_certificate(desk):
    filing = desk.merchant.mutate("filingSubmit", STATE, content=CONTENT, idempotencyKey="k")["filing"]
    assert (filing["state"], filing["version"]) == ("SUBMITTED", 1)
    filing = desk.first.mutate("filingAccept", STATE, **given(filing))["filing"]
    examined_now = desk.first.mutate("filingExamine", f"{STATE} verdict {{ outcome stage }}", **given(filing, assessment=ASSESSMENT))
    assert examined_now["verdict"] == {"outcome": "PASS", "stage": "registration"}
    filing = desk.second.mutate("filingPublish", "filing { id state version noticeUntilAt }", **given(examined_now["filing"]))["filing"]
    assert filing["state"] == "PUBLICISED"
    jump(datetime.fromisoformat(filing["noticeUntilAt"]))
    run_once()
    integrate()
    run_once()
    shown = desk.merchant.query(
        "query($id: ID!) { node(id: $id) { ... on Filing"
        " { state validFrom object { name kind grants { kind } } certificate { number } } } }",
        id=filing["id"],
    )["node"]
    assert shown["state"] == "CERTIFIED"
    assert shown["validFrom"] == china_date(clock.now()).isoformat()
    assert shown["object"] | {"grants": sorted(grant["kind"] for grant in shown["object"]["grants"])} == {
        "name": "2013 New York departures",
        "kind": "RESOURCE",
        "grants": ["HOLD", "OPERATE", "USE"],
    }
    assert shown["certificate"]["number"] == f"EGR-{china_date(clock.now()):%Y%m}-0001"


def test_a_repeated_request_files_once(desk):
    first = desk.merchant.mutate("filingSubmit", STATE, content=CONTENT, idempotencyKey="k")["filing"]
    assert desk.merchant.mutate("filingSubmit", STATE, content=CONTENT, idempotencyKey="k")["filing"] == first
    other = desk.merchant.mutate("filingSubmit", STATE, content={**CONTENT, "name": "Another"}, idempotencyKey="k")
    assert other.codes == ["IDEMPOTENCY_MISMATCH"]
    assert Filing.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": "n" * 41}, "name"),
        ({"name": "  "}, "name"),
        ({"summary": "s" * 401}, "summary"),
        ({"industry": "Z99"}, "industry"),
        ({"sourceCategory": "OTHER"}, "sourceCategory"),
        ({"situation": "FOUND"}, "situation"),
        ({"rightsClaimed": []}, "rightsClaimed"),
        ({"volumeRows": "-1"}, "volumeRows"),
        ({"wantedUntil": "2020-01-01"}, "wantedUntil"),
        ({"timeFrom": "2014-01-01", "timeUntil": "2013-01-01"}, "timeUntil"),
        ({"situation": "DERIVED"}, "madeFrom"),
        ({"limits": {"territory": "Mars"}}, "scope"),
        ({"evidence": [{"name": "Record", "sha256": "abc"}]}, "evidence"),
    ],
    ids=str,
)
def test_what_breaks_a_rule_of_the_form_is_refused(desk, change, field, snapshot):
    before = snapshot(*TABLES)
    answer = desk.merchant.mutate("filingSubmit", STATE, content=CONTENT | change, idempotencyKey="k")
    assert [(error.code, error.field[0]) for error in answer.user_errors] == [("BAD_INPUT", field)]
    assert snapshot(*TABLES) == before


@pytest.mark.parametrize("kind", [PartyKind.BUYER, PartyKind.REGISTRAR, PartyKind.REGULATOR])
def test_only_merchants_and_public_bodies_file(kind, snapshot):
    client = Client(token=admit(kind).token)
    before = snapshot(*TABLES)
    assert client.mutate("filingSubmit", STATE, content=CONTENT, idempotencyKey="k").codes == ["FORBIDDEN"]
    assert snapshot(*TABLES) == before


STEPS = {
    "filingAccept": {},
    "filingReturn": {"missing": "The record.", "supplementDays": 5},
    "filingExamine": {"assessment": ASSESSMENT},
    "filingPublish": {},
    "filingRefuse": {"reasons": "No."},
}


@pytest.mark.parametrize("step", STEPS)
def test_only_registrars_decide(desk, step, snapshot):
    filing = submitted(desk.office)
    before = snapshot(*TABLES)
    answer = desk.merchant.mutate(step, STATE, filingId=filing, expectedVersion=1, idempotencyKey="k", **STEPS[step])
    assert answer.codes == ["FORBIDDEN"]
    assert snapshot(*TABLES) == before


@pytest.mark.parametrize("step", STEPS)
def test_an_affiliated_registrar_decides_nothing(desk, step, snapshot):
    filing = submitted(desk.office)
    a, b = sorted([desk.office.registrar.organisation, desk.office.merchant.organisation], key=lambda one: one.pk)
    Affiliation.objects.create(a=a, b=b, basis="CONTROL", declared_at=clock.now())
    before = snapshot(*TABLES)
    answer = desk.first.mutate(step, STATE, filingId=filing, expectedVersion=1, idempotencyKey="k", **STEPS[step])
    assert answer.codes == ["AFFILIATED"]
    assert snapshot(*TABLES) == before


@pytest.mark.parametrize("step", STEPS)
def test_a_stale_version_changes_nothing(desk, step, snapshot):
    filing = submitted(desk.office)
    before = snapshot(*TABLES)
    answer = desk.first.mutate(step, STATE, filingId=filing, expectedVersion=7, idempotencyKey="k", **STEPS[step])
    assert answer.codes == ["STALE_VERSION"]
    assert snapshot(*TABLES) == before


@pytest.mark.parametrize("step", ["filingAccept", "filingReturn", "filingExamine", "filingRefuse", "filingPublish"])
def test_no_step_is_taken_on_public_notice(desk, step, snapshot):
    filing = publicised(desk.office)
    before = snapshot(*TABLES)
    answer = desk.second.mutate(step, STATE, filingId=filing, expectedVersion=filing.version, idempotencyKey="k", **STEPS[step])
    assert answer.codes == ["ILLEGAL_TRANSITION"]
    assert snapshot(*TABLES) == before


class TestExamination:
    """The rules judge; what they find is kept, the filing moves only when it passes."""

    def accepted(self, desk, **change):
        filing = desk.merchant.mutate("filingSubmit", STATE, content=CONTENT | change, idempotencyKey=key())["filing"]
        return desk.first.mutate("filingAccept", STATE, **given(filing))["filing"]

    def test_a_right_beyond_the_source_is_refused_with_rule_clause_and_remedy(self, desk, snapshot):
        filing = self.accepted(desk, situation="ENTRUSTED")
        before = snapshot(Filing)
        answer = desk.first.mutate("filingExamine", STATE, **given(filing, assessment=ASSESSMENT | {"entrustedGrant": False}))
        assert answer.user_errors == [
            UserError(
                code="SCREENING_BLOCKED",
                rule="RG-02",
                clause="Data Property-Rights Registration Guideline, art. 21 (comparable rule)",
                message="A right is claimed that this way of obtaining the data does not support.",
                remedy="Withdraw the excess right, or supply the contract, consent or evidence that supports it.",
            )
        ]
        assert snapshot(Filing) == before
        verdict = Verdict.objects.get()
        assert (verdict.outcome, verdict.subject_id) == ("BLOCK", Filing.objects.get().pk)
        kept = FilingFacts.objects.get(pk=verdict.facts_id)
        assert (kept.situation, kept.entrusted_grant, kept.rights_claimed, kept.judged_on) == (
            "ENTRUSTED",
            False,
            ["HOLD", "OPERATE", "USE"],
            china_date(clock.now()),
        )

    def test_the_one_missing_fact_supplied_it_passes(self, desk):
        filing = self.accepted(desk, situation="ENTRUSTED")
        assert not desk.first.mutate("filingExamine", STATE, **given(filing, assessment=ASSESSMENT | {"entrustedGrant": False})).ok
        again = desk.first.mutate("filingExamine", STATE, **given(filing, assessment=ASSESSMENT | {"entrustedGrant": True}))
        assert again["filing"]["state"] == "IN_REVIEW"

    @pytest.mark.parametrize(
        ("content", "assessment", "refusals"),
        [
            ({"sourceCategory": "GOVERNMENT"}, {}, [("SCREENING_BLOCKED", "RG-03")]),
            ({"level": "CORE"}, {}, [("SCREENING_BLOCKED", "PT-03")]),
            ({"evidence": []}, {}, [("SCREENING_BLOCKED", "RG-01")]),
            ({}, {"harmFlag": None}, [("SCREENING_REFERRED", "PT-01")]),
            ({}, {"disputeOpen": True}, [("SCREENING_REFERRED", "PT-13")]),
            ({}, {"unlawfulSource": "PROVEN"}, [("SCREENING_BLOCKED", "PT-10")]),
            ({"sourceKind": "AUTHORISED_PUBLIC"}, {}, [("SCREENING_BLOCKED", "RG-04")]),
            ({"situation": "CRAWLED_RAW"}, {"crawlClean": True}, [("SCREENING_BLOCKED", "RG-02")]),
        ],
        ids=str,
    )
    def test_each_rule_that_fires_is_one_row(self, desk, content, assessment, refusals, snapshot):
        filing = self.accepted(desk, **content)
        before = snapshot(Filing)
        answer = desk.first.mutate("filingExamine", STATE, **given(filing, assessment=ASSESSMENT | assessment))
        assert [(error.code, error.rule) for error in answer.user_errors] == refusals
        assert snapshot(Filing) == before

    def test_an_unverified_applicant_is_incomplete(self, desk):
        stranger = admit(PartyKind.MERCHANT)
        filing = door(stranger).mutate("filingSubmit", STATE, content=CONTENT, idempotencyKey="k")["filing"]
        filing = desk.first.mutate("filingAccept", STATE, **given(filing))["filing"]
        answer = desk.first.mutate("filingExamine", STATE, **given(filing, assessment=ASSESSMENT))
        assert [(error.code, error.rule) for error in answer.user_errors] == [("SCREENING_BLOCKED", "RG-01")]

    def test_an_unknown_code_is_bad_input(self, desk, snapshot):
        filing = self.accepted(desk)
        before = snapshot(*TABLES)
        answer = desk.first.mutate("filingExamine", STATE, **given(filing, assessment=ASSESSMENT | {"harmFlag": "MILD"}))
        assert answer.codes == ["BAD_INPUT"]
        assert snapshot(*TABLES) == before

    def test_the_same_request_gives_the_same_verdict(self, desk):
        filing = self.accepted(desk)
        request = given(filing, assessment=ASSESSMENT)
        first = desk.first.mutate("filingExamine", "verdict { id } filing { version }", **request)
        again = desk.first.mutate("filingExamine", "verdict { id } filing { version }", **request)
        assert again.fields == first.fields
        assert Verdict.objects.count() == 1

    def test_the_second_person_is_another_one(self, desk, snapshot):
        filing = examined(desk.office)
        before = snapshot(*TABLES)
        answer = desk.first.mutate("filingPublish", STATE, filingId=filing, expectedVersion=filing.version, idempotencyKey="k")
        assert answer.codes == ["FOUR_EYES"]
        assert snapshot(*TABLES) == before
        with pytest.raises(IntegrityError, match="filing_four_eyes"), transaction.atomic():
            sql("UPDATE registry_filings_filing SET second_examiner = first_examiner WHERE id = %s", filing.pk)

    def test_the_database_itself_refuses_an_examination_without_a_passing_verdict(self, desk, snapshot):
        filing = self.accepted(desk)
        assert filing["version"] == 2
        before = snapshot(Filing)
        with pytest.raises(IntegrityError, match="filing_examined_with_passing_verdict"), transaction.atomic():
            sql(
                "UPDATE registry_filings_filing SET state = 'IN_REVIEW', examined_at = accepted_at, assessment = '{}',"
                " first_examiner = gen_random_uuid()"
            )
        assert snapshot(Filing) == before


class TestClocks:
    """Statutory days: real, China time, working days."""

    def test_silence_accepts_after_three_working_days(self, desk):
        filing = submitted(desk.office)
        assert filing.acceptance_due_at.astimezone(CHINA).hour == 0
        jump(filing.acceptance_due_at - timedelta(seconds=5))
        run_once()
        filing.refresh_from_db()
        assert filing.state == State.SUBMITTED
        jump(filing.acceptance_due_at)
        run_once()
        filing.refresh_from_db()
        assert (filing.state, filing.accepted_by_silence, filing.version) == (State.ACCEPTED, True, 2)

    def test_an_answer_in_time_leaves_the_clock_without_effect(self, desk, snapshot):
        filing = submitted(desk.office)
        desk.first.mutate("filingAccept", STATE, filingId=filing, expectedVersion=1, idempotencyKey="k")
        before = snapshot(Filing, Outbox)
        jump(filing.acceptance_due_at)
        run_once()
        assert snapshot(Filing, Outbox) == before

    def test_what_is_missing_is_told_once_and_supplied_in_time(self, desk, snapshot):
        filing = desk.merchant.mutate("filingSubmit", STATE, content=CONTENT, idempotencyKey="k")["filing"]
        told = given(filing, missing="The collection contract.", supplementDays=5)
        filing = desk.first.mutate("filingReturn", STATE, **told)["filing"]
        changed = CONTENT | {"summary": "With the contract."}
        filing = desk.merchant.mutate("filingSupplement", "filing { id state version contentVersion }", **given(filing, content=changed))[
            "filing"
        ]
        assert (filing["state"], filing["version"], filing["contentVersion"]) == ("SUBMITTED", 3, 2)
        before = snapshot(*TABLES)
        assert desk.first.mutate("filingReturn", STATE, **given(filing, missing="More.", supplementDays=5)).codes == ["ALREADY_RETURNED"]
        assert snapshot(*TABLES) == before

    def test_not_supplied_in_time_it_counts_as_never_filed(self, desk, snapshot):
        filing = submitted(desk.office)
        desk.first.mutate("filingReturn", STATE, filingId=filing, expectedVersion=1, idempotencyKey="k", missing="All.", supplementDays=1)
        filing.refresh_from_db()
        jump(filing.supplement_due_at)
        before = snapshot(*TABLES)
        late = desk.merchant.mutate("filingSupplement", STATE, filingId=filing, expectedVersion=2, content=CONTENT, idempotencyKey="s")
        assert late.codes == ["SUPPLEMENT_OVER"]
        assert snapshot(*TABLES) == before
        run_once()
        filing.refresh_from_db()
        assert filing.state == State.LAPSED

    def test_nobody_else_supplements(self, desk, snapshot):
        filing = submitted(desk.office)
        desk.first.mutate("filingReturn", STATE, filingId=filing, expectedVersion=1, idempotencyKey="k", missing="All.", supplementDays=5)
        stranger = door(admit(PartyKind.MERCHANT))
        before = snapshot(*TABLES)
        answer = stranger.mutate("filingSupplement", STATE, filingId=filing, expectedVersion=2, content=CONTENT, idempotencyKey="s")
        assert answer.codes == ["NOT_FOUND"]
        assert snapshot(*TABLES) == before

    def test_content_changes_by_supplement_alone(self, desk, snapshot):
        filing = submitted(desk.office)
        before = snapshot(Filing)
        with pytest.raises(IntegrityError, match="filing_content_changes_by_supplement"), transaction.atomic():
            sql("UPDATE registry_filings_filing SET level = 'CORE' WHERE id = %s", filing.pk)
        assert snapshot(Filing) == before

    def test_the_notice_lasts_five_working_days(self, desk):
        jump(datetime(2026, 11, 26, 2, tzinfo=UTC) + timedelta(days=7 * 4))  # Thursday 24 December 2026
        filing = publicised(desk.office)
        assert filing.notice_until_at == datetime(2027, 1, 1, tzinfo=CHINA)  # Friday 25, Monday 28 to Thursday 31


class TestObjections:
    """Anybody in the market may object while the notice runs; the deposit waits for the decision."""

    @pytest.fixture
    def objector(self) -> Party:
        return admit(PartyKind.BUYER, name="Objector")

    def objected(self, objector, filing):
        fields = "objection { id state version filing { version state } }"
        request = {"filingId": filing, "expectedVersion": filing.version, "reason": "These are mine.", "idempotencyKey": key()}
        return door(objector).mutate("objectionFile", fields, **request)["objection"]

    def test_a_dismissed_objection_delays_and_does_not_end_the_filing(self, desk, objector):
        filing = publicised(desk.office)
        objection = self.objected(objector, filing)
        assert objection["filing"]["state"] == "OBJECTED"
        jump(filing.notice_until_at)
        run_once()
        filing.refresh_from_db()
        assert filing.state == State.OBJECTED
        decision = {"objectionId": objection["id"], "upheld": False, "reasons": "No evidence.", "expectedVersion": 1, "idempotencyKey": "d"}
        decided = desk.first.mutate("objectionDecide", "objection { state filing { state } }", **decision)["objection"]
        assert decided == {"state": "DISMISSED", "filing": {"state": "PUBLICISED"}}
        run_once()
        filing.refresh_from_db()
        assert filing.state == State.DEPOSITED

    def test_an_upheld_objection_ends_the_filing(self, desk, objector):
        filing = publicised(desk.office)
        objection = self.objected(objector, filing)
        decision = {"objectionId": objection["id"], "upheld": True, "reasons": "Theirs.", "expectedVersion": 1, "idempotencyKey": "d"}
        desk.second.mutate("objectionDecide", "objection { state }", **decision)
        jump(filing.notice_until_at)
        run_once()
        filing.refresh_from_db()
        assert (filing.state, filing.reasons, filing.object_id) == (State.REFUSED, "Theirs.", None)

    def test_the_filing_goes_on_only_after_the_last_objection(self, desk, objector):
        filing = publicised(desk.office)
        first = self.objected(objector, filing)
        filing.refresh_from_db()
        self.objected(admit(PartyKind.MERCHANT), filing)
        decision = {"objectionId": first["id"], "upheld": False, "reasons": "No evidence.", "expectedVersion": 1, "idempotencyKey": "d"}
        assert (
            desk.first.mutate("objectionDecide", "objection { filing { state } }", **decision)["objection"]["filing"]["state"] == "OBJECTED"
        )

    def test_nobody_objects_after_the_notice(self, desk, objector, snapshot):
        filing = publicised(desk.office)
        jump(filing.notice_until_at)
        before = snapshot(*TABLES)
        request = {"filingId": filing, "expectedVersion": filing.version, "reason": "Late.", "idempotencyKey": key()}
        assert door(objector).mutate("objectionFile", "objection { id }", **request).codes == ["NOTICE_OVER"]
        assert snapshot(*TABLES) == before

    def test_nobody_objects_twice_or_to_their_own_filing(self, desk, objector, snapshot):
        filing = publicised(desk.office)
        self.objected(objector, filing)
        filing.refresh_from_db()
        before = snapshot(*TABLES)
        request = {"filingId": filing, "expectedVersion": filing.version, "reason": "Again."}
        again = door(objector).mutate("objectionFile", "objection { id }", idempotencyKey="2", **request)
        own = desk.merchant.mutate("objectionFile", "objection { id }", idempotencyKey="3", **request)
        assert (again.codes, own.codes) == (["ALREADY_OBJECTED"], ["OWN_FILING"])
        assert snapshot(*TABLES) == before

    def test_a_registrar_does_not_decide_on_its_own_objection(self, desk, snapshot):
        filing = publicised(desk.office)
        objection = self.objected(desk.office.registrar, filing)
        before = snapshot(*TABLES)
        decision = {"objectionId": objection["id"], "upheld": True, "reasons": "Ours.", "expectedVersion": 1, "idempotencyKey": "d"}
        assert desk.second.mutate("objectionDecide", "objection { id }", **decision).codes == ["AFFILIATED"]
        assert snapshot(*TABLES) == before


class TestVisibility:
    """Before the notice a filing is between the applicant and the authorities; from then on the market may read it, not its evidence."""

    LIST = "{ filings(first: 10) { totalCount nodes { state evidence { name } } } }"

    def seen(self, client):
        return client.query(self.LIST)["filings"]

    def test_before_and_on_notice(self, desk):
        stranger, regulator = door(admit(PartyKind.BUYER)), door(admit(PartyKind.REGULATOR))
        submitted(desk.office)
        hidden = {"totalCount": 0, "nodes": []}
        own = {"totalCount": 1, "nodes": [{"state": "SUBMITTED", "evidence": [{"name": "Collection record"}]}]}
        assert [self.seen(client) for client in (stranger, desk.merchant, desk.first, regulator)] == [hidden, own, own, own]
        publicised(desk.office)
        assert self.seen(stranger) == {"totalCount": 1, "nodes": [{"state": "PUBLICISED", "evidence": None}]}

    def test_a_verdict_is_for_the_applicant_and_the_authorities(self, desk):
        filing = examined(desk.office, CLEAN)
        document = (
            "query($id: ID!) { verdicts(first: 5, subjectId: $id) { nodes { outcome findings { ruleId outcome basis { instrument } } } } }"
        )
        shown = [client.query(document, id=filing_id(filing))["verdicts"]["nodes"] for client in (desk.merchant, desk.second)]
        assert shown[0] == shown[1]
        assert {"ruleId": "RG-02", "outcome": "PASS", "basis": [{"instrument": "GUIDELINE"}]} in shown[0][0]["findings"]
        assert door(admit(PartyKind.MERCHANT)).query(document, id=filing_id(filing))["verdicts"]["nodes"] == []

    def test_a_deposited_filing_tells_its_clocks(self, desk):
        filing = deposited(desk.office)
        fields = "state version regime overdue acceptedBySilence depositEvent validUntil"
        document = f"query($id: ID!) {{ node(id: $id) {{ ... on Filing {{ {fields} }} }} }}"
        shown = door(admit(PartyKind.BUYER)).query(document, id=filing_id(filing))
        assert shown["node"] == {
            "state": "DEPOSITED",
            "version": 5,
            "regime": "NATIONAL/1",
            "overdue": False,
            "acceptedBySilence": False,
            "depositEvent": str(filing.deposit_event),
            "validUntil": filing.valid_until.isoformat(),
        }


def filing_id(filing):
    return to_global("Filing", filing.pk)
