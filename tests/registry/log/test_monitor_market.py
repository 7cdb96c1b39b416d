"""The monitor reads what the real services recorded, as the integrator published it, and finds nothing; then what was planted."""

from datetime import timedelta
from uuid import uuid4

import pytest

from registry.base import clock
from registry.base.actor import SYSTEM, PartyKind
from registry.log.files import LogFiles
from registry.log.integrator import integrate
from registry.log.keys import environment_keys
from registry.log.models import LogState, Outbox
from registry.log.monitor.monitor import Monitor
from registry.log.services import record
from registry.rights.models import Grant
from registry.rights.scope import Scope
from registry.rights.services import grant_end, grant_register, grant_revoke, hold_lift, hold_place, revocation_propose
from registry.rights.states import HoldKind, Right
from registry.rules.calendar import china_date
from tests.support.filings import certified, key, office
from tests.support.parties import admit

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def demo_clock(settings):
    settings.DEMO_CLOCK = True


def files():
    return LogFiles.of(LogState.objects.get().log_id)


def monitor():
    return Monitor([environment_keys(LogState.objects.get().log_id)[0].verifier])


def read(by):
    while integrate():
        pass
    return [(each.code, each.params) for each in by.advance(files().read).findings]


def licence(parent, holder, kind=Right.USE, **changed):
    """A licence by a deal, whose own events are told as the room of deals tells them."""
    deal = uuid4()
    sides = {"seller": parent.holder_id, "buyer": holder}
    keys = dict.fromkeys(("terms_hash", "seller_key", "buyer_key", "seller_signature", "buyer_signature"), "x")
    sealed = dict.fromkeys(("seller", "buyer", "amount", "purpose"), "x")
    told = {"subject": ("Deal", deal), "actor": SYSTEM}
    record("deal.requested", public={"deal": deal, "offer": uuid4(), "terms_hash": "x"}, sealed=sealed, **told)
    record("deal.signed", public={"deal": deal, **sides, **keys}, **told)
    given = {"valid_from": parent.valid.lower, "valid_until": parent.valid.upper, "exclusive": False} | changed
    scope = Scope(derive=True, provide_derived=True, territory="CN")
    return grant_register(
        actor=SYSTEM, object_id=parent.object_id, kind=kind, holder_id=holder, parent_id=parent.pk, deal_id=deal, scope=scope, **given
    )


def test_filings_licences_products_holds_and_endings_have_no_finding_at_any_look():
    of = office()
    filing = certified(of)
    by = monitor()
    assert read(by) == []
    operate = Grant.objects.get(filing_id=filing.pk, kind="OPERATE")
    maker = admit(PartyKind.MERCHANT, name="Maker")
    relied = licence(operate, maker.organisation.pk)
    assert read(by) == []
    hold = hold_place(actor=of.first, object_id=filing.object_id, kind=HoldKind.DISPUTE, reason="Contested", idempotency_key=key())
    hold_lift(actor=of.first, hold_id=hold.pk, reason="Settled", expected_version=1, idempotency_key=key())
    soon = china_date(clock.now()) + timedelta(days=30)
    alone = licence(operate, of.merchant.organisation.pk, Right.OPERATE, exclusive=False)
    grant_end(actor=SYSTEM, grant_id=alone.pk, ends_on=soon, reason="Rescinded")
    assert read(by) == []
    given = {"grant_id": operate.pk, "ends_on": soon, "reason": "False proof", "evidence_sha256": "0" * 64, "idempotency_key": key()}
    row = revocation_propose(actor=of.first, **given)
    grant_revoke(actor=of.second, revocation_id=row.pk, expected_version=1, idempotency_key=key())
    assert read(by) == []
    assert Grant.objects.filter(origin=relied.pk, recorded__upper_inf=True).get().valid.upper == soon
    assert (by.open_questions(), len(by.rights.rights), len(by.filings.certificates)) == ([], 5, 1)
    assert by.rights.rights[relied.pk.int].stop == soon.toordinal()
    assert (monitor().advance(files().read).findings, by.counted) == ([], {})


def test_what_the_services_would_never_write_is_named_when_somebody_else_writes_it():
    of = office()
    filing = certified(of)
    operate = Grant.objects.get(filing_id=filing.pk, kind="OPERATE")
    by = monitor()
    assert read(by) == []
    other = uuid4()
    public = {
        "grant": other, "object": operate.object_id, "kind": "OPERATE", "holder": of.merchant.organisation.pk, "parent": None, "deal": None,
        "exclusive": True, "valid_from": operate.valid.lower, "valid_to": operate.valid.upper,
    }  # fmt: skip
    sealed = {"income_share_ppm": 0, "terms": {}}
    record("right.granted", subject=("grant", other), actor=SYSTEM, public=public, sealed=sealed)
    assert read(by) == [("overlap", (str(operate.pk),))]
    assert [each.code for each in by.open_questions()] == ["no_deposit"]
    assert not Outbox.objects.exists()
