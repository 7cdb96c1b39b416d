"""The examples that the C2SP texts print are read as the texts say: notes, a checkpoint, a cosignature, a proof, a witness's request.

Source: C2SP at commit 5ba5ee8: signed-note, tlog-checkpoint, tlog-cosignature, tlog-proof, tlog-witness, tlog-mirror.
"""

from base64 import b64decode

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from registry.log.checkpoint import BadCheckpoint, Checkpoint, open_checkpoint
from registry.log.cosignature import WitnessSigner
from registry.log.merkle import InvalidProof, leaf_hash, verify_inclusion
from registry.log.note import Signer, Verifier, open_note, parse_note
from registry.log.tlog_proof import TlogProof
from registry.log.witness import Request

EXAMPLE_KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
EXAMPLE = """This is an example message.

— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=
"""
POEM = """Ognuno sta solo sul cuor della terra
trafitto da un raggio di sole:

ed è subito sera.

— quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=
"""
SOFA = "example.com/behind-the-sofa"
BODY = f"{SOFA}\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
BY_LOG = f"— {SOFA} Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
BY_LOG_TOO = f"— {SOFA} opLqBQsREYCgu6xQkYQwJr9fo45a62DN9EdmHXnZdXNqlcVGlCum2Wks+49/V6267UEjw6QUXTS5Rovnzv++qbSzm9Q=\n"
BY_WITNESS = (
    "— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n"
)
ANSWERED = [
    "CMp+6LWBU0anHGH5aNDTJkH/gj79sG+T6+iP2ThYN5krrDJbR1HDnucjL39QsZTSvVjyQLrdk3DXDqI5G2HgLatVs0pWh6Up69HVOw==",
    "I7rEps0pvK2UqkS2gSpVUDhrhVtQV9lgF6pRrWAvjJHjyWpW7VcE3SiOlVlbQNt64vWhO+DlkL0+UfzuOBMh9ChdMkP1vi/lCAsmlw==",
    "AWui8Sk55XjYLOijihBjhqEH6nS1ndDymE0a+6idX7pLcnoB+dhnz0854aLZgrrKbYKA7nC3HNJhm/kWl7oJlqU3rXXvpysAdyP3wQ==",
]
PROVED = """c2sp.org/tlog-proof@v1
extra YWdlLXYxLjIuMS1kYXJ3aW4tYXJtNjQudGFyLmd6kYXJ3aW4tYXJ
index 73894
gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=
B95lDa8R83lS8n0eG+o0buTxRKQTYFi//1U8anccXmA=
EKNzoDWG8LGC0Yp9o+sv3qllpMP9uHQ9B20KNL+Q1zs=
RoopEkOdqkYqMB4MJXrbt/hMjOxsVn0IrWjpz1ZMMes=
AHCioX9nLjsrse6YhjRRmk1WUEirVOLLRoOQ6vfO5vk=

example.com/fancylog
109482
sFodV/vSp5O8n9a8QpW6PRY97tfOSW5bsc2Xl/EQi08=

"""


def test_the_example_of_a_signed_note_is_opened_with_its_key():
    key = Verifier.parse(EXAMPLE_KEY)
    note, signed = open_note(EXAMPLE.encode(), [key])
    assert (note.text, signed, str(key), str(note)) == ("This is an example message.\n", (key,), EXAMPLE_KEY, EXAMPLE)


def test_a_note_with_an_empty_line_in_its_text_ends_at_the_last_one():
    note = parse_note(POEM.encode())
    assert note.text.endswith("raggio di sole:\n\ned è subito sera.\n")
    assert [(each.name, each.key_id.hex()) for each in note.signatures] == [("quasimodo.example/salvatore", "367ba04b")]


def test_the_example_of_a_checkpoint_is_read_and_is_signed_by_nobody_of_that_name():
    assert Checkpoint.parse(BODY) == Checkpoint(SOFA, 20852163, b64decode("CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="))
    (line,) = parse_note(f"{BODY}\n{BY_LOG}".encode()).signatures
    assert (line.name, line.key_id.hex(), line.line) == (SOFA, "033de0ae", BY_LOG)
    with pytest.raises(BadCheckpoint, match="no trusted key"):
        open_checkpoint(f"{BODY}\n{BY_LOG}".encode(), log=Signer.of_seed(SOFA, b"\x01" * 32).verifier)


def test_the_example_of_a_cosignature_states_the_time_that_its_message_has():
    note = parse_note(f"{BODY}\n{BY_LOG}{BY_WITNESS}".encode())
    assert (note.signatures[1].name, int.from_bytes(note.signatures[1].signature[:8], "big")) == ("witness.example.com/w1", 1679315147)
    signer = WitnessSigner("witness.example.com/w1", b"\x02" * 32)
    ours = signer.cosign(BODY, seconds=1679315147)
    said = f"cosignature/v1\ntime 1679315147\n{SOFA}\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    key = Ed25519PublicKey.from_public_bytes(signer.key.key)
    key.verify(ours.signature[8:], said.encode())  # the message as the text prints it
    with pytest.raises(InvalidSignature):
        key.verify(ours.signature[8:], said.replace("147", "148").encode())


def test_the_example_of_a_witnesss_request_and_of_its_answer_are_read():
    proof = [
        *("PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=", "jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk="),
        *("5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=", "/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0="),
    ]
    note = f"{BODY}\n{BY_LOG}{BY_LOG_TOO}".encode()
    request = Request.parse("\n".join(["old 20852014", *proof, "", ""]).encode() + note)
    assert request == Request(20852014, tuple(b64decode(each) for each in proof), note)
    assert [each.key_id.hex() for each in parse_note(note).signatures] == ["033de0ae", "a292ea05"]
    for name in ("witness.example/w", "mirror.example/m"):
        lines = [f"— {name}{number} {said}\n" for number, said in zip((1, 1, 2), ANSWERED, strict=True)]
        assert [each.line for each in parse_note(note + "".join(lines).encode()).signatures[2:]] == lines


def test_the_example_of_a_proof_is_read_and_its_shortened_path_proves_nothing():
    written = PROVED.encode() + f"— example.com/fancylog {'A' * 92}\n".encode()  # the text prints the lines of signatures cut off
    proof = TlogProof.parse(written)
    assert (proof.index, len(proof.path), bytes(proof)) == (73894, 5, written)
    assert proof.extra is not None
    assert proof.extra.startswith(b"age-v1.2.1-darwin-arm64.tar.gz")
    with pytest.raises(InvalidProof, match="has 5 hashes, not 17"):
        verify_inclusion(index=proof.index, size=109482, leaf=leaf_hash(b""), proof=proof.path, root=bytes(32))
