"""What stops a delivery stops it when the link is asked for and again when it is followed, and says what it is."""

from datetime import UTC, datetime, timedelta

import pytest

from listings.resources.paper_services import consent_record, consent_withdraw
from marketplace.delivery.errors import Undeliverable
from marketplace.delivery.models import Entitlement, MeterEvent, MeterKey
from marketplace.delivery.services import delivery_link, entitlements_screened
from registry.base import clock
from registry.base.actor import SYSTEM, PartyKind
from registry.log.models import Outbox
from registry.rights.models import MadeFrom
from registry.rights.services import grant_end, hold_place
from registry.rights.states import HoldKind
from tests.marketplace.delivery.bought import CONTENT, bought, english, fetched, in_days, refusal
from tests.registry.rights.world import actor, organisation
from tests.support.rows import snapshot

pytestmark = [pytest.mark.django_db, pytest.mark.urls("marketplace.delivery.urls")]

WRITTEN = (Entitlement, MeterEvent, MeterKey, Outbox)
DIGEST = "ab" * 32


def ordered(object_id, kind=HoldKind.ORDER):
    by = actor(organisation(PartyKind.REGULATOR))
    return hold_place(actor=by, object_id=object_id, kind=kind, reason="complaint", idempotency_key=f"{object_id}")


def consent(case, *, key="c", purpose="research"):
    return consent_record(
        actor=actor(case.seller), object_id=case.object.pk, buyer_id=case.buyer.pk, purpose=purpose, kinds=["name"], separate=True,
        given_at=clock.now(), notice_sha256=DIGEST, evidence_sha256=DIGEST, idempotency_key=key,
    )  # fmt: skip


def withdraw(case, row):
    consent_withdraw(actor=actor(case.seller), consent_id=row.pk, expected_version=row.version, idempotency_key=f"{row.pk}")


def source_held(case):
    ordered(MadeFrom.objects.get(object=case.object).source_id)


def consent_gone(case):
    withdraw(case, consent(case))


STOPS = {
    "screening": (lambda case: entitlements_screened(deal_id=case.grant.deal_id, passes=False), 403, "ENTITLEMENT_SUSPENDED"),
    "order": (lambda case: ordered(case.object.pk), 403, "OBJECT_HELD"),
    "order on a source": (source_held, 403, "OBJECT_HELD"),
    "right ended": (lambda case: grant_end(actor=SYSTEM, grant_id=case.grant.pk, ends_on=in_days(0), reason="refund"), 410, "RIGHT_ENDED"),
    "consent withdrawn": (consent_gone, 403, "CONSENT_WITHDRAWN"),
}


@pytest.mark.parametrize("cause", list(STOPS))
def test_each_cause_stops_the_link_and_the_stream(cause):
    stop, status, code = STOPS[cause]
    case = bought(derived=True)
    path = delivery_link(actor=case.holder, entitlement_id=case.entitlement.pk, idempotency_key="k1").path()
    stop(case)
    before = snapshot(*WRITTEN)
    with pytest.raises(Undeliverable) as caught:
        delivery_link(actor=case.holder, entitlement_id=case.entitlement.pk, idempotency_key="k2")
    assert (caught.value.code, caught.value.field) == (code, ("entitlementId",))
    assert refusal(path) == (status, code)
    assert snapshot(*WRITTEN) == before


def test_an_entitlement_is_used_only_in_its_term(settings):
    settings.DEMO_CLOCK = True
    case = bought(begins=2, ends=4)
    with pytest.raises(Undeliverable) as caught:
        delivery_link(actor=case.holder, entitlement_id=case.entitlement.pk, idempotency_key="k1")
    assert (caught.value.code, english(caught.value)) == ("ENTITLEMENT_NOT_BEGUN", f"This entitlement begins on {in_days(2).isoformat()}.")
    first_day, day_after = in_days(2), in_days(4)
    clock.advance(to=datetime(first_day.year, first_day.month, first_day.day, 4, tzinfo=UTC))
    path = delivery_link(actor=case.holder, entitlement_id=case.entitlement.pk, idempotency_key="k1").path()
    assert fetched(path) == CONTENT
    clock.advance(to=datetime(day_after.year, day_after.month, day_after.day, tzinfo=UTC) - timedelta(hours=8))
    with pytest.raises(Undeliverable) as caught:
        delivery_link(actor=case.holder, entitlement_id=case.entitlement.pk, idempotency_key="k2")
    assert (caught.value.code, caught.value.status) == ("ENTITLEMENT_ENDED", 410)


def test_a_hold_names_its_kinds_and_since_when():
    case = bought()
    hold = ordered(case.object.pk, HoldKind.DISPUTE)
    with pytest.raises(Undeliverable) as caught:
        delivery_link(actor=case.holder, entitlement_id=case.entitlement.pk, idempotency_key="k1")
    assert english(caught.value) == f"A hold (DISPUTE) on this object or a source of it is in force since {hold.placed_at.isoformat()}."


def test_a_consent_given_anew_for_the_same_purpose_lets_it_through_and_another_purpose_does_not():
    case = bought()
    withdraw(case, consent(case))
    consent(case, key="other", purpose="advertising")
    with pytest.raises(Undeliverable):
        delivery_link(actor=case.holder, entitlement_id=case.entitlement.pk, idempotency_key="k1")
    consent(case, key="anew")
    assert fetched(delivery_link(actor=case.holder, entitlement_id=case.entitlement.pk, idempotency_key="k1").path()) == CONTENT


def test_a_consent_for_another_buyer_is_no_matter():
    case, other = bought(), organisation(PartyKind.BUYER)
    row = consent_record(
        actor=actor(case.seller), object_id=case.object.pk, buyer_id=other.pk, purpose="research", kinds=["name"], separate=True,
        given_at=clock.now(), notice_sha256=DIGEST, evidence_sha256=DIGEST, idempotency_key="c",
    )  # fmt: skip
    withdraw(case, row)
    assert fetched(delivery_link(actor=case.holder, entitlement_id=case.entitlement.pk, idempotency_key="k1").path()) == CONTENT
