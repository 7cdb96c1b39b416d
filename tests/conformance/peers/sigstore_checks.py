"""Shows entries of a log to sigstore-python as if it were a Rekor; runs in its own environment, takes one JSON object and prints one.

Sigstore's own functions judge, unchanged: the checkpoint under a key ring of one key, and the inclusion of the entry's bytes.
"""

import json
import sys
from base64 import b64decode, b64encode

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sigstore._internal.merkle import verify_merkle_inclusion
from sigstore._internal.rekor.checkpoint import SignedCheckpoint, verify_checkpoint
from sigstore._internal.trust import Keyring
from sigstore.errors import VerificationError
from sigstore.models import TransparencyLogEntry
from sigstore_models.common.v1 import PublicKey
from sigstore_models.rekor.v1 import TransparencyLogEntry as Told


def ring(key):
    """A key ring that trusts this one Ed25519 key."""
    raw = Ed25519PublicKey.from_public_bytes(b64decode(key)).public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return Keyring([PublicKey.from_json(json.dumps({"rawBytes": b64encode(raw).decode(), "keyDetails": "PKIX_ED25519"}))])


def entry(told):
    """An entry as a bundle of Rekor v2 gives it."""
    checkpoint = SignedCheckpoint.from_text(told["note"]).checkpoint
    proof = {
        "logIndex": str(told["index"]),
        "treeSize": str(checkpoint.log_size),
        "rootHash": b64encode(bytes.fromhex(checkpoint.log_hash)).decode(),
        "hashes": told["path"],
        "checkpoint": {"envelope": told["note"]},
    }
    whole = {
        "logIndex": str(told["index"]),
        "logId": {"keyId": told["log_id"]},
        "kindVersion": {"kind": "egret", "version": "1"},
        "canonicalizedBody": told["body"],
        "inclusionProof": proof,
    }
    return TransparencyLogEntry(Told.from_json(json.dumps(whole)))


def judged(keys, told):
    """What sigstore says of an entry: nothing against it, or its reason."""
    try:
        shown = entry(told)
        verify_checkpoint(keys, shown)
        verify_merkle_inclusion(shown)
    except VerificationError as error:
        return str(error)[:80]
    return ""


job = json.load(sys.stdin)
json.dump([judged(ring(job["key"]), told) for told in job["entries"]], sys.stdout)
