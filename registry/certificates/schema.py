"""Certificates in GraphQL: their statement, their signatures, and a check that needs no trust in this server."""

import base64
from hashlib import sha256
from typing import Any

import graphene
from django.urls import reverse

from registry.base.graphql import BigInt, Children, NodeType, Ref, actor_of, connection, from_global
from registry.certificates.addresses import page_address, pdf_address
from registry.certificates.evidence import Bundle, right_bundle
from registry.certificates.models import Certificate, CertificateSignature
from registry.certificates.selectors import Check, certificate_check, certificate_page, credential_of
from registry.log.canonical import canonical
from registry.log.schema import LogEntryNode, ProofType
from registry.rights.schema import RegisteredObjectNode


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


class CertificateCheckType(graphene.ObjectType):
    """What checking a certificate showed. 证书核验结果"""

    class Meta:
        name = "CertificateCheck"

    certificate = graphene.Field(graphene.NonNull(CertificateNode))
    signature_valid = graphene.Boolean(
        required=True, description="Every signature is as made, by keys in this installation's log. 签名有效"
    )
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
    certificate_verify = graphene.Field(
        CertificateCheckType, number=graphene.String(required=True), description="Check a certificate by its number. 证书核验"
    )
    certificate_verify.cost = 10
    right_evidence = graphene.Field(
        RightEvidenceType, grant_id=graphene.ID(required=True), description="The evidence of a right, ready to be downloaded. 权利证据"
    )
    right_evidence.cost = 50

    @staticmethod
    def resolve_certificate_verify(_root: Any, info: Any, number: str) -> Check | None:
        """Signature and place in the log; null where there is no such certificate."""
        return certificate_check(actor=actor_of(info), number=number)

    @staticmethod
    def resolve_right_evidence(_root: Any, info: Any, grant_id: str) -> Bundle:
        """The bundle as it is now; an error where it cannot be made."""
        return right_bundle(actor=actor_of(info), grant_id=from_global(grant_id, expected="Grant", field=("grantId",)))
