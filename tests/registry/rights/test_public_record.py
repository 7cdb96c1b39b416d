"""Which changes of rights reach the public record of an object's identifier, and which are nobody's business."""

import json
from datetime import date, timedelta
from uuid import uuid4

import pytest

from registry.base.actor import SYSTEM
from registry.base.ids import uuid7
from registry.identifiers.models import IdentifierValue
from registry.identifiers.selectors import resolve
from registry.identifiers.services import mint
from registry.log.models import Outbox
from registry.rights.ending import end
from registry.rights.public_record import LISTED_MAX
from registry.rights.services import ObjectFacts, grant_end, object_register
from registry.rights.states import ObjectKind, Right
from tests.registry.rights.world import DERIVING, END, first, licence, organisation

pytestmark = pytest.mark.django_db
LAST = (END - timedelta(days=1)).isoformat()


def named(owner, *relied):
    """A registered object with an identifier, as a deposit makes it."""
    subject = uuid7()
    facts = ObjectFacts(
        kind=ObjectKind.PRODUCT if relied else ObjectKind.RESOURCE, owner_id=owner.pk, name="Flights", summary="",
        source_category="ENTERPRISE", source_kind="DERIVED" if relied else "COLLECTED",
        situation="DERIVED" if relied else "OWN_ACTIVITY", filing_id=uuid4(),
        identifier=mint(subject_type="RegisteredObject", subject_id=subject),
    )  # fmt: skip
    made_from = [(grant.object_id, grant.origin_id) for grant in relied]
    return object_register(actor=SYSTEM, facts=facts, made_from=made_from, object_id=subject)


def said(of):
    return {value.kind.name: json.loads(value.data) for value in resolve(of.identifier).values}


def rights(of):
    return [(right["right"], right["grant"], right["last_day"]) for right in said(of)["RIGHTS"]["rights"]]


def test_rights_of_first_holders_are_told_and_licences_are_not():
    airport, maker = organisation(name="Airport"), organisation(name="Maker")
    of = named(airport)
    assert set(said(of)) == {"STATUS"}
    operate = first(of)
    assert rights(of) == [("OPERATE", str(operate.pk), LAST)]
    hold = first(of, Right.HOLD)
    assert rights(of) == [("HOLD", str(hold.pk), LAST), ("OPERATE", str(operate.pk), LAST)]
    before = resolve(of.identifier)
    licence(operate, maker, share=100_000)
    sold = licence(operate, maker, Right.OPERATE)
    grant_end(actor=SYSTEM, grant_id=sold.pk, ends_on=date(2028, 1, 1), reason="the deal ended")
    assert resolve(of.identifier).version == before.version
    assert {event for (event,) in Outbox.objects.values_list("event")} >= set(IdentifierValue.objects.values_list("event_id", flat=True))


def test_an_ending_reaches_the_records_of_all_that_rested_on_it():
    airport, maker = organisation(name="Airport"), organisation(name="Maker")
    source = named(airport)
    operate = first(source)
    product = named(maker, licence(operate, maker, scope=DERIVING))
    made = first(product, scope=DERIVING)
    assert said(product)["SOURCES"] == [source.identifier]
    event = end(actor=SYSTEM, origin_id=operate.pk, ends_on=date(2028, 7, 1), reason="revoked")
    assert rights(source) == [("OPERATE", str(operate.pk), "2028-06-30")]
    assert rights(product) == [("OPERATE", str(made.pk), "2028-06-30")]
    assert set(IdentifierValue.objects.filter(event_id=event).values_list("identifier__subject_id", flat=True)) == {source.pk, product.pk}


def test_a_right_that_ends_before_it_began_is_told_no_more():
    of = named(organisation())
    operate = first(of)
    end(actor=SYSTEM, origin_id=operate.pk, ends_on=operate.valid.lower, reason="a mistake")
    assert said(of)["RIGHTS"] == {"rights": [], "rights_total": 0}


def test_of_many_rights_the_newest_are_listed_and_all_are_counted():
    of = named(organisation())
    granted = [first(of, Right.HOLD) for _ in range(LISTED_MAX + 3)]
    told = said(of)["RIGHTS"]
    assert told["rights_total"] == LISTED_MAX + 3
    assert [right["grant"] for right in told["rights"]] == [str(grant.pk) for grant in granted[: -LISTED_MAX - 1 : -1]]


def test_an_object_without_an_identifier_has_no_record():
    owner = organisation()
    facts = ObjectFacts(
        kind=ObjectKind.RESOURCE, owner_id=owner.pk, name="Flights", summary="", source_category="ENTERPRISE", source_kind="COLLECTED",
        situation="OWN_ACTIVITY", filing_id=uuid4(),
    )  # fmt: skip
    first(object_register(actor=SYSTEM, facts=facts))
    assert IdentifierValue.objects.count() == 0
