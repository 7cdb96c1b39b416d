"""The leaves of a whole deal name no person, price or side: what everybody may read of it."""

import re

import pytest

from registry.base.sealed import unseal
from registry.log.audit import Audit
from registry.log.files import LogFiles
from registry.log.models import Disclosure, LogState
from registry.log.publication import signer
from registry.log.services import ACTOR
from registry.parties.models import Person
from tests.support import trade

PERSONAL = re.compile(rb"(?<![0-9a-f-])1[3-9][0-9]{9}(?![0-9a-f-])|[0-9]{17}[0-9Xx]|[\w.]+@[\w.]+")
"""A Chinese mobile number, a citizen's identity number, a mail address."""


@pytest.fixture
def leaves(of):
    """Return the entries of the published log after one deal, with an audit that found nothing."""
    trade.settled(of)
    trade.relay()
    log_id = LogState.objects.get().log_id
    audit = Audit(LogFiles.of(log_id).read, signer(log_id).verifier)
    entries = [entry for block in audit.blocks() for entry in block.entries]
    assert audit.findings == []
    assert len(entries) > 30
    return entries


def test_no_leaf_names_a_person_or_holds_a_sealed_value(leaves):
    names = [unseal(kind="person", subject=row.pk, sealed=bytes(row.sealed_name)) for row in Person.objects.all()]
    assert names
    sealed = [row.value for row in Disclosure.objects.exclude(path=ACTOR) if isinstance(row.value, str) and len(row.value) > 5]
    assert trade.PURPOSE in sealed
    public = b"\n".join(leaves)
    assert [name for name in names if name in public] == []
    assert [
        value for value in sealed if f'"{value}"'.encode() in public and not re.fullmatch(r"[0-9a-f-]{36}|\d{4}-\d\d-\d\d", value)
    ] == []
    assert PERSONAL.search(re.sub(rb'"(_h|[a-z_]*sha256|public_key|[a-z]+_signature|[a-z]+_key)":"[^"]*"', b"", public)) is None


def test_every_leaf_seals_who_acted(leaves):
    assert all(leaf.startswith(b'{"actor":{"_h":"') for leaf in leaves)
