"""The checkpoints that sigstore gives its clients to accept or refuse: our reader says the same of each.

Ten are Rekor v2 checkpoints of the staging log, cosigned by made-up witnesses whose keys nobody has; three kinds are from Rekor v1,
which signs with ECDSA and adds a line, so that they are made here in our own terms.

Source: sigstore/sigstore-conformance, test/assets/bundle-verify/*checkpoint* (Apache-2.0), at commit a73de49.
"""

from base64 import b64decode

import pytest

from registry.log.checkpoint import BadCheckpoint, Checkpoint, open_checkpoint, sign_checkpoint
from registry.log.merkle import InvalidProof, Tree, leaf_hash
from registry.log.note import Signer, Verifier, sign_note
from registry.log.policy import parse_policy
from registry.log.tlog_proof import TlogProof

NAME, SIZE, ROOT = "log2025-alpha1.rekor.sigstage.dev", "736", "rs1YPY0ydAV0lxgfrq5pE4oRpUJwo3syeps5+eGUTDI="
LOG = Verifier(NAME, b64decode("MCowBQYDK2VwAyEAPn+AREHoBaZ7wgS1zBqpxmLSGnyhxXj4lFxSdWVB8o8=")[-32:])
BY_LOG = f"— {NAME} 8w1amdbj1mjNN674dHAkD92+QZoEgBC7o0mXYSTRluDjQrOPjrps3zQB9ut+ShLepyZPsWBDi5IB3yXyjgjQT6OG9A8=\n"
BY_LOG_ECDSA = f"— {NAME} mixjVTBEAiAv6tS03L1YvDipqsZBkJ/aL62be4XzHfDEHYXqNza0cAIgT2PcBzKxE4kHLlw2U1QtO4/YXfPdy5QtFpDw1lWkIXs=\n"
BY_WITNESS = "— witness.example O8PH5AAAAABopO8+4O9uzScQrNEnGdKLYXSPoUjH1Se4n92W+wT/j5Kel/4J2XWE4bEe9bpIVUD6EGOeUDFkSWz/rbDhvVcJ/2OrDw==\n"
BY_W1 = "— witness.example/w1 sE1vjwAAAABopPLqcjWVAVGAl48d2/LUcCJsxS4CoGtBo8oagCPd7pWZvtei7ieKnoopQqgf3KCun6hyT2YAXBmzTIRsWZInogTDAw==\n"
BY_W2 = "— witness.example/w2 xaMp5gAAAABopPLqBlp4hGNxwLQsDPSRBF4nQcnUibHPupXT4ZYHjr0KSc1v3BtpCtRSopyN8mOE7lJzUqwvUcoRqijR4oW/GoQPBA==\n"
BODY = f"{NAME}\n{SIZE}\n{ROOT}\n"

ACCEPTED = {
    "cosigned": f"{BODY}\n{BY_LOG}{BY_WITNESS}",
    "multiple-cosigs": f"{BODY}\n{BY_LOG}{BY_W1}{BY_W2}",
    "origin-not-first": f"{BODY}\n{BY_WITNESS}{BY_LOG}",
    "two-sigs-cosigned": f"{BODY}\n{BY_LOG}{BY_LOG_ECDSA}{BY_WITNESS}",
    "two-sigs-from-origin": f"{BODY}\n{BY_LOG}{BY_LOG_ECDSA}",
}
REFUSED = {
    "missing-log-signature": (f"{BODY}\n", "a note is a text, a blank line and signature lines"),
    "missing-origin": (f"{SIZE}\n{ROOT}\n\n{BY_LOG}", f"the signature of {NAME} is bad"),
    "missing-root-hash": (f"{NAME}\n{SIZE}\n\n{BY_LOG}", f"the signature of {NAME} is bad"),
    "missing-size": (f"{NAME}\n{ROOT}\n\n{BY_LOG}", f"the signature of {NAME} is bad"),
    "no-matching-signature": (f"{BODY}\n{BY_LOG}".replace("sigstage", "github"), "no trusted key signed"),
}


@pytest.mark.parametrize("case", ACCEPTED)
def test_a_checkpoint_with_lines_of_unknown_keys_is_accepted_wherever_they_stand(case):
    checkpoint, signed = open_checkpoint(ACCEPTED[case].encode(), log=LOG)
    assert (checkpoint, signed) == (Checkpoint(NAME, 736, b64decode(ROOT)), (LOG,))


@pytest.mark.parametrize("case", REFUSED)
def test_a_checkpoint_that_lacks_something_is_refused(case):
    note, reason = REFUSED[case]
    with pytest.raises(BadCheckpoint, match=reason):
        open_checkpoint(note.encode(), log=LOG)


@pytest.mark.parametrize("lines", [(SIZE, ROOT), (NAME, SIZE), (NAME, ROOT)], ids=["origin", "root hash", "size"])
def test_what_lacks_a_line_is_refused_also_when_the_log_itself_has_signed_it(lines):
    """In the published cases the signature is bad too; here only the line is missing."""
    log = Signer.of_seed(NAME, bytes(32))
    with pytest.raises(BadCheckpoint, match="three lines"):
        open_checkpoint(str(sign_note("".join(f"{line}\n" for line in lines), [log])).encode(), log=log.verifier)


OURS = Signer.of_seed("log.example/one", b"\x01" * 32)
TREE = Tree(leaf_hash(str(number).encode()) for number in range(20))


def note(size):
    return sign_checkpoint(Checkpoint(OURS.name, size, TREE.root(size)), [OURS])


def test_the_older_kinds_bad_key_hint_bad_signature_and_another_trees_root_are_refused():
    text, _, line = note(10).decode().partition("\n\n")
    name, encoded = line.rsplit(" ", 1)
    hinted = f"{text}\n\n{name} {'B' if encoded[0] != 'B' else 'C'}{encoded[1:]}"
    with pytest.raises(BadCheckpoint, match="no trusted key signed"):
        open_checkpoint(hinted.encode(), log=OURS.verifier)
    forged = f"{text}\n\n{name} {encoded[:20]}{'B' if encoded[20] != 'B' else 'C'}{encoded[21:]}"
    with pytest.raises(BadCheckpoint, match="is bad"):
        open_checkpoint(forged.encode(), log=OURS.verifier)
    policy = parse_policy(f"log {OURS.verifier}\nquorum none\n".encode())
    proof = TlogProof(3, tuple(TREE.inclusion_proof(3, 10)), note(10))
    proof.verify(leaf_hash(b"3"), policy)
    with pytest.raises(InvalidProof):  # a sound checkpoint, but of another tree than the proof's
        TlogProof(3, proof.path, note(20)).verify(leaf_hash(b"3"), policy)
