"""Any sequence of registrations, grants, endings and holds keeps the register lawful at every instant, valid and recorded."""

import itertools
from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.db import connection, transaction
from django.db.models import F
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, multiple, rule, run_state_machine_as_test

from registry.base.actor import SYSTEM, PartyKind
from registry.base.errors import BadInput
from registry.log.monitor.monitor import Monitor
from registry.rights.errors import Held, NotCovered, RightTaken
from registry.rights.models import Grant, Hold, MadeFrom
from registry.rights.scope import FULL, Scope
from registry.rights.selectors import held, holds_on, scope_available
from registry.rights.services import grant_end, grant_revoke, hold_lift, hold_place, revocation_propose
from registry.rights.states import HoldKind, HoldState, Right
from tests.registry.log.completed import completed
from tests.registry.log.published import KEY, written
from tests.registry.rights.replay import replayed, stored
from tests.registry.rights.world import actor, first, licence, organisation, registered
from tests.support.events import waiting_bytes

FIRST_DAY = date(2027, 1, 1)
DAYS = st.integers(0, 40).map(lambda day: FIRST_DAY + timedelta(days=day))
LENGTHS = st.integers(1, 40)
FLAGS = st.booleans()
SCOPES = st.builds(
    Scope, derive=FLAGS, provide_derived=FLAGS, sublicense=FLAGS, resale=FLAGS, export=FLAGS,
    territory=st.sampled_from(["WORLD", "CN", "CN-350200"]), purposes=st.sampled_from([(), ("A",), ("A", "B")]),
)  # fmt: skip
DERIVING = st.sampled_from([Scope(derive=True, provide_derived=True, sublicense=True), FULL])
REFUSALS = (NotCovered, RightTaken, Held, BadInput)


class Register(RuleBasedStateMachine):
    """Four merchants who register, license, derive, end and block at random."""

    objects = Bundle("objects")
    grants = Bundle("grants")
    holds = Bundle("holds")

    def __init__(self):
        """Open a transaction that the teardown rolls back."""
        super().__init__()
        self.block = transaction.atomic()
        self.block.__enter__()
        self.keys = itertools.count()

    @initialize(target=grants)
    def market(self):
        """Begin with one chain of title: a resource, a licence in it, a product made under that, and its owner's right."""
        self.merchants = [organisation(name=f"Merchant {number}") for number in range(4)]
        registrar = organisation(PartyKind.REGISTRAR)
        self.registrars = [actor(registrar), actor(registrar)]
        term = {"start": FIRST_DAY, "end": FIRST_DAY + timedelta(days=40)}
        operate = first(registered(self.merchants[0]), **term)
        relied = licence(operate, self.merchants[1], share=300_000, scope=replace(FULL, territory="CN"), **term)
        product = registered(self.merchants[1], relied)
        return multiple(operate, relied, first(product, scope=scope_available(product.pk), **term))

    def teardown(self):
        assert self.monitored() == []
        transaction.set_rollback(True)
        self.block.__exit__(None, None, None)

    def monitored(self):
        """Return what the log's monitor, which knows the public members of leaves alone, finds in this history."""
        story = completed(waiting_bytes())
        monitor = Monitor([KEY.verifier])
        return [str(finding) for finding in monitor.advance(written(len(story.leaves), entries=story.leaves).get).findings]

    @rule(target=objects, owner=st.integers(0, 3))
    def resource(self, owner):
        return registered(self.merchants[owner])

    @rule(target=objects, grant=grants, further=st.none() | grants)
    def product(self, grant, further):
        relied = {each.object_id: each for each in (grant, further or grant)}
        try:
            with transaction.atomic():
                return registered(grant.holder, *relied.values())
        except NotCovered:
            return multiple()

    @rule(target=grants, of=objects, kind=st.sampled_from(Right), holder=st.integers(0, 3), start=DAYS, days=LENGTHS, exclusive=FLAGS)
    def own(self, of, kind, holder, start, days, exclusive):
        try:
            with transaction.atomic():
                end = start + timedelta(days=days)
                scope = scope_available(of.pk)
                return first(of, kind, holder=self.merchants[holder], start=start, end=end, exclusive=exclusive, scope=scope)
        except REFUSALS:
            return multiple()

    @rule(
        target=grants, parent=grants, holder=st.integers(0, 3), kind=st.sampled_from(Right), start=DAYS, days=LENGTHS, exclusive=FLAGS,
        scope=SCOPES | DERIVING, share=st.sampled_from([0, 300_000, 1_000_000]),
    )  # fmt: skip
    def license(self, parent, holder, kind, start, days, exclusive, scope, share):
        try:
            with transaction.atomic():
                end = start + timedelta(days=days)
                return licence(
                    parent, self.merchants[holder], kind, start=start, end=end, exclusive=exclusive, scope=scope, share=share
                )  # fmt: skip
        except REFUSALS:
            return multiple()

    @rule(target=grants, parent=grants, holder=st.integers(0, 3), scope=DERIVING)
    def license_whole(self, parent, holder, scope):
        """A licence for the parent's whole term, so that chains grow."""
        try:
            with transaction.atomic():
                return licence(parent, self.merchants[holder], start=parent.valid.lower, end=parent.valid.upper, scope=scope)
        except REFUSALS:
            return multiple()

    @rule(grant=grants, on=DAYS)
    def end(self, grant, on):
        key = str(next(self.keys))
        try:
            with transaction.atomic():
                if grant.deal_id:
                    grant_end(actor=SYSTEM, grant_id=grant.pk, ends_on=on, reason="Rescinded")
                else:
                    proposer, decider = self.registrars
                    given = {"grant_id": grant.pk, "ends_on": on, "reason": "False proof", "evidence_sha256": "0" * 64}
                    row = revocation_propose(actor=proposer, **given, idempotency_key=key)
                    grant_revoke(actor=decider, revocation_id=row.pk, expected_version=1, idempotency_key=key)
        except BadInput:
            standing = Grant.objects.filter(origin=grant.pk, recorded__upper_inf=True, valid__endswith__gt=on)
            assert not standing.exists()

    @rule(target=holds, of=objects, kind=st.sampled_from([kind for kind in HoldKind if kind != HoldKind.ORDER]))
    def hold(self, of, kind):
        given = {"object_id": of.pk, "kind": kind, "reason": "Contested", "idempotency_key": str(next(self.keys))}
        return hold_place(actor=self.registrars[0], **given)

    @rule(hold=consumes(holds))
    def lift(self, hold):
        given = {"hold_id": hold.pk, "reason": "Settled", "expected_version": 1, "idempotency_key": str(next(self.keys))}
        hold_lift(actor=self.registrars[1], **given)

    @invariant()
    def lawful_at_every_instant(self):
        connection.check_constraints()
        versions = list(Grant.objects.select_related("parent"))
        relied = {}
        for made in MadeFrom.objects.all():
            relied.setdefault(made.object_id, []).append(made.grant_id)
        for instant in {edge for grant in versions for edge in (grant.recorded.lower, grant.recorded.upper) if edge}:
            known = [grant for grant in versions if instant in grant.recorded]
            by_origin = {grant.origin_id: grant for grant in known}
            assert len(by_origin) == len(known)
            for grant in known:
                check_covered(grant, by_origin, relied.get(grant.object_id, []))
            check_exclusive(known)

    @invariant()
    def no_right_was_granted_under_a_hold(self):
        for hold in Hold.objects.filter(state=HoldState.ACTIVE):
            assert hold in holds_on(hold.object_id)
            assert not Grant.objects.filter(object=hold.object_id, pk=F("origin"), recorded__startswith__gte=hold.placed_at).exists()

    @invariant()
    def replay_equals_tables(self):
        assert replayed() == stored()


