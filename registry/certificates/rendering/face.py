"""What a rendering shows of a certificate, as values: it knows neither tables nor the form that is signed."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

QR_LEAF_HEX: Final = 16
"""So many hex digits of the leaf hash stand in the QR code: 64 bits, enough to notice a paper that is not of this deposit."""


@dataclass(frozen=True, slots=True)
class FaceRight:
    """One right as the certificate states it, and whether the register has ended it since.

    Attributes:
        kind: HOLD, USE or OPERATE.
        allows: names of what the scope allows, as ``registry.rights.scope`` names them.
        purposes: codes of the allowed purposes; empty means any.
        ended_on: the first day on which it is no longer in force, where it was ended before its term; None otherwise.
    """

    kind: str
    exclusive: bool
    valid_from: date
    last_day: date
    allows: frozenset[str]
    territory: str
    purposes: tuple[str, ...] = ()
    ended_on: date | None = None


@dataclass(frozen=True, slots=True)
class Face:
    """Everything that stands on the paper.

    Attributes:
        holder: names in Chinese and English; either may be empty.
        uscc: the unified social credit code; empty for a foreign party.
        object_kind: RESOURCE or PRODUCT.
        issuer: names in Chinese and English; ``issuer_id`` is the decentralised identifier under which its keys are found.
        note: what the certificate is not, in Chinese and English.
        origin: the log's name.
        leaf: the leaf hash of the deposit entry, 64 hex digits.
        sha256: of the statement that is signed, as the log has it.
        holds: kinds of the holds that are on the object, oldest first.
        revoked: the certificate was revoked as issued in error.
        as_of: the instant whose state of the register the paper shows: the issue, or the latest change since.
        page: the address of the certificate's page.
    """

    number: str
    holder: tuple[str, str]
    uscc: str
    object_name: str
    object_kind: str
    identifier: str
    summary: str
    rights: tuple[FaceRight, ...]
    filing: str
    event: str
    index: int
    origin: str
    leaf: str
    sha256: str
    note: tuple[str, str]
    issuer: tuple[str, str]
    issuer_id: str
    issued_at: datetime
    as_of: datetime
    page: str
    holds: tuple[str, ...] = ()
    revoked: bool = False

    @property
    def scanned(self) -> str:
        """What the QR code holds: the certificate's page, and the beginning of the leaf hash to compare with what is registered."""
        return f"{self.page}?leaf={self.leaf[:QR_LEAF_HEX]}"
