"""Who sees what of parties: as little as the market's work allows."""

from datetime import date

import pytest

from registry.base.actor import ANONYMOUS, SYSTEM, PartyKind
from registry.base.sealed import destroy
from registry.parties.models import Affiliation, ApiKey, Membership, Organisation, Person, SectorPermit, SigningKey
from registry.parties.selectors import person_name
from registry.parties.services import affiliation_declare, sector_permit_file
from tests.support.parties import LICENCE, admit, register_key

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner():
    """A merchant with one row in every table of the room."""
    party, buyer = admit(PartyKind.MERCHANT, name="Owner"), admit(PartyKind.BUYER, name="Kin")
    register_key(party.actor)
    affiliation_declare(
        actor=party.actor, organisation_id=party.organisation.pk, other_id=buyer.organisation.pk, basis="CONTROL", idempotency_key="a"
    )
    sector_permit_file(
        actor=party.actor,
        sector="WEATHER",
        number="1",
        valid_from=date(2026, 1, 1),
        valid_until=date(2027, 1, 1),
        document_sha256=LICENCE,
        idempotency_key="f",
    )
    return party


ROWS = {
    Organisation: lambda party: {"pk": party.organisation.pk},
    Person: lambda party: {"pk": party.person.pk},
    Membership: lambda party: {"organisation": party.organisation},
    ApiKey: lambda party: {"organisation": party.organisation},
    SigningKey: lambda party: {"organisation": party.organisation},
    SectorPermit: lambda party: {"organisation": party.organisation},
    Affiliation: lambda _party: {},
}
PUBLIC = {Organisation, SigningKey, SectorPermit}
SEEN = {
    PartyKind.OPERATOR: PUBLIC,
    PartyKind.MERCHANT: PUBLIC,
    PartyKind.BUYER: PUBLIC,
    PartyKind.PUBLIC_BODY: PUBLIC,
    PartyKind.INSTITUTION: PUBLIC | {Affiliation},
    PartyKind.REGISTRAR: PUBLIC | {Affiliation},
    PartyKind.REGULATOR: PUBLIC | {Affiliation, Person},
}


@pytest.mark.parametrize("kind", list(PartyKind))
def test_a_stranger_sees_what_the_market_needs_and_no_more(owner, kind):
    stranger = admit(kind, name="Stranger").actor
    assert {model for model, rows in ROWS.items() if model.objects.visible_to(stranger).filter(**rows(owner)).exists()} == SEEN[kind]
    assert person_name(stranger, owner.person.pk) is None


def test_the_owner_and_the_platform_see_everything(owner):
    for actor in (owner.actor, SYSTEM):
        assert [model for model, rows in ROWS.items() if not model.objects.visible_to(actor).filter(**rows(owner)).exists()] == []


def test_nobody_sees_nothing(owner):
    assert [model for model in ROWS if model.objects.visible_to(ANONYMOUS).exists()] == []


def test_a_name_is_for_colleagues_until_it_is_erased(owner):
    assert person_name(owner.actor, owner.person.pk) == "Head of Owner"
    destroy(kind="person", subject=owner.person.pk)
    assert person_name(owner.actor, owner.person.pk) is None
    assert Person.objects.filter(pk=owner.person.pk).exists()
