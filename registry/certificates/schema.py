"""Certificates in GraphQL: their statement, signature, and a check that needs no trust in this server."""

import base64
from typing import Any

import graphene

from registry.base.graphql import NodeType, Ref, actor_of, connection
from registry.certificates.models import Certificate
from registry.certificates.selectors import Check, certificate_check, certificate_page
from registry.log.schema import LogEntryNode, ProofType
from registry.rights.schema import RegisteredObjectNode


class CertificateNode(NodeType):
    """A signed statement of what one filing registered. 登记证书"""

    class Meta:
        model = Certificate

    number = graphene.String(required=True, description="EGR-<YYYYMM>-<4 digits>. 证书编号")
    statement = graphene.String(required=True, description="Canonical JSON (RFC 8785), exactly as signed. 证书内容")
    sha256 = graphene.String(required=True)
    signature = graphene.String(
        required=True, description="Ed25519, base64, over the line egret-certificate-v1, a line feed and the statement. 签名"
    )
    public_key = graphene.String(required=True, description="Base64. 公钥")
    issued_at = graphene.DateTime(required=True)
    object = Ref(RegisteredObjectNode, "object_id")

    @staticmethod
    def resolve_statement(root: Certificate, _info: Any) -> str:
        """As text."""
        return bytes(root.statement).decode()

    @staticmethod
    def resolve_signature(root: Certificate, _info: Any) -> str:
        """As base64."""
        return base64.b64encode(bytes(root.signature)).decode()

    @staticmethod
    def resolve_public_key(root: Certificate, _info: Any) -> str:
        """As base64."""
        return base64.b64encode(bytes(root.public_key)).decode()


class CertificateCheckType(graphene.ObjectType):
    """What checking a certificate showed. 证书核验结果"""

    class Meta:
        name = "CertificateCheck"

    certificate = graphene.Field(graphene.NonNull(CertificateNode))
    signature_valid = graphene.Boolean(required=True, description="As signed, by this installation's key. 签名有效")
    deposit = graphene.Field(LogEntryNode, description="The log entry of the deposit. 存证条目")
    proof = graphene.Field(ProofType, description="That the deposit is in the log. 存证证明")


class Queries:
    """What certificates answer."""

    certificates = connection(CertificateNode, certificate_page, number=graphene.String())
    certificate_verify = graphene.Field(
        CertificateCheckType, number=graphene.String(required=True), description="Check a certificate by its number. 证书核验"
    )
    certificate_verify.cost = 10

    @staticmethod
    def resolve_certificate_verify(_root: Any, info: Any, number: str) -> Check | None:
        """Signature and place in the log; null where there is no such certificate."""
        return certificate_check(actor=actor_of(info), number=number)
