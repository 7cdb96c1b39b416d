"""The proof verifiers against every inclusion and consistency vector of transparency-dev/merkle."""

import json
from base64 import b64decode
from pathlib import Path

import pytest

from registry.log import verifier
from registry.log.merkle import InvalidProof, verify_consistency, verify_inclusion
from tests.support.shared import SHARED, shared

VECTORS = SHARED / "vectors" / "rfc6962" / "testdata"
ABSENT = [Path("absent.json")]
INCLUSION = sorted((VECTORS / "inclusion").rglob("*.json")) or ABSENT
CONSISTENCY = sorted((VECTORS / "consistency").rglob("*.json")) or ABSENT


def name(path: Path) -> str:
    return "/".join(path.parts[-3:])


def read(path: Path) -> dict:
    shared("vectors", "rfc6962")
    vector = json.loads(path.read_text())
    return vector | {"proof": [b64decode(each) for each in vector["proof"] or []]}


def test_no_vector_was_lost():
    shared("vectors", "rfc6962")
    assert (len(INCLUSION), len(CONSISTENCY)) == (98, 98)


@pytest.mark.parametrize("path", INCLUSION, ids=name)
def test_inclusion(path: Path):
    vector = read(path)
    leaf, root = b64decode(vector["leafHash"]), b64decode(vector["root"])
    try:
        verify_inclusion(index=vector["leafIdx"], size=vector["treeSize"], leaf=leaf, proof=vector["proof"], root=root)
    except InvalidProof:
        accepted = False
    else:
        accepted = True
    assert accepted is not vector["wantErr"], vector["desc"]


@pytest.mark.parametrize("path", CONSISTENCY, ids=name)
def test_consistency(path: Path):
    vector = read(path)
    sizes = {"old_size": vector["size1"], "new_size": vector["size2"]}
    try:
        verify_consistency(**sizes, old_root=b64decode(vector["root1"]), new_root=b64decode(vector["root2"]), proof=vector["proof"])
    except InvalidProof:
        accepted = False
    else:
        accepted = True
    assert accepted is not vector["wantErr"], vector["desc"]


@pytest.mark.parametrize("path", INCLUSION, ids=name)
def test_inclusion_by_the_stand_alone_verifier(path: Path, monkeypatch: pytest.MonkeyPatch):
    vector = read(path)
    leaf, root = b64decode(vector["leafHash"]), b64decode(vector["root"])
    monkeypatch.setattr(verifier, "sha256", Leaf(leaf).sha256)
    found = verifier.root_of(b"the leaf", vector["leafIdx"], vector["treeSize"], vector["proof"])
    # It hashes leaves itself and reads roots of 32 bytes only, so other lengths cannot reach its comparison.
    accepted = found == root and len(leaf) == len(root) == 32
    assert accepted is not vector["wantErr"], vector["desc"]


class Leaf:
    """Stands in for SHA-256 of the leaf, whose bytes the vectors do not give."""

    def __init__(self, hashed: bytes) -> None:
        self.hashed = hashed
        self.real = verifier.sha256

    def sha256(self, data: bytes):
        return self if data == b"\x00the leaf" else self.real(data)

    def digest(self) -> bytes:
        return self.hashed
