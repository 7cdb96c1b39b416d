"""The relay tidies up: it suspends, resumes and ends what the registers say, and leaves to screening what screening stopped."""

from datetime import datetime, time

import pytest
from django.db import IntegrityError, transaction

from marketplace.delivery.models import Entitlement
from marketplace.delivery.services import entitlement_reassess, entitlements_screened
from marketplace.delivery.tasks import run_once
from registry.base import clock
from registry.base.actor import SYSTEM
from registry.log.integrator import integrate
from registry.log.models import Entry, Outbox
from registry.rights.models import MadeFrom
from registry.rights.services import grant_end, hold_lift
from registry.rules.calendar import CHINA
from tests.marketplace.delivery.bought import bought, events, in_days, of, reloaded
from tests.marketplace.delivery.test_stops import consent, ordered, withdraw
from tests.registry.rights.world import actor
from tests.support.rows import snapshot

pytestmark = pytest.mark.django_db


def relay():
    """Sequence what was recorded and let the relay react; then what it recorded itself is in the outbox."""
    integrate()
    while run_once():
        pass


def state(case):
    row = reloaded(case.entitlement.pk)
    return row.state, row.suspended_for, row.version


def lift(hold):
    hold_lift(actor=actor(hold.set_by), hold_id=hold.pk, reason="settled", expected_version=1, idempotency_key=f"lift {hold.pk}")


def test_opening_tells_what_was_opened_and_nothing_else():
    case = bought()
    told = of(case.entitlement, object=str(case.object.pk), grant=str(case.grant.pk))
    assert [body["data"] for body in events("entitlement.opened")] == [told]
    assert events("entitlement.suspended") == []
    assert state(case) == ("OPEN", "", 1)


def test_a_right_of_a_deal_opens_one_entitlement():
    case = bought()
    before = snapshot(Entitlement, Outbox)
    row = reloaded(case.entitlement.pk)
    row.pk = None
    with pytest.raises(IntegrityError, match="entitlement_once_per_right"), transaction.atomic():
        Entitlement(
            deal_id=row.deal_id, holder_id=row.holder_id, object_id=row.object_id, grant_id=row.grant_id, asset_id=row.asset_id,
            mode=row.mode, valid=row.valid, opened_at=row.opened_at,
        ).save(force_insert=True)  # fmt: skip
    assert snapshot(Entitlement, Outbox) == before


def test_a_hold_suspends_and_its_lifting_resumes():
    case = bought()
    hold = ordered(case.object.pk)
    relay()
    assert state(case) == ("SUSPENDED", "HOLD", 2)
    assert [body["data"] for body in events("entitlement.suspended")] == [of(case.entitlement, cause="HOLD")]
    lift(hold)
    relay()
    assert state(case) == ("OPEN", "", 3)
    assert [body["data"] for body in events("entitlement.resumed")] == [of(case.entitlement)]


def test_a_hold_on_a_source_suspends_what_was_made_from_it():
    case, bystander = bought(derived=True), bought()
    ordered(MadeFrom.objects.get(object=case.object).source_id)
    relay()
    assert (state(case), state(bystander)) == (("SUSPENDED", "HOLD", 2), ("OPEN", "", 1))


def test_a_withdrawn_consent_suspends_and_a_new_one_resumes():
    case = bought()
    withdraw(case, consent(case))
    relay()
    assert state(case) == ("SUSPENDED", "CONSENT", 2)
    consent(case, key="anew")
    relay()
    assert state(case) == ("OPEN", "", 3)


def test_when_one_cause_ends_another_may_remain():
    case = bought()
    hold = ordered(case.object.pk)
    withdraw(case, consent(case))
    relay()
    assert state(case) == ("SUSPENDED", "HOLD", 2)
    lift(hold)
    relay()
    assert state(case) == ("SUSPENDED", "CONSENT", 3)


def test_what_screening_stopped_only_screening_resumes():
    case = bought(suspended=True)
    assert state(case) == ("SUSPENDED", "SCREENING", 2)
    hold = ordered(case.object.pk)
    relay()
    lift(hold)
    relay()
    assert state(case) == ("SUSPENDED", "SCREENING", 2)
    entitlements_screened(deal_id=case.grant.deal_id, passes=True)
    assert state(case) == ("OPEN", "", 3)
    entitlements_screened(deal_id=case.grant.deal_id, passes=True)
    assert state(case) == ("OPEN", "", 3)


def test_screening_resumes_nothing_that_a_hold_stops():
    case = bought(suspended=True)
    ordered(case.object.pk)
    entitlements_screened(deal_id=case.grant.deal_id, passes=True)
    assert state(case) == ("SUSPENDED", "HOLD", 3)


def test_an_ended_right_ends_the_entitlement_for_good():
    case = bought()
    grant_end(actor=SYSTEM, grant_id=case.grant.pk, ends_on=in_days(0), reason="refund")
    relay()
    assert state(case) == ("ENDED", "", 2)
    assert [body["data"] for body in events("entitlement.ended")] == [of(case.entitlement)]
    entitlements_screened(deal_id=case.grant.deal_id, passes=False)
    entitlement_reassess(entitlement_id=case.entitlement.pk)
    assert state(case) == ("ENDED", "", 2)


def at_midnight_in_china(day):
    clock.advance(to=datetime.combine(day, time(), CHINA))


def test_an_entitlement_ends_by_itself_on_the_day_after_its_last(settings):
    settings.DEMO_CLOCK = True
    case = bought(ends=3)
    at_midnight_in_china(in_days(2))
    relay()
    assert state(case) == ("OPEN", "", 1)
    at_midnight_in_china(in_days(1))
    relay()
    assert state(case) == ("ENDED", "", 2)


def test_a_right_cut_short_brings_the_end_forward(settings):
    settings.DEMO_CLOCK = True
    case = bought(ends=30)
    grant_end(actor=SYSTEM, grant_id=case.grant.pk, ends_on=in_days(2), reason="breach")
    relay()
    assert state(case) == ("OPEN", "", 1)
    at_midnight_in_china(in_days(2))
    relay()
    assert state(case) == ("ENDED", "", 2)


def test_looking_again_changes_nothing_more():
    case = bought()
    ordered(case.object.pk)
    relay()
    before = snapshot(Entitlement)
    entitlement_reassess(entitlement_id=case.entitlement.pk)
    relay()
    assert snapshot(Entitlement) == before
    assert Entry.objects.filter(schema="entitlement.suspended").count() == 1
