"""Parties in GraphQL: organisations, people, keys, permits, and who is asking."""

import base64
import binascii
from typing import Any

import graphene

from registry.base.actor import Actor, PartyKind
from registry.base.errors import BadInput
from registry.base.graphql import Children, IdOf, Mutation, NodeType, Ref, actor_of, connection, enum_of
from registry.parties.models import AUTHORITIES, Affiliation, ApiKey, Organisation, Person, SectorPermit, SigningKey
from registry.parties.selectors import (
    affiliation_page,
    api_key_page,
    organisation_page,
    permit_page,
    person_name,
    person_page,
    viewer_organisation,
    viewer_person,
)
from registry.parties.services import (
    affiliation_declare,
    api_key_issue,
    api_key_revoke,
    organisation_admit,
    organisation_verify,
    person_add,
    sector_permit_check,
    sector_permit_file,
    signing_key_register,
    signing_key_revoke,
)

PartyKindEnum = graphene.Enum(
    "PartyKind",
    [(kind.value, kind.value) for kind in PartyKind],
    description=lambda value: None if value else "What an organisation is admitted as. 主体类别",
)
AffiliationBasisEnum = enum_of(Affiliation.Basis, "AffiliationBasis", "Why two organisations are affiliated. 关联依据")
_KEY_ONCE = "A new key for each new request; repeat it to get the first result. 幂等键"


class PersonNode(NodeType):
    """A human being who acts for organisations. 人员"""

    class Meta:
        model = Person

    added_at = graphene.DateTime(required=True)
    name = graphene.Field(
        graphene.String, description="For the person and their colleagues; null for others and after erasure. 姓名，仅本人及同事可见"
    )

    name.cost = 3  # the membership, the data key, the sealed value

    @staticmethod
    def resolve_name(root: Person, info: Any) -> str | None:
        """The unsealed name."""
        return person_name(actor_of(info), root.pk)


class SigningKeyNode(NodeType):
    """The public half of a key with which a named person binds an organisation. 签名公钥"""

    class Meta:
        model = SigningKey

    organisation = Ref(lambda: OrganisationNode, "organisation_id")
    person = Ref(PersonNode, "person_id", description="Null unless a colleague asks, or a regulator. 仅同事和监管可见")
    public_key = graphene.String(required=True, description="Ed25519, 32 bytes in base64. 公钥")
    registered_at = graphene.DateTime(required=True)
    revoked_at = graphene.DateTime()

    @staticmethod
    def resolve_public_key(root: SigningKey, _info: Any) -> str:
        """The key's bytes in base64."""
        return base64.b64encode(bytes(root.public_key)).decode()


class SectorPermitNode(NodeType):
    """A permit that a sector's law requires. 行业许可"""

    class Meta:
        model = SectorPermit

    organisation = Ref(lambda: OrganisationNode, "organisation_id")
    sector = graphene.String(required=True)
    number = graphene.String(required=True)
    valid_from = graphene.Date(required=True)
    valid_until = graphene.Date(required=True, description="Last day of validity. 有效期截止日")
    document_sha256 = graphene.String(required=True)
    filed_at = graphene.DateTime(required=True)
    accepted = graphene.Boolean(description="The institution's finding; null until checked. 核验结论")
    checked_at = graphene.DateTime()


class OrganisationNode(NodeType):
    """A party that the operator admitted. 主体"""

    class Meta:
        model = Organisation

    kinds = graphene.List(graphene.NonNull(PartyKindEnum), required=True)
    name_zh = graphene.String(required=True)
    name_en = graphene.String(required=True)
    uscc = graphene.String(description="Unified social credit code; null abroad. 统一社会信用代码")
    country = graphene.String(required=True, description="ISO 3166-1 alpha-2. 国家或地区")
    admitted_at = graphene.DateTime(required=True)
    verified_at = graphene.DateTime(description="When an institution verified its identity. 身份核验时间")
    identity_document_sha256 = graphene.String(description="For the organisation and authorities; null for others. 仅本主体和监管机构可见")
    signing_keys = Children(SigningKeyNode, "organisation_id")
    sector_permits = Children(SectorPermitNode, "organisation_id")

    @staticmethod
    def resolve_identity_document_sha256(root: Organisation, info: Any) -> str | None:
        """The digest, for those whom it concerns."""
        actor = actor_of(info)
        return root.identity_document_sha256 if actor.organisation == root.pk or actor.is_kind(*AUTHORITIES) else None


class ApiKeyNode(NodeType):
    """A key by which one person acts for one organisation; its secret is shown once, when issued. 接口密钥"""

    class Meta:
        model = ApiKey

    lookup = graphene.String(required=True, description="The part that tells keys apart; no secret. 密钥编号")
    person = Ref(PersonNode, "person_id")
    scopes = graphene.List(graphene.NonNull(graphene.String), required=True)
    issued_at = graphene.DateTime(required=True)
    expires_at = graphene.DateTime(required=True)
    revoked_at = graphene.DateTime()
    last_used_on = graphene.Date(description="China time. 最近使用日期")


