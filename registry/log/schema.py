"""The log in GraphQL: entries with their proofs, and the checkpoint that outsiders check them against."""

import base64
from datetime import datetime
from typing import Any

import graphene
from django.db.models import TextChoices

from registry.base.graphql import BigInt, Items, Looked, NodeType, actor_of, connection, enum_of
from registry.log.canonical import canonical
from registry.log.keys import AnyKnown, KnownKey
from registry.log.models import Entry, SignedCheckpoint
from registry.log.note import Verifier
from registry.log.selectors import (
    KEYS_SHOWN_MAX,
    Place,
    disclosed_to,
    entry_page,
    latest_checkpoint,
    log_keys,
    log_sm2_key,
    log_sm2_keys,
    places,
    proof_of,
    verifier_key,
)
from registry.log.sm2_line import Sm2Key
from registry.log.tlog_proof import tlog_proof


class ProofType(graphene.ObjectType):
    """That an entry is in the log (RFC 6962 audit path). 包含性证明"""

    class Meta:
        name = "InclusionProof"

    index = BigInt(required=True)
    size = BigInt(required=True, description="Size of the tree that the checkpoint signs. 树的大小")
    hashes = graphene.List(graphene.NonNull(graphene.String), required=True, description="Audit path, base64, from the leaf upwards.")
    note = graphene.String(required=True, description="The signed checkpoint (C2SP signed note). 已签名检查点")

    file = graphene.String(required=True, description="The same as a .tlog-proof file (C2SP tlog-proof). 证明文件")

    @staticmethod
    def resolve_file(root: Any, _info: Any) -> str:
        """The proof file."""
        return bytes(tlog_proof(index=root.index, path=root.hashes, note=root.note)).decode()

    @staticmethod
    def resolve_hashes(root: Any, _info: Any) -> list[str]:
        """The path as base64."""
        return [base64.b64encode(hashed).decode() for hashed in root.hashes]


class LogStatus(TextChoices):
    """How firmly something is on record."""

    REGISTERED = "registered"
    LOGGED = "logged"


LogStatusEnum = enum_of(
    LogStatus, "LogStatus", "REGISTERED 已登记: committed here. LOGGED 已存证: under a signed checkpoint, so that outsiders can verify it."
)


class LogPlaceType(graphene.ObjectType):
    """How far a recorded event has come into the log. 存证状态"""

    class Meta:
        name = "LogPlace"

    status = graphene.Field(LogStatusEnum, required=True)
    index = BigInt(description="Its place in the log; null while it waits for one. 条目序号")
    size = BigInt(description="Size of the checkpoint that covers it; null while none does. 检查点大小")

    @staticmethod
    def resolve_status(root: Place, _info: Any) -> LogStatus:
        """LOGGED once a checkpoint covers it."""
        return LogStatus.REGISTERED if root.size is None else LogStatus.LOGGED


class LogPlace(Looked):
    """The field that says how far the event in a column of the row has come into the log; null where there is no event."""

    def __init__(self, attribute: str, **options: Any) -> None:
        """``attribute`` is the column that holds the event's id."""
        super().__init__(LogPlaceType, attribute, places, **options)


class LogEntryNode(NodeType):
    """One recorded event, in the log once it has its place. 日志条目"""

    class Meta:
        model = Entry
        name = "LogEntry"

    schema = graphene.String(required=True)
    subject_type = graphene.String(required=True)
    subject_id = graphene.UUID(required=True)
    at = graphene.DateTime(required=True)
    body = graphene.String(required=True, description="The canonical JSON (RFC 8785) that the leaf hash is over. 规范化字节")
    disclosed = graphene.String(
        description="The sealed values as JSON, who acted among them, for who recorded the entry and for regulators. 封存值的披露"
    )
    log = LogPlace("pk", required=True, description="Whether outsiders can verify it yet. 存证状态")
    proof = graphene.Field(ProofType, description="Null until a checkpoint covers the entry. 未被检查点覆盖时为空")

    @staticmethod
    def resolve_body(root: Entry, _info: Any) -> str:
        """The leaf's bytes as text."""
        return bytes(root.body).decode()

    @staticmethod
    def resolve_disclosed(root: Entry, info: Any) -> str | None:
        """The values behind the seals; null to anybody else, and for a value that was erased nothing."""
        values = disclosed_to(actor_of(info), root)
        return None if values is None else canonical(values).decode()

    @staticmethod
    def resolve_proof(root: Entry, _info: Any) -> Any:
        """The proof under the latest checkpoint."""
        return proof_of(root.pk)


