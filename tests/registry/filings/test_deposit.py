"""The end of a filing: not before the notice is over, all at once, judged once more, and certified once it is in the log."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction

from registry.base import clock
from registry.base.actor import SYSTEM, PartyKind
from registry.base.models import Work
from registry.certificates.models import Certificate
from registry.filings.content import Limits, Source
from registry.filings.depositing import filing_deposit
from registry.filings.models import Filing, FilingFacts, Objection
from registry.filings.states import State
from registry.filings.tasks import run_once
from registry.log.integrator import integrate
from registry.log.models import Outbox
from registry.log.selectors import logged
from registry.rights.models import Grant, MadeFrom, RegisteredObject
from registry.rights.scope import Scope
from registry.rights.services import grant_end, grant_register, hold_place
from registry.rights.states import HoldKind, Right
from registry.rules.calendar import china_date
from registry.rules.regimes import NATIONAL_2026, expiry
from registry.rules_store.models import Verdict
from tests.support.events import waiting
from tests.support.filings import CLEAN, certified, deposited, jump, key, office, publicised, sql
from tests.support.parties import admit

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def demo_clock(settings):
    settings.DEMO_CLOCK = True


def schemas():
    return [event["schema"] for event in waiting()]


def test_when_the_notice_is_over_object_and_rights_are_registered_in_one_event():
    of = office()
    filing = publicised(of)
    told = len(schemas())
    jump(filing.notice_until_at)
    run_once()
    filing.refresh_from_db()
    today = china_date(clock.now())
    assert (filing.state, filing.valid_from, filing.valid_until) == (State.DEPOSITED, today, expiry(NATIONAL_2026, today))
    grants = list(Grant.objects.filter(filing_id=filing.pk).order_by("kind"))
    assert [(grant.kind, grant.holder_id, grant.parent_id) for grant in grants] == [
        (kind, filing.applicant_id, None) for kind in ("HOLD", "OPERATE", "USE")
    ]
    assert {(grant.valid.lower, grant.valid.upper) for grant in grants} == {(today, filing.valid_until + timedelta(days=1))}
    assert {grant.allows for grant in grants} == {Scope(derive=True, provide_derived=True, sublicense=True, resale=True)}
    assert filing.object.identifier.startswith("88.")
    assert schemas()[told:] == ["verdict.given", "object.registered", "right.granted", "right.granted", "right.granted", "filing.deposited"]


def test_nothing_is_registered_one_moment_before(snapshot):
    filing = publicised(office())
    jump(filing.notice_until_at - timedelta(seconds=5))
    before = snapshot(Filing, RegisteredObject, Grant, Outbox, Verdict, FilingFacts)
    run_once()
    filing_deposit(filing_id=filing.pk)
    assert snapshot(Filing, RegisteredObject, Grant, Outbox, Verdict, FilingFacts) == before


def test_the_deposit_is_judged_by_all_rules_the_notice_included():
    filing = deposited(office())
    last = Verdict.objects.filter(subject_id=filing.pk).latest("decided_at")
    assert (last.outcome, last.subject_type, last.subject_version, last.organisations) == ("PASS", "Filing", 1, [filing.applicant_id])
    assert last.findings.get(rule_id="RG-05").facts == {
        "judged_on": filing.valid_from.isoformat(),
        "notice_ends_on": (china_date(filing.notice_until_at) - timedelta(days=1)).isoformat(),
        "notice_waived": False,
        "objections_open": 0,
    }


def test_the_relay_deposits_once():
    filing = deposited(office())
    events = schemas()
    filing_deposit(filing_id=filing.pk)
    Work.objects.filter(topic="filing.deposit").update(state="WAITING")
    run_once()
    assert schemas() == events


def test_the_certificate_waits_for_the_log_and_closes_the_filing():
    of = office()
    filing = deposited(of)
    run_once()
    filing.refresh_from_db()
    assert (filing.state, filing.certificate_id) == (State.DEPOSITED, None)
    integrate()
    assert logged(filing.deposit_event)
    run_once()
    filing.refresh_from_db()
    assert (filing.state, filing.certificate.filing_id, filing.certificate.object_id) == (State.CERTIFIED, filing.pk, filing.object_id)
    run_once()
    assert Certificate.objects.count() == 1


def test_the_term_is_what_was_asked_for_where_that_is_shorter():
    wanted = date(2027, 6, 30)
    filing = deposited(office(), wanted_until=wanted)
    assert filing.valid_until == wanted
    assert {grant.valid.upper for grant in Grant.objects.filter(filing_id=filing.pk)} == {date(2027, 7, 1)}


@pytest.mark.parametrize(
    ("deposited_at", "guard"),
    [
        ("notice_until_at - interval '1 second'", "filing_deposited_after_notice"),
        ("notice_until_at + interval '31 days'", "filing_deposited_with_passing_verdict"),
    ],
)
def test_the_database_itself_refuses_an_early_or_unjudged_deposit(deposited_at, guard, snapshot):
    filing = publicised(office())
    before = snapshot(Filing)
    with pytest.raises(IntegrityError, match=guard), transaction.atomic():
        sql(f"UPDATE registry_filings_filing SET state = 'DEPOSITED', deposited_at = {deposited_at} WHERE id = %s", filing.pk)
    assert snapshot(Filing) == before


def test_the_database_itself_refuses_a_deposit_over_an_open_objection(snapshot):
    filing = publicised(office())
    Objection.objects.create(
        filing=filing, by=admit(PartyKind.MERCHANT).organisation, reason="Mine", filed_at=clock.now(), decide_due_at=clock.now()
    )
    before = snapshot(Filing)
    with pytest.raises(IntegrityError, match="filing_deposited_without_objection"), transaction.atomic():
        sql("UPDATE registry_filings_filing SET state = 'DEPOSITED', deposited_at = notice_until_at WHERE id = %s", filing.pk)
    assert snapshot(Filing) == before


def test_the_database_itself_refuses_a_deposit_without_every_right(snapshot):
    filing = publicised(office())
    before = snapshot(Filing)
    with pytest.raises(IntegrityError, match="filing_deposited_with_every_right"), transaction.atomic():
        sql("UPDATE registry_filings_filing SET state = 'DEPOSITED', deposited_at = notice_until_at WHERE id = %s", filing.pk)
    assert snapshot(Filing) == before


class TestDerived:
    """A product made from another's resource stands on a licence to make and provide it."""

    @pytest.fixture
    def of(self):
        return office()

    @pytest.fixture
    def licence(self, of):
        owner = office()
        source = certified(owner)
        operate = Grant.objects.get(filing_id=source.pk, kind=Right.OPERATE)
        return grant_register(
            actor=SYSTEM, object_id=source.object_id, kind=Right.USE, holder_id=of.merchant.organisation.pk, parent_id=operate.pk,
            valid_from=operate.valid.lower, valid_until=date(2027, 12, 1), exclusive=False,
            scope=Scope(derive=True, provide_derived=True), deal_id=source.pk, income_share_ppm=100_000,
        )  # fmt: skip

    def product(self, licence):
        return {
            "object_kind": "PRODUCT",
            "source_kind": "DERIVED",
            "situation": "DERIVED",
            "limits": Limits(resale=True, export=True, territory="WORLD"),
            "made_from": (Source(licence.object_id, licence.pk),),
        }

    def test_is_registered_with_its_title_within_the_licence(self, of, licence):
        filing = deposited(of, replace(CLEAN, derived_substantive=True), **self.product(licence))
        assert filing.state == State.DEPOSITED
        assert filing.valid_until == date(2027, 11, 30)
        made = MadeFrom.objects.get(object=filing.object)
        assert (made.source_id, made.grant_id) == (licence.object_id, licence.origin_id)
        allowed = {grant.allows for grant in Grant.objects.filter(filing_id=filing.pk)}
        assert allowed == {Scope(derive=True, provide_derived=True, sublicense=True, resale=True, export=False, territory="CN")}

    def test_goes_back_to_examination_when_its_licence_ended_during_the_notice(self, of, licence, snapshot):
        filing = publicised(of, replace(CLEAN, derived_substantive=True), **self.product(licence))
        grant_end(actor=SYSTEM, grant_id=licence.pk, ends_on=china_date(clock.now()) + timedelta(days=1), reason="The deal ended.")
        before = snapshot(RegisteredObject, MadeFrom)
        jump(filing.notice_until_at)
        run_once()
        filing.refresh_from_db()
        assert (filing.state, filing.first_examiner, filing.notice_from) == (State.ACCEPTED, None, None)
        assert snapshot(RegisteredObject, MadeFrom) == before
        assert Verdict.objects.filter(subject_id=filing.pk).latest("decided_at").findings.get(rule_id="RG-02").outcome == "BLOCK"
        assert schemas()[-2:] == ["verdict.given", "filing.sent_back"]

    def test_goes_back_to_examination_when_a_court_froze_its_source(self, of, licence):
        filing = publicised(of, replace(CLEAN, derived_substantive=True), **self.product(licence))
        regulator = admit(PartyKind.REGULATOR).actor
        hold_place(actor=regulator, object_id=licence.object_id, kind=HoldKind.ORDER, reason="Halt", idempotency_key=key())
        jump(filing.notice_until_at)
        run_once()
        filing.refresh_from_db()
        assert filing.state == State.ACCEPTED
        assert Verdict.objects.filter(subject_id=filing.pk).latest("decided_at").findings.get(rule_id="PT-14").outcome == "BLOCK"
