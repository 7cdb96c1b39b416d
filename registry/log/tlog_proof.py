"""A proof in one small text file: that an entry stands in the log, under a checkpoint that comes with it.

Source: C2SP tlog-proof.
"""

import re
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

from registry.log.merkle import HASH_BYTES, verify_inclusion
from registry.log.note import BadNote, decoded
from registry.log.policy import Policy

HEADER: Final = "c2sp.org/tlog-proof@v1"
PROOF_BYTES_MAX: Final = 256 * 1024
PATH_MAX: Final = 63
_INDEX: Final = re.compile(r"index (0|[1-9][0-9]{0,18})", re.ASCII)


class BadProofFile(ValueError):
    """A file that is no proof; ``reason`` says why."""

    def __init__(self, *, reason: str) -> None:
        """Keep the reason, in English."""
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class TlogProof:
    """The place of an entry, its audit path, the checkpoint as it was signed, and extra bytes that nobody vouches for."""

    index: int
    path: tuple[bytes, ...]
    note: bytes
    extra: bytes | None = None

    def __bytes__(self) -> bytes:
        """The file."""
        lines = [HEADER]
        if self.extra is not None:
            lines.append(f"extra {b64encode(self.extra).decode()}")
        lines += [f"index {self.index}", *(b64encode(each).decode() for each in self.path), ""]
        return "".join(f"{line}\n" for line in lines).encode() + self.note

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read a file.

        Raises:
            BadProofFile: it has not the one form of a proof.
        """
        head, blank, note = data.partition(b"\n\n")
        lines = head.decode("ascii", "replace").split("\n")
        if len(data) > PROOF_BYTES_MAX or not blank or lines.pop(0) != HEADER or not lines:
            raise BadProofFile(reason="this is no tlog-proof, version 1")
        try:
            extra = decoded(lines.pop(0).removeprefix("extra ")) if lines[0].startswith("extra ") else None
            found = _INDEX.fullmatch(lines.pop(0)) if lines else None
            path = tuple(decoded(line) for line in lines)
        except BadNote as error:
            raise BadProofFile(reason="a line is not base64") from error
        if found is None or len(path) > PATH_MAX or any(len(each) != HASH_BYTES for each in path):
            raise BadProofFile(reason="there is no index line, or a line is no hash")
        proof = cls(int(found[1]), path, note, extra)
        if bytes(proof) != data:
            raise BadProofFile(reason="it is not written in its one form")
        return proof

    def verify(self, leaf: bytes, policy: Policy) -> None:
        """Check that the leaf with this hash stands at ``index`` of a log that the policy believes.

        Raises:
            BadCheckpoint: the checkpoint is not to be believed.
            InvalidProof: the path does not lead from the leaf to its root.
        """
        checkpoint = policy.accept(self.note)
        verify_inclusion(index=self.index, size=checkpoint.size, leaf=leaf, proof=self.path, root=checkpoint.root)


def tlog_proof(*, index: int, path: Sequence[bytes], note: str) -> TlogProof:
    """A proof from what the log answers."""
    return TlogProof(index, tuple(path), note.encode())