class AffiliationNode(NodeType):
    """That two organisations are affiliated, either way round. 关联关系"""

    class Meta:
        model = Affiliation

    a = Ref(OrganisationNode, "a_id")
    b = Ref(OrganisationNode, "b_id")
    basis = AffiliationBasisEnum(required=True)
    declared_at = graphene.DateTime(required=True)


class ViewerType(graphene.ObjectType):
    """Who is asking, and what their key may do. 当前身份"""

    class Meta:
        name = "Viewer"

    organisation = graphene.Field(OrganisationNode)
    person = graphene.Field(PersonNode)
    scopes = graphene.List(graphene.NonNull(graphene.String), required=True)

    @staticmethod
    def resolve_organisation(root: Actor, _info: Any) -> Organisation | None:
        """The acting organisation."""
        return viewer_organisation(root)

    @staticmethod
    def resolve_person(root: Actor, _info: Any) -> Person | None:
        """The acting person."""
        return viewer_person(root)

    @staticmethod
    def resolve_scopes(root: Actor, _info: Any) -> list[str]:
        """The key's scopes that the organisation's kinds allow."""
        return sorted(scope for scope in root.scopes if root.may(scope))


class Queries:
    """What the parties room answers."""

    viewer = graphene.Field(ViewerType, description="Who is asking; null without a key. 当前身份")
    organisations = connection(OrganisationNode, organisation_page, kind=PartyKindEnum(), uscc=graphene.String())
    people = connection(PersonNode, person_page)
    api_keys = connection(ApiKeyNode, api_key_page)
    affiliations = connection(AffiliationNode, affiliation_page)
    sector_permits = connection(SectorPermitNode, permit_page)

    viewer.cost = 1

    @staticmethod
    def resolve_viewer(_root: Any, info: Any) -> Actor | None:
        """The actor of the request."""
        actor = actor_of(info)
        return actor if actor.authenticated else None


class OrganisationAdmit(Mutation):
    """Admit an organisation with its first person, whose key is shown once. 主体入驻"""

    class Input:
        kinds = graphene.List(graphene.NonNull(PartyKindEnum), required=True)
        name_zh = graphene.String(required=True)
        name_en = graphene.String(required=True)
        uscc = graphene.String(description="Required of an organisation in China. 境内主体必填")
        country = graphene.String(required=True)
        first_person_name = graphene.String(required=True)
        first_person_authority_sha256 = graphene.String(description="SHA-256 of the document that lets this person bind it. 授权文件摘要")
        idempotency_key = graphene.String(required=True, description=_KEY_ONCE)

    organisation = graphene.Field(OrganisationNode)
    person = graphene.Field(PersonNode)
    secret = graphene.String(description="The first person's API key, shown once; null when repeated. 仅显示一次")

    @staticmethod
    def perform(actor: Actor, *, uscc: str | None = None, **given: Any) -> "OrganisationAdmit":
        """Admit it."""
        organisation, person, secret = organisation_admit(actor=actor, uscc=uscc, **given)
        return OrganisationAdmit(organisation=organisation, person=person, secret=secret)


class OrganisationVerify(Mutation):
    """Record that an unaffiliated institution verified an organisation's identity. 身份核验"""

    class Input:
        organisation_id = IdOf("Organisation", required=True)
        document_sha256 = graphene.String(required=True)
        idempotency_key = graphene.String(required=True, description=_KEY_ONCE)

    organisation = graphene.Field(OrganisationNode)

    @staticmethod
    def perform(actor: Actor, **given: Any) -> "OrganisationVerify":
        """Verify it."""
        return OrganisationVerify(organisation=organisation_verify(actor=actor, **given))


class PersonAdd(Mutation):
    """Add a person to one's own organisation. 添加人员"""

    class Input:
        name = graphene.String(required=True, description="Sealed at once; never logged. 加密保存")
        may_bind = graphene.Boolean(required=True, description="Whether the person may sign for the organisation. 是否有权代表签署")
        authority_sha256 = graphene.String(description="SHA-256 of the document that authorises it; required with mayBind. 授权文件摘要")
        valid_until = graphene.Date(description="Last day. 截止日")
        idempotency_key = graphene.String(required=True, description=_KEY_ONCE)

    person = graphene.Field(PersonNode)

    @staticmethod
    def perform(actor: Actor, *, authority_sha256: str | None = None, **given: Any) -> "PersonAdd":
        """Add them."""
        return PersonAdd(person=person_add(actor=actor, authority_sha256=authority_sha256, **given))


