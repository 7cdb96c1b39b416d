"""Papers about an object: filed by who answers for them, sealed where they name people's business, read by who must."""

from datetime import timedelta

import pytest

from listings.resources.models import ConsentBasis, ImpactAssessment, InstitutionReport, SourceStatement
from listings.resources.paper_services import consent_record
from registry.base import clock
from registry.base.actor import SYSTEM, PartyKind
from registry.base.errors import NotFound
from registry.base.models import IdempotencyKey
from registry.log.models import Disclosure, Outbox
from registry.log.services import ACTOR
from registry.parties.models import Affiliation
from registry.parties.services import affiliation_declare
from tests.listings.shop import door, events, key
from tests.marketplace.screening import market as m
from tests.support.graphql import UserError, global_id
from tests.support.parties import admit

pytestmark = pytest.mark.django_db
TABLES = (ConsentBasis, ImpactAssessment, InstitutionReport, SourceStatement, Outbox, Disclosure)
CONSENT = "consentBasis { id purpose kinds separate withdrawnAt version buyer { id } }"


@pytest.fixture
def of():
    return m.market(pi_kind="PI")


def consent(of, **changed):
    return {
        "objectId": of.registered,
        "buyerId": of.buyer.organisation,
        "purpose": "fare research",
        "kinds": ["MOBILE", "travel frequency"],
        "separate": True,
        "givenAt": clock.now() - timedelta(days=1),
        "noticeSha256": m.DIGEST,
        "evidenceSha256": m.DIGEST,
        "idempotencyKey": "k",
        **changed,
    }


def impact(of, **changed):
    given = {"objectId": of.registered, "purpose": "fare research", "kinds": ["MOBILE"], "reportedOn": m.today(), "reportSha256": m.DIGEST}
    return {**given, "idempotencyKey": "k", **changed}


def report(of, **changed):
    given = {"objectId": of.registered, "kind": "QUALITY", "accepted": True, "summary": "In order", "reportedOn": m.today()}
    return {**given, "reportSha256": m.DIGEST, "idempotencyKey": "k", **changed}


def test_a_consent_is_recorded_with_buyer_and_purpose_sealed(of):
    recorded = door(of.seller).mutate("consentRecord", CONSENT, **(given := consent(of)))["consentBasis"]
    assert recorded.pop("id") == global_id(ConsentBasis.objects.get())
    assert recorded == {
        "purpose": "fare research",
        "kinds": ["MOBILE", "travel frequency"],
        "separate": True,
        "withdrawnAt": None,
        "version": 1,
        "buyer": {"id": global_id(of.buyer.organisation)},
    }
    (event,) = events("consent.recorded")
    assert event["data"]["object"] == str(of.registered.pk)
    assert {name for name, value in event["data"].items() if isinstance(value, dict)} == {"buyer", "purpose"}
    told = dict(Disclosure.objects.filter(event=event["id"]).exclude(path=ACTOR).values_list("path", "value"))
    assert told == {"buyer": str(of.buyer.organisation.pk), "purpose": "fare research"}
    assert door(of.seller).mutate("consentRecord", CONSENT, **given)["consentBasis"]["version"] == 1
    assert ConsentBasis.objects.count() == 1


def test_a_consent_is_withdrawn_once_by_its_owner_or_the_regulator(of, snapshot):
    seller, regulator = door(of.seller), door(of.regulator)
    first = seller.mutate("consentRecord", CONSENT, **consent(of))["consentBasis"]["id"]
    second = seller.mutate("consentRecord", CONSENT, **consent(of, idempotencyKey="k2"))["consentBasis"]["id"]
    stranger = door(admit(PartyKind.MERCHANT, name="Stranger"))
    before = snapshot(*TABLES)
    given = {"consentId": first, "expectedVersion": 1, "idempotencyKey": "w"}
    assert seller.mutate("consentWithdraw", CONSENT, **{**given, "expectedVersion": 2}).codes == ["STALE_VERSION"]
    assert stranger.mutate("consentWithdraw", CONSENT, **given).codes == ["NOT_FOUND"]
    assert door(of.buyer).mutate("consentWithdraw", CONSENT, **given).codes == ["FORBIDDEN"]
    assert snapshot(*TABLES) == before
    assert seller.mutate("consentWithdraw", CONSENT, **given)["consentBasis"]["version"] == 2
    assert seller.mutate("consentWithdraw", CONSENT, **given)["consentBasis"]["version"] == 2
    assert seller.mutate("consentWithdraw", CONSENT, **{**given, "idempotencyKey": "w2"}).codes == ["CONFLICT"]
    by_regulator = regulator.mutate("consentWithdraw", CONSENT, consentId=second, expectedVersion=1, idempotencyKey="w")
    assert by_regulator["consentBasis"]["withdrawnAt"] is not None
    assert len(events("consent.withdrawn")) == 2


@pytest.mark.parametrize(
    ("changed", "codes", "field"),
    [
        ({"purpose": "  "}, ["BAD_INPUT"], ["purpose"]),
        ({"purpose": "x" * 401}, ["BAD_INPUT"], ["purpose"]),
        ({"kinds": []}, ["BAD_INPUT"], ["kinds"]),
        ({"kinds": [""]}, ["BAD_INPUT"], ["kinds"]),
        ({"kinds": ["x" * 65]}, ["BAD_INPUT"], ["kinds"]),
        ({"noticeSha256": "12"}, ["BAD_INPUT"], ["noticeSha256"]),
        ({"evidenceSha256": "g" * 64}, ["BAD_INPUT"], ["evidenceSha256"]),
        ({"givenAt": "2099-01-01T00:00:00Z"}, ["BAD_INPUT"], ["givenAt"]),
        ({"givenAt": "2020-01-01T00:00:00"}, ["BAD_INPUT"], ["givenAt"]),
        ({"objectId": "nonsense"}, ["INVALID_ID"], ["objectId"]),
    ],
)
def test_bad_input_records_no_consent(of, changed, codes, field, snapshot):
    before = snapshot(*TABLES, IdempotencyKey)
    refused = door(of.seller).mutate("consentRecord", CONSENT, **consent(of, **changed))
    assert (refused.codes, refused.user_errors[0].field) == (codes, field)
    assert snapshot(*TABLES, IdempotencyKey) == before


