"""Certificates in GraphQL: their statement, their signatures, and a check that needs no trust in this server."""

import base64
from hashlib import sha256
from typing import Any

import graphene
from django.urls import reverse

from registry.base.actor import Actor
from registry.base.graphql import BigInt, Children, IdOf, Items, Mutation, NodeType, Ref, actor_of, connection, enum_of, from_global
from registry.certificates.addresses import page_address, pdf_address
from registry.certificates.evidence import Bundle, right_bundle
from registry.certificates.models import Certificate, CertificateRevocation, CertificateSignature
from registry.certificates.numbers import number_of
from registry.certificates.presenting import certificate_sd_jwt
from registry.certificates.revoking import certificate_revocation_propose, certificate_revoke
from registry.certificates.selectors import Check, certificate_check, certificate_page, credential_of, revocation_page
from registry.certificates.status import REASONS_MAX, Cause, State
from registry.log.canonical import canonical
from registry.log.schema import LogEntryNode, LogPlace, ProofType
from registry.parties.schema import OrganisationNode
from registry.rights.schema import RegisteredObjectNode, RevocationStateEnum

CertificateStateEnum = enum_of(
    State,
    "CertificateState",
    "What a certificate is worth: VALID 有效; SUSPENDED 中止, while a hold rests on its object; REVOKED 撤销; EXPIRED 期满.",
)
CertificateCauseEnum = enum_of(
    Cause,
    "CertificateCause",
    "Why it is not valid: ISSUED_IN_ERROR 错误核发; RIGHT_CHANGED 权利变更或终止, the register no longer has the right that it states; "
    "HELD 权利受限; TERM_OVER 期限届满.",
)


class CertificateSignatureNode(NodeType):
    """One signature over a certificate's statement; each stands alone, none is over another. 证书签名"""

    class Meta:
        model = CertificateSignature

    suite = graphene.String(
        required=True,
        description="eddsa-jcs-2022: W3C Data Integrity proof. sm2-sm3: SM2 with SM3 (GB/T 32918.2), detached. 签名套件",
    )
    key_id = graphene.String(required=True)
    public_key = graphene.String(required=True, description="Base64: 32 bytes of Ed25519, or the uncompressed SM2 point. 公钥")
    value = graphene.String(required=True, description="Base64: 64 bytes of Ed25519, or the two numbers of SM2 in DER. 签名值")

    @staticmethod
    def resolve_public_key(root: CertificateSignature, _info: Any) -> str:
        """As base64."""
        return base64.b64encode(bytes(root.public_key)).decode()

    @staticmethod
    def resolve_value(root: CertificateSignature, _info: Any) -> str:
        """As base64."""
        return base64.b64encode(bytes(root.value)).decode()


class CertificateNode(NodeType):
    """A signed statement of what one filing registered. 登记证书"""

    class Meta:
        model = Certificate

    number = graphene.String(required=True, description="EGR-<YYYYMM>-<4 digits>. 证书编号")
    statement = graphene.String(
        required=True, description="The unsecured W3C credential as canonical JSON (RFC 8785), exactly as signed. 证书内容"
    )
    sha256 = graphene.String(required=True, description="Of the statement, as the log's certificate.issued has it. 内容摘要")
    credential = graphene.String(
        required=True, description="The secured W3C Verifiable Credential 2.0 (eddsa-jcs-2022) as canonical JSON. 可验证凭证"
    )
    credential.cost = 1
    signatures = Children(CertificateSignatureNode, "certificate_id", order="suite", description="Side by side, never nested. 签名")
    issued_at = graphene.DateTime(required=True)
    page_url = graphene.String(required=True, description="Its page, for people: the facts, and how it stands now. 证书网页")
    pdf_url = graphene.String(required=True, description="The certificate to print, PDF/A, the credential attached. 版式文件")
    log = LogPlace("event_id", required=True, description="Whether outsiders can verify its issue yet. 存证状态")
    object = Ref(RegisteredObjectNode, "object_id")

    @staticmethod
    def resolve_statement(root: Certificate, _info: Any) -> str:
        """As text."""
        return bytes(root.statement).decode()

    @staticmethod
    def resolve_page_url(root: Certificate, _info: Any) -> str:
        """Below the installation's outside address."""
        return page_address(root.number)

    @staticmethod
    def resolve_pdf_url(root: Certificate, _info: Any) -> str:
        """Below the installation's outside address."""
        return pdf_address(root.number)

    @staticmethod
    def resolve_credential(root: Certificate, _info: Any) -> str:
        """As text."""
        return canonical(credential_of(root)).decode()


class CertificateRevocationNode(NodeType):
    """A registrar's proposal to revoke a certificate issued in error, and the second person who did it. 证书撤销"""

    class Meta:
        model = CertificateRevocation

    certificate = Ref(CertificateNode, "certificate_id", description="The certificate. 证书")
    registrar = Ref(OrganisationNode, "registrar_id", description="Whose proposal it is. 登记机构")
    reason = graphene.String(required=True)
    evidence_sha256 = graphene.String(required=True)
    state = graphene.Field(RevocationStateEnum, required=True)
    version = graphene.Int(required=True)
    proposed_at = graphene.DateTime(required=True)
    decided_at = graphene.DateTime()
    log = LogPlace("event_id", description="Whether outsiders can verify the revocation yet; null before it. 存证状态")


class CertificateReasonType(graphene.ObjectType):
    """One cause why a certificate is not valid. 证书状态原因"""

    class Meta:
        name = "CertificateReason"

    cause = graphene.Field(CertificateCauseEnum, required=True)
    event = graphene.UUID(description="The event that it rests on, if there is one. 依据的事件")
    log = LogPlace("event", description="How far that event has come into the log. 存证状态")


