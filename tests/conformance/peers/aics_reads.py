"""Reads a log with aics-tlog, and builds one; runs in its own environment, takes one JSON object and prints one."""

import hashlib
import json
import random
import sys
from base64 import b64decode, b64encode
from pathlib import Path

import aics_tlog as aics
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


def read(job):
    """Open the checkpoint, audit every tile and entry, prove some entries and every older size; say what came of it."""
    reader = aics.HttpTileReader(job["url"], proxies={})
    note = aics.parse_note(reader.read_checkpoint())
    log = aics.parse_vkey(job["key"])
    witnesses = [aics.parse_vkey(key) for key in job["witnesses"]]
    seen = aics.verify_checkpoint(note, log, witnesses, quorum=len(witnesses), max_age_seconds=3600)
    if not seen.ok:
        return {"refused": seen.error}
    proven = aics.VerifiedTileReader(reader, seen.size, seen.root)
    try:
        audit = aics.audit_tiles(reader, seen.size, seen.root)
    except (aics.TileVerificationError, aics.TileMissingError) as error:
        return {"refused": str(error)}
    olds = [aics.verify_checkpoint(aics.parse_note(old), log) for old in job["older"]]
    return {
        "size": seen.size,
        "witnesses": seen.witnesses,
        "tiles": audit.tiles,
        "bundles": audit.bundles,
        "entries": digest(entries(proven, seen.size)),
        "included": [included(proven, seen, index) for index in random.Random(seen.size).sample(range(seen.size), job["samples"])],
        "consistent": [[old.size, consistent(proven, old, seen, old.root), consistent(proven, old, seen, seen.root)] for old in olds],
    }


def entries(proven, size):
    """Every entry that was proven, in order."""
    for index in range(-(-size // 256)):
        width = min(256, size - 256 * index)
        yield from aics.tiles.parse_entry_bundle(proven.read_entry_bundle(index, None if width == 256 else width))


def included(proven, seen, index):
    """Whether the entry, another entry, and a proof with one bit changed are accepted at this place."""
    entry, proof = aics.read_entry(proven, index, seen.size), aics.inclusion_proof_from_tiles(proven, index, seen.size)
    changed = [bytes([proof[0][0] ^ 1]) + proof[0][1:], *proof[1:]]
    tried = ((entry, proof), (entry + b" ", proof), (entry, changed))
    return [bool(aics.verify_leaf_inclusion(leaf, index, seen.size, path, seen.root)) for leaf, path in tried]


def consistent(proven, old, seen, root):
    """Whether the tree of the older checkpoint, taken to have this root, is accepted as the beginning of the present one."""
    return bool(
        aics.verify_consistency(old.size, seen.size, root, seen.root, aics.consistency_proof_from_tiles(proven, old.size, seen.size))
    )


def digest(entries):
    """SHA-256 over all entries, each behind its length."""
    whole = hashlib.sha256()
    for entry in entries:
        whole.update(len(entry).to_bytes(4, "big") + entry)
    return whole.hexdigest()


def build(job):
    """Grow a log in steps in a folder, with a cosigned checkpoint, as its own writer does; return keys, notes and proofs."""
    key, witness = (Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32) for number in (21, 22))
    store = aics.DirectoryTileStore(Path(job["folder"]), fsync=False)
    writer, notes = aics.IncrementalTileWriter(store), []
    for size in job["sizes"]:
        writer.append([f"entry {number}".encode() for number in range(writer.size, size)])
        signed = aics.sign_checkpoint(aics.Checkpoint(job["name"], size, writer.root()), key, job["name"])
        _, line = aics.sign_cosignature(witness, job["witness"], 1_790_000_000, job["name"], size, writer.root())
        notes.append(aics.Note(text=signed.text, signatures=(*signed.signatures, line)).serialise())
    store.write_checkpoint(notes[-1].encode())
    last = job["sizes"][-1]
    indexes = random.Random(last).sample(range(last), job["samples"])
    return {
        "key": aics.format_vkey(aics.vkey_from_ed25519(job["name"], key.public_key())),
        "witness": aics.format_vkey(aics.cosignature_vkey(job["witness"], witness.public_key())),
        "notes": notes,
        "included": [[index, texts(aics.inclusion_proof_from_tiles(store, index, last))] for index in indexes],
        "consistent": [[old, texts(aics.consistency_proof_from_tiles(store, old, last))] for old in job["sizes"][:-1]],
    }


def texts(hashes):
    """Hashes in base64."""
    return [b64encode(each).decode() for each in hashes]


def verify(job):
    """Check the proofs of another program; answers yes or no for each, in turn."""
    root = b64decode(job["root"])
    return [
        bool(aics.verify_inclusion(b64decode(leaf), index, job["size"], [b64decode(each) for each in path], root))
        for leaf, index, path in job["proofs"]
    ]


job = json.load(sys.stdin)
json.dump({"read": read, "build": build, "verify": verify}[job["do"]](job), sys.stdout)
