"""The leaves of a whole deal name no person, price or side: what everybody may read of it. Those of the demo are read in its own test."""

import json

import pytest

from registry.base.sealed import unseal
from registry.log.audit import Audit
from registry.log.files import LogFiles
from registry.log.keys import environment_keys
from registry.log.models import Disclosure, LogState
from registry.log.services import ACTOR
from registry.parties.models import Person
from tests.support import trade
from tests.support.leaves import revealed


@pytest.fixture
def leaves(of):
    """Return the entries of the published log after one deal, with an audit that found nothing."""
    trade.settled(of)
    trade.relay()
    log_id = LogState.objects.get().log_id
    audit = Audit(LogFiles.of(log_id).read, environment_keys(log_id)[0].verifier)
    entries = [entry for block in audit.blocks() for entry in block.entries]
    assert audit.findings == []
    assert len(entries) > 30
    return entries


@pytest.fixture
def names():
    return [unseal(kind="person", subject=row.pk, sealed=bytes(row.sealed_name)).decode() for row in Person.objects.all()]


def test_no_leaf_names_a_person_or_holds_a_sealed_value(leaves, names):
    assert len(names) > 5
    sealed = [row.value for row in Disclosure.objects.exclude(path=ACTOR)]
    assert trade.PURPOSE in sealed
    assert revealed(leaves, names=names, sealed=sealed) == []


def test_every_leaf_seals_who_acted(leaves):
    assert all(leaf.startswith(b'{"actor":{"_h":"') for leaf in leaves)


NAMES = ["Chen Wei 陈伟", "Head of Party"]
SEALED = ["delay statistics", {"lines": [{"amount": "465600"}]}, 1199999, "OPERATE"]
PLANTED = {
    "a name": ("by Chen Wei 陈伟", "names Chen Wei 陈伟"),
    "the Chinese part alone": ("申请人陈伟", "names 陈伟"),
    "the Latin part alone": ({"note": ["for Chen Wei"]}, "names Chen Wei"),
    "a name as a member's name": ({"陈伟": 1}, "names 陈伟"),
    "a mobile number": ("call 13812345678", "has 13812345678"),
    "a mobile number as a number": (13812345678, "has 13812345678"),
    "an identity number": ({"id": "35020319900101123X"}, "has 35020319900101123X"),
    "a mail address": ("chen.wei@example.com", "has chen.wei@example.com"),
    "a sealed text": ("delay statistics", "tells delay statistics"),
    "a sealed text within another": ("wants delay statistics soon", "tells delay statistics"),
    "a sealed amount": ({"paid": "465600"}, "tells 465600"),
    "a sealed number": ({"paid": 1199999}, "tells 1199999"),
    "a person under the name of a hash": ({"file_sha256": "13812345678"}, "has 13812345678"),
}
INNOCENT = {
    "amount": {"_h": "5Fd2wR7aB3xQ9Lk1mN8pT4vY6zC0eH5jU2sG7iO3qDw"},
    "file_sha256": "13812345678" + "0" * 53,
    "subject": {"id": "01a21683-8c1b-74b8-a983-b39a147c12cd", "type": "Deal"},
    "at": "2026-11-26T06:05:50+00:00",
    "kind": "OPERATE",
    "title": "Weather of the harbour 港口天气",
}


def leaf(data):
    return json.dumps({"actor": {"_h": "x" * 43}, "data": data}, ensure_ascii=False).encode()


@pytest.mark.parametrize("case", PLANTED)
def test_what_is_planted_in_a_leaf_is_found(case):
    planted, reason = PLANTED[case]
    found = revealed([leaf(INNOCENT), leaf({**INNOCENT, "more": planted})], names=NAMES, sealed=SEALED)
    assert f"leaf 1 {reason}" in found
    assert not [line for line in found if line.startswith("leaf 0")]


def test_a_leaf_of_hashes_identifiers_and_words_reveals_nothing():
    assert revealed([leaf(INNOCENT)], names=NAMES, sealed=SEALED) == []
