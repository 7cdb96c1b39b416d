"""Which public keys bind somebody."""

import secrets
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from registry.parties.signing import SMALL_ORDER, key_acceptable, proof_message, signature_valid

PRIME = 2**255 - 19
CURVE = -121665 * pow(121666, -1, PRIME) % PRIME


def x_of(y):
    square = (y * y - 1) * pow(CURVE * y * y + 1, -1, PRIME) % PRIME
    root = pow(square, (PRIME + 3) // 8, PRIME)
    root = root if root * root % PRIME == square else root * pow(2, (PRIME - 1) // 4, PRIME) % PRIME
    assert root * root % PRIME == square
    return root


def double(point):
    x, y = point
    across = CURVE * x * x * y * y % PRIME
    return 2 * x * y * pow(1 + across, -1, PRIME) % PRIME, (y * y + x * x) * pow(1 - across, -1, PRIME) % PRIME


def test_the_listed_points_are_those_whose_order_divides_eight():
    for y in SMALL_ORDER:
        point = (x_of(y), y)
        for _ in range(3):
            point = double(point)
        assert point == (0, 1)
    # one of order 1, one of order 2, two of order 4 with one y, four of order 8 with two y
    assert len(SMALL_ORDER) == 5


@pytest.mark.parametrize("y", [*sorted(SMALL_ORDER), PRIME, PRIME + 1], ids=str)
@pytest.mark.parametrize("sign", [0, 1])
def test_a_key_of_small_order_is_refused_however_it_is_written(y, sign):
    assert not key_acceptable((y | sign << 255).to_bytes(32, "little"))


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_only_32_bytes_are_a_key(length):
    assert not key_acceptable(secrets.token_bytes(length))


def test_a_proof_is_for_one_person_in_one_organisation():
    private = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    public = private.public_key().public_bytes_raw()
    message = proof_message(organisation=UUID(int=1), person=UUID(int=2))
    assert message == (b"egret-signing-key-v1\n00000000-0000-0000-0000-000000000001\n00000000-0000-0000-0000-000000000002\n")
    signature = private.sign(message)
    assert key_acceptable(public)
    assert signature_valid(public_key=public, signature=signature, message=message)
    assert not signature_valid(public_key=public, signature=signature, message=proof_message(organisation=UUID(int=1), person=UUID(int=3)))
    assert not signature_valid(public_key=public, signature=signature[:-1], message=message)
    assert not signature_valid(public_key=b"\xff" * 32, signature=signature, message=message)
