"""A right ends with all that rests on it, in one event, and what was known before stays readable."""

from datetime import date
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from registry.base import clock
from registry.base.actor import SYSTEM, PartyKind
from registry.base.errors import Affiliated, BadInput, Forbidden, FourEyes, IllegalTransition, StaleVersion
from registry.base.limits import TEXT_MAX
from registry.log.models import Outbox
from registry.log.services import record
from registry.log.tiles import ENTRY_BYTES_MAX
from registry.rights import ending
from registry.rights.errors import TooManyDependants
from registry.rights.models import Grant, Revocation
from registry.rights.scope import Scope
from registry.rights.selectors import held, standing, title_chain
from registry.rights.services import grant_end, grant_revoke, revocation_propose
from registry.rights.states import RevocationState, Right
from tests.registry.rights.replay import replayed, stored
from tests.registry.rights.test_grant import refused
from tests.registry.rights.world import DERIVING, END, START, actor, first, licence, organisation, registered
from tests.support.events import waiting_bytes

STOP = date(2028, 7, 1)
SHA = "ab" * 32
SUBLICENSING = Scope(derive=True, provide_derived=True, sublicense=True)


@pytest.fixture
def tree(db):
    """OPERATE in a source; a licence, a sublicence and a product made under it with its own licence; and one that ends before."""
    airport, maker, buyer = (organisation(name=name) for name in ("Airport", "Maker", "Buyer"))
    operate = first(registered(airport))
    relied = licence(operate, maker, scope=SUBLICENSING, share=100_000)
    below = licence(relied, buyer)
    product = registered(maker, relied)
    sold = first(product, scope=DERIVING)
    bought = licence(sold, buyer)
    early = licence(operate, organisation(), end=date(2028, 1, 1))
    return {"operate": operate, "relied": relied, "below": below, "sold": sold, "bought": bought, "early": early}


@pytest.fixture
def registrar(db):
    return organisation(PartyKind.REGISTRAR, "Registrar")


def current():
    return {grant.origin_id: grant for grant in Grant.objects.filter(recorded__upper_inf=True)}


def propose(registrar, grant, ends_on=STOP, **change):
    given = {"grant_id": grant.pk, "ends_on": ends_on, "reason": "False proof", "evidence_sha256": SHA, "idempotency_key": "p1", **change}
    return revocation_propose(actor=registrar, **given)


def test_ending_a_licence_ends_what_rests_on_it_in_one_event(tree):
    before, events = clock.now(), Outbox.objects.count()
    grant_end(actor=SYSTEM, grant_id=tree["relied"].pk, ends_on=STOP, reason="The deal was rescinded")
    connection.check_constraints()
    ends = {name: current()[grant.pk].valid.upper for name, grant in tree.items()}
    assert ends == {"operate": END, "relied": STOP, "below": STOP, "sold": STOP, "bought": STOP, "early": date(2028, 1, 1)}
    assert Outbox.objects.count() == events + 1
    body = waiting_bytes()[-1]
    assert all(str(tree[name].pk).encode() in body for name in ("relied", "below", "sold", "bought"))
    assert str(tree["early"].pk).encode() not in body
    maker, later = tree["relied"].holder_id, date(2029, 1, 1)
    assert held(maker, tree["relied"].object_id, Right.USE, later) is None
    assert held(maker, tree["relied"].object_id, Right.USE, later, known_at=before) == tree["relied"]
    assert held(maker, tree["relied"].object_id, Right.USE, START).origin_id == tree["relied"].pk


def test_what_was_noted_before_is_read_again_at_the_moment_of_use(tree):
    assert standing(tree["bought"].pk, on=date(2029, 1, 1)) == tree["bought"]
    grant_end(actor=SYSTEM, grant_id=tree["relied"].pk, ends_on=STOP, reason="Rescinded")
    assert standing(tree["bought"].pk, on=date(2029, 1, 1)) is None
    assert standing(tree["bought"].pk, on=START).origin_id == tree["bought"].pk
    assert len(title_chain(tree["sold"].object_id, date(2028, 6, 30))) == 1


def test_a_right_ended_before_it_began_never_was(tree):
    grant_end(actor=SYSTEM, grant_id=tree["relied"].pk, ends_on=START, reason="Void")
    connection.check_constraints()
    assert current().keys() == {tree["operate"].pk, tree["early"].pk}


def test_it_can_be_shortened_again_but_not_lengthened(tree, snapshot):
    grant_end(actor=SYSTEM, grant_id=tree["relied"].pk, ends_on=STOP, reason="First")
    refused(snapshot, BadInput, lambda: grant_end(actor=SYSTEM, grant_id=tree["relied"].pk, ends_on=STOP, reason="Again"))
    grant_end(actor=SYSTEM, grant_id=tree["bought"].pk, ends_on=date(2027, 7, 1), reason="Earlier")
    assert (current()[tree["bought"].pk].valid.upper, current()[tree["sold"].pk].valid.upper) == (date(2027, 7, 1), STOP)
    assert Grant.objects.filter(origin=tree["bought"].pk).count() == 3


def test_the_register_is_rebuilt_from_what_the_log_says(tree):
    grant_end(actor=SYSTEM, grant_id=tree["relied"].pk, ends_on=STOP, reason="First")
    grant_end(actor=SYSTEM, grant_id=tree["bought"].pk, ends_on=START, reason="Void")
    assert replayed() == stored()