def test_only_the_owner_files_papers_and_an_id_of_another_type_is_told(of, snapshot):
    stranger = door(admit(PartyKind.MERCHANT, name="Stranger"))
    before = snapshot(*TABLES)
    assert stranger.mutate("consentRecord", CONSENT, **consent(of)).codes == ["NOT_FOUND"]
    assert stranger.mutate("impactAssessmentFile", "impactAssessment { id }", **impact(of)).codes == ["NOT_FOUND"]
    wrong = door(of.seller).mutate("consentRecord", CONSENT, **consent(of, objectId=of.buyer.organisation))
    assert wrong.user_errors == [UserError("INVALID_ID", field=["objectId"])]
    assert snapshot(*TABLES) == before


def test_the_platform_itself_consents_to_nothing(of):
    given = {"purpose": "x", "kinds": ["MOBILE"], "separate": True, "notice_sha256": m.DIGEST, "evidence_sha256": m.DIGEST}
    with pytest.raises(NotFound):
        consent_record(
            actor=SYSTEM,
            object_id=of.registered.pk,
            buyer_id=of.buyer.organisation.pk,
            given_at=clock.now(),
            idempotency_key=key(),
            **given,
        )


def test_an_impact_assessment_is_for_one_buyer_or_any(of):
    seller, shown = door(of.seller), "impactAssessment { purpose kinds reportedOn buyer { id } }"
    anyone = seller.mutate("impactAssessmentFile", shown, **impact(of))["impactAssessment"]
    assert anyone == {"purpose": "fare research", "kinds": ["MOBILE"], "reportedOn": m.today().isoformat(), "buyer": None}
    one = seller.mutate("impactAssessmentFile", shown, **impact(of, buyerId=of.buyer.organisation, idempotencyKey="k2"))
    assert one["impactAssessment"]["buyer"] == {"id": global_id(of.buyer.organisation)}
    assert len(events("impact.filed")) == 2
    future = impact(of, reportedOn=m.today() + timedelta(days=1), idempotencyKey="k3")
    assert seller.mutate("impactAssessmentFile", shown, **future).user_errors == [UserError("BAD_INPUT", field=["reportedOn"])]
    assert ImpactAssessment.objects.count() == 2


def test_a_source_is_stated_with_evidence(of):
    given = {"objectId": of.registered, "statement": " Our own gates ", "evidenceSha256": m.DIGEST.upper(), "idempotencyKey": "k"}
    stated = door(of.seller).mutate("sourceStatementFile", "sourceStatement { statement evidenceSha256 }", **given)
    assert stated["sourceStatement"] == {"statement": "Our own gates", "evidenceSha256": m.DIGEST}
    assert [event["data"]["evidence_sha256"] for event in events("source.stated")] == [m.DIGEST] * 2
    empty = door(of.seller).mutate("sourceStatementFile", "sourceStatement { id }", **{**given, "statement": " ", "idempotencyKey": "k2"})
    assert empty.user_errors == [UserError("BAD_INPUT", field=["statement"])]


def test_an_institution_reports_on_strangers_only(of, snapshot):
    house, shown = door(of.institution), "institutionReport { kind accepted summary institution { id } }"
    assert door(of.seller).mutate("institutionReportFile", shown, **report(of)).codes == ["FORBIDDEN"]
    filed = house.mutate("institutionReportFile", shown, **report(of))["institutionReport"]
    institution = {"id": global_id(of.institution.organisation)}
    assert filed == {"kind": "QUALITY", "accepted": True, "summary": "In order", "institution": institution}
    affiliation_declare(
        actor=of.institution.actor,
        organisation_id=of.institution.organisation.pk,
        other_id=of.seller.organisation.pk,
        basis=Affiliation.Basis.CONTROL,
        idempotency_key=key(),
    )
    before = snapshot(*TABLES)
    assert house.mutate("institutionReportFile", shown, **report(of, idempotencyKey="k2")).codes == ["AFFILIATED"]
    assert snapshot(*TABLES) == before


def test_papers_are_read_by_who_must(of):
    seller = door(of.seller)
    seller.mutate("consentRecord", CONSENT, **consent(of))["consentBasis"]
    seller.mutate("impactAssessmentFile", "impactAssessment { id }", **impact(of))["impactAssessment"]
    door(of.institution).mutate("institutionReportFile", "institutionReport { id }", **report(of))["institutionReport"]
    read = """query R($o: ID!) {
      consents(first: 5, object: $o) { totalCount } impactAssessments(first: 5, object: $o) { totalCount }
      sourceStatements(first: 5, object: $o) { totalCount } institutionReports(first: 5, object: $o) { totalCount } }"""
    other = admit(PartyKind.BUYER, name="Other")
    seen = {
        name: [found["totalCount"] for found in door(party).query(read, o=of.registered).data.values()]
        for name, party in (("seller", of.seller), ("buyer", of.buyer), ("other", other), ("regulator", of.regulator))
    }
    assert seen == {"seller": [1, 1, 1, 1], "buyer": [1, 0, 0, 1], "other": [0, 0, 0, 1], "regulator": [1, 1, 1, 1]}