def check_covered(grant, by_origin, relied):
    """The right lies within the one it rests on, and within every licence its object was made under."""
    if grant.parent_id:
        parent = by_origin[grant.parent_id]
        assert parent.object_id == grant.object_id
        assert parent.holder_id == grant.licensor_id
        assert inside(grant.valid, parent.valid)
        assert within(grant.allows, parent.allows, ("derive", "provide_derived", "sublicense", "resale", "export"))
        assert (grant.kind, parent.kind) in {("USE", "OPERATE"), ("USE", "USE"), ("OPERATE", "OPERATE")}
        assert grant.kind != parent.kind or parent.allows.sublicense
    for origin in relied:
        licensed = by_origin[origin]
        assert licensed.holder_id == grant.object.owner_id
        assert licensed.allows.derive
        assert licensed.allows.provide_derived
        assert inside(grant.valid, licensed.valid)
        assert within(grant.allows, licensed.allows, ("export",))


def check_exclusive(known):
    """On no day does anybody hold a kind of right in an object beside an exclusive holder, and the answer of `held` agrees."""
    for one, other in itertools.combinations(known, 2):
        if (one.object_id, one.kind) == (other.object_id, other.kind) and (one.exclusive or other.exclusive):
            assert one.valid.upper <= other.valid.lower or other.valid.upper <= one.valid.lower
    for grant in known:
        if grant.exclusive:
            found = held(grant.holder_id, grant.object_id, Right(grant.kind), grant.valid.lower, known_at=grant.recorded.lower)
            assert found == grant


def inside(inner, outer):
    return outer.lower <= inner.lower and inner.upper <= outer.upper


def within(inner, outer, flags):
    """The order of scopes, written a second time and in another way than the database has it."""
    territories = {"WORLD": 0, "CN": 1, "CN-350200": 2}
    purposes = not outer.purposes or (bool(inner.purposes) and set(inner.purposes) <= set(outer.purposes))
    flagged = all(getattr(outer, flag) or not getattr(inner, flag) for flag in flags)
    return flagged and purposes and territories[inner.territory] >= territories[outer.territory]


@pytest.mark.usefixtures("db")
def test_the_register_is_lawful_after_any_history():
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large]
    chosen = settings(max_examples=20, stateful_step_count=30, deadline=None, suppress_health_check=checks)
    run_state_machine_as_test(Register, settings=chosen)