class CheckpointNode(NodeType):
    """A signed statement of the log's size and root. 检查点"""

    class Meta:
        model = SignedCheckpoint
        name = "Checkpoint"

    size = BigInt(required=True)
    note = graphene.String(required=True)
    at = graphene.DateTime(required=True)


class LogKeyType(graphene.ObjectType):
    """A key that signs or has signed checkpoints, or their second line, and for which sizes it vouches. 日志公钥及其担保范围"""

    class Meta:
        name = "LogKey"

    key = graphene.String(required=True, description="C2SP verifier key; of the second line in the same form. 验证公钥")
    from_size = BigInt(description="The least size that it vouches for; null until its announcement has a place. 起始规模")
    last_size = BigInt(description="The largest size that it vouches for; null while it signs. 最后有效规模")
    compromised = graphene.Boolean(required=True, description="Whether somebody else may have it. 是否泄露")
    added_at = graphene.DateTime(required=True)
    retired_at = graphene.DateTime()

    @staticmethod
    def resolve_key(root: AnyKnown, _info: Any) -> str:
        """Its text."""
        return root.row.key

    @staticmethod
    def resolve_last_size(root: AnyKnown, _info: Any) -> int | None:
        """Set when it is retired."""
        return root.row.last_size

    @staticmethod
    def resolve_compromised(root: AnyKnown, _info: Any) -> bool:
        """Said when it is retired."""
        return bool(root.row.compromised)

    @staticmethod
    def resolve_added_at(root: AnyKnown, _info: Any) -> datetime:
        """When it was announced."""
        return root.row.added_at

    @staticmethod
    def resolve_retired_at(root: AnyKnown, _info: Any) -> datetime | None:
        """When it was retired."""
        return root.row.retired_at


class Queries:
    """What the log answers."""

    log_entries = connection(LogEntryNode, entry_page, subject_id=graphene.UUID(), schema=graphene.String())
    checkpoint = graphene.Field(CheckpointNode, description="The latest signed checkpoint. 最新检查点")
    log_key = graphene.String(description="The log's public verifier key: of those that signed the latest checkpoint the newest. 日志公钥")
    log_keys = Items(LogKeyType, size=KEYS_SHOWN_MAX, description="The keys that sign or have signed, oldest first. 历次日志公钥")
    log_keys.cost = 10
    log_sm2_key = graphene.String(description="The SM2 key that signed the latest checkpoint's second line, if one did. 国密第二签名公钥")
    log_sm2_keys = Items(LogKeyType, size=KEYS_SHOWN_MAX, description="The SM2 keys of the second line, oldest first. 历次国密第二签名公钥")
    log_sm2_keys.cost = 10

    @staticmethod
    def resolve_checkpoint(_root: Any, _info: Any) -> SignedCheckpoint | None:
        """The latest one."""
        return latest_checkpoint()

    @staticmethod
    def resolve_log_key(_root: Any, _info: Any) -> str | None:
        """The verifier key."""
        return verifier_key()

    @staticmethod
    def resolve_log_keys(_root: Any, _info: Any) -> list[KnownKey[Verifier]]:
        """All of them."""
        return log_keys()

    @staticmethod
    def resolve_log_sm2_key(_root: Any, _info: Any) -> str | None:
        """The second one."""
        return log_sm2_key()

    @staticmethod
    def resolve_log_sm2_keys(_root: Any, _info: Any) -> list[KnownKey[Sm2Key]]:
        """All of the second line."""
        return log_sm2_keys()
