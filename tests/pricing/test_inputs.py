"""Long inputs are sent once, to an address of their own, and only their owner can use them."""

import json

import pytest
from django.test import Client as DjangoClient

from pricing.inputs.errors import BYTES_MAX
from pricing.inputs.models import InputFile
from pricing.inputs.services import LISTS_MAX, VALUES_MAX
from pricing.plans.models import Plan
from registry.base.actor import PartyKind
from tests.support.graphql import Client, UserError, global_id
from tests.support.parties import admit

pytestmark = pytest.mark.django_db
ONE_OFF = json.dumps({"kind": "one_off", "currency": "CNY", "price": "1200.00"}).encode()
STAGED = "inputFile { id size sha256 } uploadPath"


@pytest.fixture
def merchant():
    return Client(token=admit(PartyKind.MERCHANT).token)


def staged(client, size, key="k1"):
    return client.mutate("pricingInputStage", fields=STAGED, size=size, idempotencyKey=key)


def put(path, body):
    answer = DjangoClient(raise_request_exception=False).put(path, data=body, content_type="application/json")
    return answer.status_code, answer.json()


def test_a_file_of_inputs_becomes_the_parameters_of_a_plan(merchant):
    announced = staged(merchant, len(ONE_OFF))
    status, told = put(announced["uploadPath"], ONE_OFF)
    assert (status, told["size"], told["inputFileId"]) == (200, len(ONE_OFF), announced["inputFile"]["id"])
    made = merchant.mutate(
        "planCreate", "plan { params }", nameZh="一", nameEn="One", modelKey="fixed", paramsFileId=told["inputFileId"], idempotencyKey="k2"
    )
    assert json.loads(made["plan"]["params"]) == json.loads(ONE_OFF)
    assert InputFile.objects.get().sha256 == told["sha256"]
    assert b"1200" not in bytes(InputFile.objects.get().sealed)


def test_an_address_is_used_once(merchant, snapshot):
    path = staged(merchant, len(ONE_OFF))["uploadPath"]
    assert put(path, ONE_OFF)[0] == 200
    before = snapshot(InputFile)
    status, told = put(path, ONE_OFF)
    assert (status, told["error"]["code"]) == (403, "INPUT_LINK_INVALID")
    assert snapshot(InputFile) == before


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (ONE_OFF[:-1], 413, "INPUT_TOO_LARGE"),
        (ONE_OFF + b" ", 413, "INPUT_TOO_LARGE"),
        (b"[" + b" " * (len(ONE_OFF) - 2) + b"]", 400, "BAD_INPUT"),
        (b"{" * len(ONE_OFF), 400, "BAD_INPUT"),
        (b'{"a": NaN' + b" " * (len(ONE_OFF) - 10) + b"}", 400, "BAD_INPUT"),
    ],
    ids=["shorter", "longer", "a list", "no JSON", "not finite"],
)
def test_what_cannot_be_inputs_leaves_the_file_waiting(merchant, snapshot, body, status, code):
    path = staged(merchant, len(ONE_OFF))["uploadPath"]
    before = snapshot(InputFile)
    answered, told = put(path, body)
    assert (answered, told["error"]["code"]) == (status, code)
    assert snapshot(InputFile) == before


@pytest.mark.parametrize("piece", [b"[],", b"1,", b'"1",', b"{},"], ids=["lists", "numbers", "texts", "objects"])
def test_a_file_of_more_values_than_any_model_takes_is_refused_before_it_is_read(merchant, snapshot, monkeypatch, piece):
    monkeypatch.setattr("pricing.inputs.services.read_json", lambda _text: pytest.fail("it was read"))
    body = b'{"a":[' + piece * (VALUES_MAX + 1) + b"1]}"
    path = staged(merchant, len(body))["uploadPath"]
    before = snapshot(InputFile)
    assert put(path, body)[0] == 400
    assert put(path, body)[1]["error"]["message"] == ("body is not acceptable: at most 500000 values, in at most 100000 lists and objects")
    assert snapshot(InputFile) == before


def test_as_many_values_as_are_accepted_are_read_and_used(merchant):
    body = b'{"a":[' + b"1," * (VALUES_MAX - LISTS_MAX) + b"[]," * (LISTS_MAX - 2) + b"1]}"
    announced = staged(merchant, len(body))
    assert put(announced["uploadPath"], body)[0] == 200
    given = {"nameZh": "一", "nameEn": "One", "modelKey": "fixed", "paramsFileId": announced["inputFile"]["id"], "idempotencyKey": "k2"}
    assert merchant.mutate("planCreate", **given).user_errors == [UserError(code="PRICING_REFUSED", field=["params", "kind"])]


@pytest.mark.parametrize(
    "body", ['{"a": "1"}'.encode("utf-16"), b'\xef\xbb\xbf{"a": "1"}', b'{"a": "\xff"}'], ids=["UTF-16", "a mark", "Latin-1"]
)
def test_inputs_are_utf_8_without_a_mark(merchant, snapshot, body):
    path = staged(merchant, len(body))["uploadPath"]
    before = snapshot(InputFile)
    status, told = put(path, body)
    assert (status, told["error"]["code"]) == (400, "BAD_INPUT")
    assert snapshot(InputFile) == before


@pytest.mark.parametrize("token", ["x", "x" * 600, "0" * 32 + ":a:b"], ids=["short", "long", "unsigned"])
def test_a_forged_address_takes_nothing(merchant, snapshot, token):
    before = snapshot(InputFile)
    assert put(f"/pricing-inputs/{token}", ONE_OFF)[0] == 403
    assert snapshot(InputFile) == before


@pytest.mark.parametrize("size", [1, 0, -5, BYTES_MAX + 1])
def test_a_size_outside_the_limits_is_refused(merchant, snapshot, size):
    before = snapshot(InputFile)
    assert staged(merchant, size).user_errors == [UserError(code="BAD_INPUT", field=["size"])]
    assert snapshot(InputFile) == before


def test_nobody_uses_the_file_of_another_or_one_that_never_arrived(merchant, snapshot):
    announced = staged(merchant, len(ONE_OFF))
    given = {"nameZh": "一", "nameEn": "One", "modelKey": "fixed", "paramsFileId": announced["inputFile"]["id"], "idempotencyKey": "k2"}
    before = snapshot(Plan)
    assert merchant.mutate("planCreate", **given).user_errors == [UserError(code="INPUT_NOT_STORED", field=["paramsFileId"])]
    put(announced["uploadPath"], ONE_OFF)
    other = Client(token=admit(PartyKind.MERCHANT, name="Other").token)
    assert other.mutate("planCreate", **given).user_errors == [UserError(code="NOT_FOUND", field=["paramsFileId"])]
    both = merchant.mutate("planCreate", **given, params="{}")
    assert both.user_errors == [UserError(code="BAD_INPUT", field=["params"])]
    assert snapshot(Plan) == before
    assert other.query("query($id: ID!) { node(id: $id) { id } }", id=global_id(InputFile.objects.get()))["node"] is None


def test_who_trades_nothing_sends_no_inputs(snapshot):
    before = snapshot(InputFile)
    regulator = Client(token=admit(PartyKind.REGULATOR).token)
    assert staged(regulator, 10).codes == ["FORBIDDEN"]
    assert snapshot(InputFile) == before
