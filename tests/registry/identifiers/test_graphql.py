"""The resolver through the front door, open to whoever asks."""

import pytest

from registry.base.ids import uuid7
from registry.identifiers.handles import Handle, parse
from registry.identifiers.services import mint, retire
from tests.support.graphql import Client

pytestmark = pytest.mark.django_db
DOCUMENT = "query($handle: String!) { identifier(handle: $handle) { handle subjectType subjectId retiredAt } }"


def test_an_identifier_resolves_without_a_key_and_a_retired_one_as_a_tombstone():
    subject = uuid7()
    handle = mint(subject_type="RegisteredObject", subject_id=subject)
    found = Client().query(DOCUMENT, handle=handle.lower())["identifier"]
    assert found == {"handle": handle, "subjectType": "RegisteredObject", "subjectId": str(subject), "retiredAt": None}
    retire(handle=handle, event=uuid7())
    assert Client().query(DOCUMENT, handle=handle)["identifier"]["retiredAt"] is not None


def test_a_name_never_given_is_null_and_a_mistyped_one_is_told():
    unknown = next(str(Handle("88.118.100111", number)) for number in range(100) if parse(str(Handle("88.118.100111", number))))
    assert Client().query(DOCUMENT, handle=unknown)["identifier"] is None
    mistyped = unknown[:-1] + ("0" if unknown[-1] != "0" else "1")
    answer = Client().query(DOCUMENT, handle=mistyped)
    assert (answer.status, answer.codes) == (200, ["INVALID_IDENTIFIER"])
