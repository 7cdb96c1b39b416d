"""Sector permits: filed by the holder, checked by somebody else, and three-valued when asked."""

from datetime import UTC, date, datetime

import pytest
from django.db import DatabaseError, connection, transaction

from registry.base.actor import PartyKind
from registry.base.errors import Affiliated, BadInput, Forbidden, NotFound
from registry.base.models import IdempotencyKey
from registry.log.models import Outbox
from registry.parties.errors import AlreadyChecked, PermitOnFile
from registry.parties.models import SectorPermit
from registry.parties.selectors import permit_until, permit_valid
from registry.parties.services import affiliation_declare, sector_permit_check, sector_permit_file
from tests.support.events import waiting
from tests.support.parties import LICENCE, admit

pytestmark = pytest.mark.django_db
TABLES = (SectorPermit, Outbox, IdempotencyKey)
INSIDE, AFTER = (
    datetime(2027, 6, 30, 15, 59, tzinfo=UTC),
    datetime(2027, 6, 30, 16, 0, tzinfo=UTC),
)  # the last minute of 30 June in China, and the next


@pytest.fixture
def merchant():
    return admit(PartyKind.MERCHANT)


@pytest.fixture
def institution():
    return admit(PartyKind.INSTITUTION)


def file(party, **changes):
    form = {
        "sector": "WEATHER",
        "number": "气专-2026-001",
        "valid_from": date(2026, 7, 1),
        "valid_until": date(2027, 6, 30),
        "document_sha256": LICENCE,
        "idempotency_key": "f",
    } | changes
    return sector_permit_file(actor=party.actor, **form)


def check(permit, by, *, accepted=True, key="c"):
    return sector_permit_check(actor=by.actor, permit_id=permit.pk, accepted=accepted, idempotency_key=key)


def test_a_checked_permit_is_valid_to_the_end_of_its_last_day_in_china(merchant, institution):
    holder = merchant.organisation.pk
    assert permit_valid(holder, "WEATHER", INSIDE) is None
    permit = file(merchant)
    assert permit_valid(holder, "WEATHER", INSIDE) is None
    assert permit_until(holder, "WEATHER") is None
    checked = check(permit, institution)
    assert (checked.accepted, checked.checked_by_id) == (True, institution.person.pk)
    assert permit_valid(holder, "WEATHER", INSIDE) is True
    assert permit_valid(holder, "WEATHER", AFTER) is False
    assert permit_valid(holder, "CREDIT", INSIDE) is None
    assert permit_until(holder, "WEATHER") == date(2027, 6, 30)
    data = waiting()[-1]
    assert (data["schema"], data["data"]) == ("permit.checked", {"permit": str(permit.pk), "organisation": str(holder), "accepted": True})


def test_a_permit_that_fails_its_check_is_none(merchant, institution):
    check(file(merchant), institution, accepted=False)
    assert permit_valid(merchant.organisation.pk, "WEATHER", INSIDE) is False
    assert permit_until(merchant.organisation.pk, "WEATHER") is None


def test_a_renewed_permit_takes_over(merchant, institution):
    check(file(merchant), institution)
    renewed = file(merchant, number="气专-2027-001", valid_from=date(2027, 7, 1), valid_until=date(2028, 6, 30), idempotency_key="f2")
    assert permit_valid(merchant.organisation.pk, "WEATHER", AFTER) is None
    check(renewed, institution, key="c2")
    assert permit_valid(merchant.organisation.pk, "WEATHER", AFTER) is True


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"sector": "ASTROLOGY"}, ("sector",)),
        ({"number": ""}, ("number",)),
        ({"number": "x" * 65}, ("number",)),
        ({"valid_until": date(2026, 6, 30)}, ("validUntil",)),
        ({"document_sha256": "0x"}, ("documentSha256",)),
    ],
)
def test_a_malformed_permit_is_not_filed(merchant, snapshot, changes, field):
    before = snapshot(*TABLES)
    with pytest.raises(BadInput) as refusal:
        file(merchant, **changes)
    assert refusal.value.field == field
    assert snapshot(*TABLES) == before


def test_a_permit_is_filed_once_and_checked_once_by_an_unaffiliated_institution(merchant, institution, snapshot):
    permit, kin = file(merchant), admit(PartyKind.INSTITUTION)
    ids = {"organisation_id": kin.organisation.pk, "other_id": merchant.organisation.pk}
    affiliation_declare(actor=kin.actor, basis="CONTROL", idempotency_key="a", **ids)
    before = snapshot(*TABLES)
    with pytest.raises(PermitOnFile):
        file(merchant, idempotency_key="f2")
    with pytest.raises(Affiliated):
        check(permit, kin)
    with pytest.raises(Forbidden):
        check(permit, merchant)
    with pytest.raises(Forbidden):
        file(admit(PartyKind.BUYER))
    permit.pk = merchant.person.pk
    with pytest.raises(NotFound):
        check(permit, institution)
    assert snapshot(SectorPermit) == {"registry_parties.SectorPermit": before["registry_parties.SectorPermit"]}


def test_a_check_is_final(merchant, institution, snapshot):
    permit = file(merchant)
    check(permit, institution)
    before = snapshot(*TABLES)
    with pytest.raises(AlreadyChecked):
        check(permit, institution, accepted=False, key="c2")
    for statement in (
        "UPDATE registry_parties_sectorpermit SET accepted = false",
        "UPDATE registry_parties_sectorpermit SET valid_until = '2030-01-01'",
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    assert snapshot(*TABLES) == before