class ApiKeyIssue(Mutation):
    """Issue a key to a person of one's own organisation; its secret is shown once. 签发接口密钥"""

    class Input:
        person_id = IdOf("Person", required=True)
        scopes = graphene.List(graphene.NonNull(graphene.String), required=True)
        expires_at = graphene.DateTime(required=True, description="Within a year. 一年以内")
        idempotency_key = graphene.String(required=True, description=_KEY_ONCE)

    api_key = graphene.Field(ApiKeyNode)
    secret = graphene.String(description="Shown once; null when repeated. 仅显示一次")

    @staticmethod
    def perform(actor: Actor, **given: Any) -> "ApiKeyIssue":
        """Issue it."""
        key, secret = api_key_issue(actor=actor, **given)
        return ApiKeyIssue(api_key=key, secret=secret)


class ApiKeyRevoke(Mutation):
    """Revoke a key of one's own organisation, at once and for good. 吊销接口密钥"""

    class Input:
        key_id = IdOf("ApiKey", required=True)
        idempotency_key = graphene.String(required=True, description=_KEY_ONCE)

    api_key = graphene.Field(ApiKeyNode)

    @staticmethod
    def perform(actor: Actor, **given: Any) -> "ApiKeyRevoke":
        """Revoke it."""
        return ApiKeyRevoke(api_key=api_key_revoke(actor=actor, **given))


class SigningKeyRegister(Mutation):
    """Register the acting person's public key, with proof that they hold its private half. 登记签名公钥"""

    class Input:
        public_key = graphene.String(required=True, description="Ed25519, 32 bytes in base64. 公钥")
        proof = graphene.String(
            required=True,
            description="Base64 signature over egret-signing-key-v1, organisation UUID, person UUID, each ended by LF. 持有证明",
        )
        authority_sha256 = graphene.String(required=True, description="The recorded document that lets the person sign. 授权文件摘要")
        idempotency_key = graphene.String(required=True, description=_KEY_ONCE)

    signing_key = graphene.Field(SigningKeyNode)

    @staticmethod
    def perform(actor: Actor, *, public_key: str, proof: str, **given: Any) -> "SigningKeyRegister":
        """Register it."""
        key = signing_key_register(actor=actor, public_key=_bytes("publicKey", public_key), proof=_bytes("proof", proof), **given)
        return SigningKeyRegister(signing_key=key)


class SigningKeyRevoke(Mutation):
    """Revoke a signing key of one's own organisation; what it signed before stays signed. 注销签名公钥"""

    class Input:
        key_id = IdOf("SigningKey", required=True)
        idempotency_key = graphene.String(required=True, description=_KEY_ONCE)

    signing_key = graphene.Field(SigningKeyNode)

    @staticmethod
    def perform(actor: Actor, **given: Any) -> "SigningKeyRevoke":
        """Revoke it."""
        return SigningKeyRevoke(signing_key=signing_key_revoke(actor=actor, **given))


class AffiliationDeclare(Mutation):
    """Record that two organisations are affiliated. 申报关联关系"""

    class Input:
        organisation_id = IdOf("Organisation", required=True)
        other_id = IdOf("Organisation", required=True)
        basis = AffiliationBasisEnum(required=True)
        idempotency_key = graphene.String(required=True, description=_KEY_ONCE)

    affiliation = graphene.Field(AffiliationNode)

    @staticmethod
    def perform(actor: Actor, **given: Any) -> "AffiliationDeclare":
        """Declare it."""
        return AffiliationDeclare(affiliation=affiliation_declare(actor=actor, **given))


class SectorPermitFile(Mutation):
    """File one's own organisation's permit for a sector. 备存行业许可"""

    class Input:
        sector = graphene.String(required=True, description="CREDIT, MAPPING, HUMAN_GENETIC, WEATHER or MEDICAL. 行业")
        number = graphene.String(required=True)
        valid_from = graphene.Date(required=True)
        valid_until = graphene.Date(required=True, description="Last day of validity. 有效期截止日")
        document_sha256 = graphene.String(required=True)
        idempotency_key = graphene.String(required=True, description=_KEY_ONCE)

    sector_permit = graphene.Field(SectorPermitNode)

    @staticmethod
    def perform(actor: Actor, **given: Any) -> "SectorPermitFile":
        """File it."""
        return SectorPermitFile(sector_permit=sector_permit_file(actor=actor, **given))


class SectorPermitCheck(Mutation):
    """Record an unaffiliated institution's check of a permit. 核验行业许可"""

    class Input:
        permit_id = IdOf("SectorPermit", required=True)
        accepted = graphene.Boolean(required=True, description="Genuine and as stated, or not. 是否属实")
        idempotency_key = graphene.String(required=True, description=_KEY_ONCE)

    sector_permit = graphene.Field(SectorPermitNode)

    @staticmethod
    def perform(actor: Actor, **given: Any) -> "SectorPermitCheck":
        """Check it."""
        return SectorPermitCheck(sector_permit=sector_permit_check(actor=actor, **given))


def _bytes(field: str, text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadInput(field, "base64") from error
