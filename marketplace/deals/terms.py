"""The terms of a deal in their one form: what both sides sign the hash of."""

import hashlib
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any, Final
from uuid import UUID

from registry.log.canonical import canonical, fresh_salt

FORMAT: Final = "egret-contract"
VERSION: Final = 1
INSPECTION_DAYS: Final = 7
"""Days after delivery in which the buyer inspects; silence after them is acceptance (provision-contract template, art. 7: policy)."""

CLAUSES: Final = {
    "PURPOSE": "The buyer uses the data for the stated purpose only. 买方仅可为约定目的使用数据。",
    "METHOD": "The data is provided and used by the stated delivery only. 数据仅以约定方式提供和使用。",
    "RANGE": (
        "The right granted is the one stated, for its term, territory and scope, and no wider. 授予的权利以约定的期限、地域和范围为限。"
    ),
    "SECURITY": (
        "The buyer protects the data at least as its level demands and reports incidents at once. "
        "买方按数据级别采取保护措施，发生安全事件立即报告。"
    ),
    "SUPERVISION": "The seller may supervise how the buyer meets these duties. 卖方有权监督买方履行上述义务。",
    "RETURN_DELETE": "When the term ends the buyer deletes the data and says so. 期限届满，买方删除数据并告知。",
    "BREACH": "Whoever breaks these terms makes good the loss. 违约方赔偿损失。",
    "DISPUTE": (
        "The sides negotiate, then mediate at the institution, then go to the competent court. "
        "争议先协商，再由交易服务机构调解，不成由有管辖权的法院处理。"
    ),
    "SETTLEMENT": (
        "Shares are rounded down to the minor unit; what rounding leaves stays with the payer of the share. "
        "分成向下取整至最小货币单位，余数归支付方。"
    ),
}
"""The clauses of every contract (NDSR 12 names those for personal and important data; the platform asks for them always)."""


@dataclass(frozen=True, slots=True)
class RightGranted:
    """One right that the contract grants."""

    object: UUID
    kind: str
    exclusive: bool
    valid_from: date
    valid_until: date
    scope: dict[str, Any]


@dataclass(frozen=True, slots=True)
class ContractFacts:
    """Everything the contract states besides its fixed clauses.

    Attributes:
        salt: 128 random bits in hex: the hash is public, and sides, price and purpose could otherwise be found by trying.
    """

    seller: UUID
    buyer: UUID
    institution: UUID
    offer: UUID
    product: dict[str, Any]
    rights: tuple[RightGranted, ...]
    consideration: dict[str, Any]
    currency: str
    amount: str | None
    delivery: dict[str, Any]
    fees: dict[str, Any]
    shares: tuple[dict[str, Any], ...]
    surplus: dict[str, Any] | None = None
    joint: dict[str, Any] | None = None
    purpose: str = ""
    use_class: str | None = None
    salt: str = field(default_factory=lambda: fresh_salt().hex())


def contract_terms(facts: ContractFacts) -> dict[str, Any]:
    """The contract as a JSON object whose canonical bytes are hashed and signed."""
    stated = asdict(facts)
    return {"format": FORMAT, "version": VERSION, "clauses": CLAUSES, "inspection_days": INSPECTION_DAYS, **_jsonable(stated)}


def terms_bytes(terms: dict[str, Any]) -> bytes:
    """RFC 8785 bytes of the terms."""
    return canonical(terms)


def terms_hash(terms: dict[str, Any]) -> str:
    """SHA-256 of the canonical bytes, in hex."""
    return hashlib.sha256(terms_bytes(terms)).hexdigest()


def signing_text(*, hash_hex: str, deal_id: UUID, side: str) -> bytes:
    """The bytes a side signs: format, contract hash, deal and side, so that no signature serves another deal or side."""
    return f"egret-contract-v1\n{hash_hex}\n{deal_id}\n{side}\n".encode("ascii")


def _jsonable(value: Any) -> Any:
    match value:
        case UUID():
            return str(value)
        case date():
            return value.isoformat()
        case dict():
            return {name: _jsonable(item) for name, item in value.items()}
        case list() | tuple():
            return [_jsonable(item) for item in value]
        case _:
            return value