def test_the_database_ends_no_parent_without_its_children(tree):
    relied = tree["relied"]

    def close_alone():
        with transaction.atomic():
            Grant.objects.filter(pk=relied.pk).update(recorded=DateTimeTZRange(relied.recorded.lower, clock.now()))
            connection.check_constraints()

    with pytest.raises(IntegrityError) as caught:
        close_alone()
    assert caught.value.__cause__.diag.constraint_name == "grant_dependants_end"
    assert current().keys() == {grant.pk for grant in tree.values()}


def test_more_dependants_than_an_event_lists_are_refused(tree, snapshot, monkeypatch):
    monkeypatch.setattr(ending, "DEPENDANTS_MAX", 3)
    refused(snapshot, TooManyDependants, lambda: grant_end(actor=SYSTEM, grant_id=tree["relied"].pk, ends_on=STOP, reason="Deal"))
    grant_end(actor=SYSTEM, grant_id=tree["below"].pk, ends_on=STOP, reason="In parts")
    grant_end(actor=SYSTEM, grant_id=tree["relied"].pk, ends_on=STOP, reason="Deal")


def test_an_ending_with_as_many_dependants_as_it_may_list_fits_into_a_leaf():
    child = {"grant": uuid4(), "object": uuid4(), "kind": "OPERATE", "holder": uuid4()}
    public = child | {"ends_on": STOP, "recorded_at": clock.now(), "children": [child] * ending.DEPENDANTS_MAX}
    record("right.ended", subject=("grant", uuid4()), actor=SYSTEM, public=public, sealed={"reason": "x" * TEXT_MAX})
    assert ENTRY_BYTES_MAX * 0.9 < len(waiting_bytes()[-1]) <= ENTRY_BYTES_MAX


def test_a_right_by_filing_does_not_end_like_a_deal_and_a_merchant_ends_none(tree, snapshot):
    refused(snapshot, BadInput, lambda: grant_end(actor=SYSTEM, grant_id=tree["operate"].pk, ends_on=STOP, reason="Deal"))
    refused(snapshot, Forbidden, lambda: grant_end(actor=actor(organisation()), grant_id=tree["relied"].pk, ends_on=STOP, reason="Mine"))


def test_two_people_of_a_registrar_revoke_a_right(tree, registrar):
    row = propose(actor(registrar), tree["operate"])
    done = grant_revoke(actor=actor(registrar), revocation_id=row.pk, expected_version=1, idempotency_key="r1")
    connection.check_constraints()
    assert (done.state, done.version) == (RevocationState.DONE, 2)
    assert {grant.valid.upper for grant in current().values()} == {STOP, date(2028, 1, 1)}
    assert len({grant.event_id for grant in current().values() if grant.valid.upper == STOP}) == 1


def test_a_replayed_call_ends_nothing_twice(tree, registrar):
    first_person, second_person = actor(registrar), actor(registrar)
    rows = [propose(first_person, tree["operate"]) for _ in range(2)]
    assert rows[0] == rows[1]
    calls = [grant_revoke(actor=second_person, revocation_id=rows[0].pk, expected_version=1, idempotency_key="r1") for _ in range(2)]
    assert calls[0] == calls[1]
    assert Grant.objects.filter(origin=tree["operate"].pk).count() == 2


def test_nobody_revokes_alone_or_in_their_own_case(tree, registrar, snapshot):
    person = actor(registrar)
    row = propose(person, tree["relied"])
    states = (Grant, Revocation, Outbox)
    before = snapshot(*states)
    for one, error in ((person, FourEyes), (actor(organisation()), Forbidden), (actor(organisation(PartyKind.REGULATOR)), Forbidden)):
        with pytest.raises(error):
            grant_revoke(actor=one, revocation_id=row.pk, expected_version=1, idempotency_key=str(uuid4()))
    own = first(registered(registrar))
    before = snapshot(*states)
    with pytest.raises(Affiliated):
        propose(actor(registrar), own)
    with pytest.raises(BadInput):
        propose(actor(registrar), tree["relied"], evidence_sha256="AB" * 32)
    with pytest.raises(BadInput):
        propose(actor(registrar), tree["relied"], reason="  ")
    with pytest.raises(StaleVersion):
        grant_revoke(actor=actor(registrar), revocation_id=row.pk, expected_version=2, idempotency_key="r1")
    assert snapshot(*states) == before


def test_a_revocation_is_done_once(tree, registrar):
    row = propose(actor(registrar), tree["operate"])
    again = propose(actor(registrar), tree["operate"], ends_on=date(2028, 1, 1))
    grant_revoke(actor=actor(registrar), revocation_id=row.pk, expected_version=1, idempotency_key="r1")
    with pytest.raises(IllegalTransition):
        grant_revoke(actor=actor(registrar), revocation_id=row.pk, expected_version=2, idempotency_key="r2")
    assert grant_revoke(actor=actor(registrar), revocation_id=again.pk, expected_version=1, idempotency_key="r3").state == "DONE"


def test_a_revocation_that_comes_too_late_stays_proposed(tree, registrar, snapshot):
    row = propose(actor(registrar), tree["early"])
    states = (Grant, Revocation, Outbox)
    before = snapshot(*states)
    with pytest.raises(BadInput):
        grant_revoke(actor=actor(registrar), revocation_id=row.pk, expected_version=1, idempotency_key="r1")
    assert snapshot(*states) == before
