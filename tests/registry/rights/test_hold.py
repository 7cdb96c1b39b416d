"""A hold blocks new rights at once, leaves old ones, says who set it, and is lifted by its setter or the regulator."""

import pytest
from django.db import connection, transaction
from django.db.utils import DatabaseError

from registry.base import clock
from registry.base.actor import SYSTEM, PartyKind
from registry.base.errors import Affiliated, BadInput, Forbidden, IllegalTransition, StaleVersion
from registry.log.models import Outbox
from registry.rights.errors import Held
from registry.rights.models import Grant, Hold
from registry.rights.selectors import coverage, holds_on
from registry.rights.services import grant_end, hold_lift, hold_place
from registry.rights.states import HoldKind, HoldState
from tests.registry.rights.test_grant import refused
from tests.registry.rights.world import DERIVING, END, START, actor, first, licence, organisation, registered


@pytest.fixture
def regulator(db):
    return actor(organisation(PartyKind.REGULATOR))


@pytest.fixture
def registrar(db):
    return actor(organisation(PartyKind.REGISTRAR))


@pytest.fixture
def operate(db):
    return first(registered(organisation(name="Airport")))


def place(by, object_id, kind=HoldKind.DISPUTE, key="h1", reason="Ownership is contested"):
    return hold_place(actor=by, object_id=object_id, kind=kind, reason=reason, idempotency_key=key)


def lift(by, hold, version=1, key="l1"):
    return hold_lift(actor=by, hold_id=hold.pk, reason="Settled", expected_version=version, idempotency_key=key)


@pytest.mark.parametrize("kind", list(HoldKind))
def test_a_hold_blocks_new_rights_until_it_is_lifted(operate, regulator, snapshot, kind):
    old = licence(operate, organisation())
    hold = place(regulator, operate.object_id, kind)
    error = refused(snapshot, Held, lambda: licence(operate, organisation()))
    assert error.params == {"kinds": kind.value, "since": hold.placed_at.isoformat()}
    assert coverage(operate.holder_id, operate.object_id, START, END).disputed
    assert Grant.objects.get(pk=old.pk).recorded.upper is None
    during = clock.now()
    assert lift(regulator, hold).state == HoldState.LIFTED
    assert licence(operate, organisation()).lane.lower == 1
    assert holds_on(operate.object_id) == ()
    assert holds_on(operate.object_id, during) == (Hold.objects.get(),)
    assert holds_on(operate.object_id, operate.recorded.lower) == ()


@pytest.mark.parametrize(("kind", "blocks"), [("DISPUTE", True), ("COURT", True), ("ORDER", True), ("PLEDGE", False), ("NOTICE", False)])
def test_what_is_made_from_a_held_source_is_blocked_when_the_title_is_in_doubt(operate, regulator, kind, blocks):
    maker = organisation()
    product = registered(maker, licence(operate, maker))
    place(regulator, operate.object_id, HoldKind(kind))
    assert [hold.kind for hold in holds_on(product.pk)] == ([kind] if blocks else [])
    if blocks:
        with pytest.raises(Held):
            first(product, scope=DERIVING)
    else:
        first(product, scope=DERIVING)


def test_a_right_under_a_hold_can_still_be_ended(operate, regulator):
    granted = licence(operate, organisation())
    place(regulator, operate.object_id)
    grant_end(actor=SYSTEM, grant_id=granted.pk, ends_on=START.replace(month=6), reason="Rescinded")
    assert Grant.objects.get(origin=granted.pk, recorded__upper_inf=True).valid.upper == START.replace(month=6)


def test_each_act_is_one_event_and_a_replay_is_none(operate, regulator):
    events = Outbox.objects.count()
    hold = place(regulator, operate.object_id)
    assert place(regulator, operate.object_id) == hold
    assert lift(regulator, hold) == lift(regulator, hold)
    assert (Outbox.objects.count(), Hold.objects.count()) == (events + 2, 1)


def test_who_may_place_and_lift(operate, regulator, registrar, snapshot):
    owner = actor(organisation())
    other = actor(organisation(PartyKind.REGISTRAR))
    hold = place(registrar, operate.object_id)
    before = snapshot(Hold, Outbox)
    for by, kind in ((owner, HoldKind.DISPUTE), (registrar, HoldKind.ORDER), (actor(organisation(PartyKind.INSTITUTION)), HoldKind.PLEDGE)):
        with pytest.raises(Forbidden):
            place(by, operate.object_id, kind, key="no")
    for by in (owner, other):
        with pytest.raises(Forbidden):
            lift(by, hold)
    with pytest.raises(BadInput):
        place(regulator, operate.object_id, key="blank", reason=" ")
    with pytest.raises(StaleVersion):
        lift(registrar, hold, version=2)
    assert snapshot(Hold, Outbox) == before
    assert lift(regulator, hold).lifted_by_id == regulator.organisation
    with pytest.raises(IllegalTransition):
        lift(regulator, hold, version=2, key="l2")


def test_nobody_holds_in_their_own_case(db):
    registrar = organisation(PartyKind.REGISTRAR)
    with pytest.raises(Affiliated):
        place(actor(registrar), first(registered(registrar)).object_id)
    assert not Hold.objects.exists()


@pytest.mark.parametrize(
    "change",
    ["reason = 'x'", "state = 'LIFTED'", "lifted_at = now()", "state = 'LIFTED', lifted_at = now() - interval '9 days'", "object_id = id"],
)
def test_the_database_changes_a_hold_only_by_lifting_it(operate, regulator, snapshot, change):
    place(regulator, operate.object_id)
    before = snapshot(Hold)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE registry_rights_hold SET {change}")
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM registry_rights_hold")
    assert snapshot(Hold) == before