class CertificateStatusType(graphene.ObjectType):
    """What a certificate is worth now. 证书状态"""

    class Meta:
        name = "CertificateStatus"

    state = graphene.Field(CertificateStateEnum, required=True)
    reasons = Items(CertificateReasonType, size=REASONS_MAX)
    size = BigInt(
        required=True,
        description="Size of the latest checkpoint: every entry below it counts, and what the register did since. 检查点大小",
    )


class CertificateCheckType(graphene.ObjectType):
    """What checking a certificate showed. 证书核验结果"""

    class Meta:
        name = "CertificateCheck"

    certificate = graphene.Field(graphene.NonNull(CertificateNode))
    signature_valid = graphene.Boolean(
        required=True,
        description="Every signature is as made, by keys in this installation's log, over what the event of the issue names. 签名有效",
    )
    status = graphene.Field(CertificateStatusType, required=True, description="What it is worth now. 状态")
    deposit = graphene.Field(LogEntryNode, description="The log entry of the deposit. 存证条目")
    proof = graphene.Field(ProofType, description="That the deposit is in the log. 存证证明")


class RightEvidenceType(graphene.ObjectType):
    """One file that proves a right's chain of title offline, as far as the log went. 权利证据包

    Anybody signed in gets it; terms are disclosed in it only to the holder, whoever granted it, and those who supervise.
    """

    class Meta:
        name = "RightEvidence"

    path = graphene.String(required=True, description="Where it is downloaded, with the same key. 下载路径")
    sha256 = graphene.String(required=True, description="Of the file as it is now, for whoever asks. 文件摘要")
    size = BigInt(required=True, description="How many entries of the log it was made with: nothing after them is in it. 日志条目数")
    timestamped = graphene.Boolean(required=True, description="Whether an authority's timestamp is in it (RFC 3161). 是否附时间戳")

    @staticmethod
    def resolve_path(root: Bundle, _info: Any) -> str:
        """The address."""
        return reverse("right_evidence", args=[root.grant])

    @staticmethod
    def resolve_sha256(root: Bundle, _info: Any) -> str:
        """As hex."""
        return sha256(root.content).hexdigest()


class Queries:
    """What certificates answer."""

    certificates = connection(CertificateNode, certificate_page, number=graphene.String())
    certificate_revocations = connection(CertificateRevocationNode, revocation_page, state=RevocationStateEnum())
    certificate_verify = graphene.Field(
        CertificateCheckType, number=graphene.String(required=True), description="Check a certificate by its number. 证书核验"
    )
    certificate_verify.cost = 10
    certificate_sd_jwt = graphene.Field(
        graphene.NonNull(graphene.String),
        number=graphene.String(required=True),
        reveal=graphene.List(
            graphene.NonNull(graphene.String),
            description="Claims to disclose, such as object.name, holder.uscc, rights.0.scope, number; all by default. 披露项",
        ),
        description="A valid certificate of yours to show in part, for a day (SD-JWT, RFC 9901). 选择性披露证书",
    )
    certificate_sd_jwt.cost = 10
    right_evidence = graphene.Field(
        RightEvidenceType, grant_id=graphene.ID(required=True), description="The evidence of a right, ready to be downloaded. 权利证据"
    )
    right_evidence.cost = 50

    @staticmethod
    def resolve_certificate_verify(_root: Any, info: Any, number: str) -> Check | None:
        """Signature and place in the log; null where there is no such certificate, an error where there can be none."""
        return certificate_check(actor=actor_of(info), number=number_of(number))

    @staticmethod
    def resolve_right_evidence(_root: Any, info: Any, grant_id: str) -> Bundle:
        """The bundle as it is now; an error where it cannot be made."""
        return right_bundle(actor=actor_of(info), grant_id=from_global(grant_id, expected="Grant", field=("grantId",)))

    @staticmethod
    def resolve_certificate_sd_jwt(_root: Any, info: Any, number: str, reveal: list[str] | None = None) -> str:
        """The token with its disclosures, each ended by a tilde."""
        return certificate_sd_jwt(actor=actor_of(info), number=number_of(number), reveal=reveal)


class CertificateRevocationPropose(Mutation):
    """Propose to revoke a certificate issued in error; a second person of a registrar does it. Its rights stay. 提出撤销证书"""

    class Input:
        certificate_id = IdOf("Certificate", required=True)
        reason = graphene.String(required=True)
        evidence_sha256 = graphene.String(required=True, description="SHA-256 of the evidence, hexadecimal. 证据摘要")
        idempotency_key = graphene.String(required=True)

    revocation = graphene.Field(CertificateRevocationNode)

    @classmethod
    def perform(cls, actor: Actor, **given: Any) -> "CertificateRevocationPropose":
        """Propose it."""
        return cls(revocation=certificate_revocation_propose(actor=actor, **given))


class CertificateRevoke(Mutation):
    """Revoke a certificate that another person proposed to revoke. 撤销证书"""

    class Input:
        revocation_id = IdOf("CertificateRevocation", required=True)
        expected_version = graphene.Int(required=True)
        idempotency_key = graphene.String(required=True)

    revocation = graphene.Field(CertificateRevocationNode)

    @classmethod
    def perform(cls, actor: Actor, **given: Any) -> "CertificateRevoke":
        """Revoke it."""
        return cls(revocation=certificate_revoke(actor=actor, **given))
