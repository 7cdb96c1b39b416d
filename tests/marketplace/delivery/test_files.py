"""A file is handed over whole, to who may have it, and counted once for each action of the buyer."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client

from marketplace.delivery.errors import NoFile, NotHolder
from marketplace.delivery.links import new_link
from marketplace.delivery.models import Entitlement, MeterEvent, MeterKey
from marketplace.delivery.services import delivery_link, entitlements_screened
from registry.base import clock, sealed
from registry.base.actor import PartyKind
from registry.base.errors import Forbidden, IdempotencyMismatch, NotFound
from registry.base.models import IdempotencyKey
from registry.log.models import Outbox
from tests.marketplace.delivery.bought import CONTENT, SHA256, bought, english, events, fetch, fetched, interrupt, of, refusal
from tests.registry.rights.world import actor, organisation
from tests.support.events import acted
from tests.support.rows import snapshot

pytestmark = [pytest.mark.django_db, pytest.mark.urls("marketplace.delivery.urls")]

WRITTEN = (Entitlement, MeterEvent, MeterKey, Outbox, IdempotencyKey)


def link(case, key="k1"):
    return delivery_link(actor=case.holder, entitlement_id=case.entitlement.pk, idempotency_key=key)


def test_the_whole_file_arrives_with_its_hash_and_is_counted_and_told_once():
    case = bought()
    person = case.holder
    response = fetch(delivery_link(actor=person, entitlement_id=case.entitlement.pk, idempotency_key="k1").path())
    assert b"".join(response.streaming_content) == CONTENT
    shown = ("Content-Length", "X-Egret-SHA256", "Content-Type", "Content-Disposition", "Accept-Ranges")
    assert {name: response[name] for name in shown} == {
        "Content-Length": "1572864",
        "X-Egret-SHA256": SHA256,
        "Content-Type": "application/octet-stream",
        "Content-Disposition": "attachment",
        "Accept-Ranges": "none",
    }
    assert "no-store" in response["Cache-Control"]
    meter = MeterEvent.objects.get()
    assert (meter.entitlement_id, meter.deal_id, meter.kind, meter.units, meter.bytes) == (
        case.entitlement.pk, case.grant.deal_id, "FILE", 1, 1572864,
    )  # fmt: skip
    (told,) = events("delivery.completed")
    assert told["data"] == of(case.entitlement, sha256=SHA256)
    assert acted(told) == {"person": str(person.person), "organisation": str(case.buyer.pk)}


def test_one_action_is_one_use_however_often_its_links_are_followed():
    case = bought()
    person = case.holder
    links = [delivery_link(actor=person, entitlement_id=case.entitlement.pk, idempotency_key="k1") for _ in range(2)]
    assert [fetched(each.path()) for each in (*links, links[0])] == [CONTENT] * 3
    assert (MeterEvent.objects.count(), MeterKey.objects.count(), len(events("delivery.completed"))) == (1, 1, 1)


def test_another_action_is_another_use():
    case = bought()
    for key in ("k1", "k2"):
        fetched(link(case, key).path())
    assert (MeterEvent.objects.count(), len(events("delivery.completed"))) == (2, 2)


def test_a_key_used_for_one_entitlement_takes_no_other():
    case, other = bought(), bought()
    person = case.holder
    delivery_link(actor=person, entitlement_id=case.entitlement.pk, idempotency_key="k1")
    before = snapshot(*WRITTEN)
    with pytest.raises(IdempotencyMismatch):
        delivery_link(actor=person, entitlement_id=other.entitlement.pk, idempotency_key="k1")
    assert snapshot(*WRITTEN) == before


@pytest.mark.parametrize("chunks", [0, 1, 2])
def test_an_interrupted_download_counts_nothing_and_may_be_repeated(chunks):
    case = bought()
    path = link(case).path()
    before = snapshot(*WRITTEN)
    response = fetch(path)
    parts = iter(response.streaming_content)
    got = [next(parts) for _ in range(chunks)]  # the second is the last; without asking for more, nobody knows that it left
    interrupt(response)
    assert sum(map(len, got)) == (0, 1048576, 1572864)[chunks]
    assert snapshot(*WRITTEN) == before
    assert fetched(path) == CONTENT
    assert MeterEvent.objects.count() == 1


def test_a_link_that_was_altered_or_made_elsewhere_opens_nothing():
    path = link(bought()).path()
    before = snapshot(*WRITTEN)
    changed = path[:12] + ("A" if path[12] != "A" else "B") + path[13:]
    assert [refusal(each) for each in (changed, "/deliveries/x", "/deliveries/" + "x" * 2000)] == [(403, "LINK_INVALID")] * 3
    assert fetch(path[:-1]).status_code == 403
    assert refusal(new_link(entitlement=uuid4(), action_key="k", person=None).path()) == (403, "LINK_INVALID")
    assert snapshot(*WRITTEN) == before


def test_a_link_expires_after_a_quarter_of_an_hour_and_the_same_key_gives_a_fresh_one(settings):
    settings.DEMO_CLOCK = True
    case = bought()
    person = case.holder
    old = delivery_link(actor=person, entitlement_id=case.entitlement.pk, idempotency_key="k1")
    assert timedelta(minutes=14, seconds=50) < old.expires_at - clock.now() <= timedelta(minutes=15)
    clock.advance(to=old.expires_at + timedelta(seconds=1))
    before = snapshot(*WRITTEN)
    assert refusal(old.path()) == (410, "LINK_EXPIRED")
    assert snapshot(*WRITTEN) == before
    assert fetched(delivery_link(actor=person, entitlement_id=case.entitlement.pk, idempotency_key="k1").path()) == CONTENT
    assert MeterEvent.objects.count() == 1


def test_only_the_holder_gets_a_link():
    case = bought()
    before = snapshot(*WRITTEN)
    for other, error in (
        (actor(organisation(PartyKind.BUYER)), NotFound),
        (actor(case.seller), NotHolder),
        (actor(organisation(PartyKind.REGULATOR)), Forbidden),
    ):
        with pytest.raises(error):
            delivery_link(actor=other, entitlement_id=case.entitlement.pk, idempotency_key="k1")
    assert snapshot(*WRITTEN) == before


@pytest.mark.parametrize("mode", ["API", "GRANT"])
def test_what_delivers_no_file_gives_no_link(mode):
    case = bought(mode=mode)
    before = snapshot(*WRITTEN)
    with pytest.raises(NoFile) as caught:
        link(case)
    assert english(caught.value) == f"This entitlement is for {mode}; it delivers no file."
    assert snapshot(*WRITTEN) == before


def test_an_erased_file_is_gone():
    case = bought()
    path = link(case).path()
    sealed.destroy(kind="asset", subject=case.asset.pk)
    before = snapshot(*WRITTEN)
    assert refusal(path) == (410, "ERASED")
    assert snapshot(*WRITTEN) == before


def test_a_refusal_is_told_in_the_readers_language():
    case = bought()
    path = link(case).path()
    entitlements_screened(deal_id=case.grant.deal_id, passes=False)
    told = fetch(path, language="zh-hans").json()["error"]
    assert told == {
        "code": "ENTITLEMENT_SUSPENDED",
        "message": "该使用权益已暂停：SCREENING。",
        "field": ["entitlementId"],
        "clause": None,
        "rule": None,
        "remedy": "原因消除后恢复；请查看合规审查结果或该客体的登记情况。",
    }


def test_a_link_is_followed_by_get_alone():
    path = link(bought()).path()
    assert [getattr(Client(), verb)(path).status_code for verb in ("post", "put", "delete", "head")] == [405] * 4
