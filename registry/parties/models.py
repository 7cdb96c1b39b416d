"""Tables of the parties room and who may see what of them.

Disclosure is as small as the market's work allows. Public to every signed-in actor: organisations' registered facts, public
signing keys (they verify contracts), sector permits. Seen by the organisation and by authorities: affiliations. Seen by the
organisation alone: people, memberships, API keys; a regulator sees that a person exists, never the name.
"""

from typing import Final

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import CheckConstraint, Exists, F, OuterRef, Q, UniqueConstraint

from registry.base.actor import SUPERVISORS, Actor, PartyKind
from registry.base.limits import NAME_MAX
from registry.base.visibility import EVERYBODY, NOBODY, Record

SHA256: Final = r"^[0-9a-f]{64}$"
"""A document's digest as it is stored: hexadecimal digits, lower case."""
AUTHORITIES: Final = frozenset({PartyKind.REGULATOR, PartyKind.REGISTRAR, PartyKind.INSTITUTION})
"""Kinds whose organisations decide on others."""


def signed_in(actor: Actor) -> Q:
    """Every signed-in actor."""
    return EVERYBODY if actor.authenticated else NOBODY


class Organisation(Record):
    """A party that the operator admitted. Its facts never change; its identity is verified once. 主体"""

    kinds = ArrayField(models.CharField(max_length=16))
    name_zh = models.CharField(max_length=NAME_MAX, blank=True)
    name_en = models.CharField(max_length=NAME_MAX, blank=True)
    uscc = models.CharField(max_length=18, null=True)
    country = models.CharField(max_length=2)
    admitted_at = models.DateTimeField()
    verified_at = models.DateTimeField(null=True)
    verified_by = models.ForeignKey("Person", on_delete=models.PROTECT, null=True, related_name="+")
    identity_document_sha256 = models.CharField(max_length=64, null=True)

    class Meta:
        constraints = [
            UniqueConstraint(name="organisation_uscc_once", fields=["uscc"]),
            CheckConstraint(
                name="organisation_kinds_known", condition=Q(kinds__contained_by=[kind.value for kind in PartyKind], kinds__len__gte=1)
            ),
            CheckConstraint(name="organisation_named", condition=~Q(name_zh="", name_en="")),
            CheckConstraint(name="organisation_country_code", condition=Q(country__regex=r"^[A-Z]{2}$")),
            CheckConstraint(name="organisation_uscc_in_china", condition=~Q(country="CN") | Q(uscc__isnull=False)),
            CheckConstraint(
                name="organisation_verified_wholly",
                condition=Q(verified_at__isnull=True, verified_by__isnull=True, identity_document_sha256__isnull=True)
                | Q(verified_at__isnull=False, verified_by__isnull=False, identity_document_sha256__regex=SHA256),
            ),
        ]

    @classmethod
    def visibility(cls, actor: Actor) -> Q:
        """Registered facts of an organisation are public in the market."""
        return signed_in(actor)


class Person(Record):
    """A human being who acts for organisations. The name is sealed under the person's own key; destroying that key erases it. 人员"""

    sealed_name = models.BinaryField()
    added_at = models.DateTimeField()

    @classmethod
    def visibility(cls, actor: Actor) -> Q:
        """Colleagues; a regulator sees that the person exists. The name has a stricter rule: ``selectors.person_name``."""
        if actor.is_kind(*SUPERVISORS):
            return EVERYBODY
        if not actor.authenticated:
            return NOBODY
        return Q(Exists(Membership.objects.filter(person=OuterRef("pk"), organisation=actor.organisation)))


class Membership(Record):
    """That a person acts for an organisation, and whether a document authorises them to bind it. Append-only. 任职与授权"""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="memberships")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="memberships")
    may_bind = models.BooleanField()
    authority_sha256 = models.CharField(max_length=64, null=True)
    valid_from = models.DateField()
    valid_until = models.DateField(null=True)

    class Meta:
        constraints = [
            UniqueConstraint(name="membership_once", fields=["person", "organisation"]),
            CheckConstraint(
                name="membership_authority_documented",
                condition=Q(may_bind=True, authority_sha256__regex=SHA256) | Q(may_bind=False, authority_sha256__isnull=True),
            ),
            CheckConstraint(name="membership_days_in_order", condition=Q(valid_until__isnull=True) | Q(valid_until__gte=F("valid_from"))),
        ]

    @classmethod
    def visibility(cls, actor: Actor) -> Q:
        """The organisation's own."""
        return Q(organisation=actor.organisation) if actor.authenticated else NOBODY


class Affiliation(Record):
    """That two organisations are affiliated, either way round: the lower key comes first. Append-only. 关联关系"""

    class Basis(models.TextChoices):
        """Why they are affiliated."""

        CONTROL = "CONTROL", "one controls the other 控制"
        COMMON_CONTROL = "COMMON_CONTROL", "both are under one control 同一控制"
        KEY_PEOPLE = "KEY_PEOPLE", "they share directors or managers 董事监事高管关联"
        OTHER = "OTHER", "another tie that may move interests 其他关联"

    a = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    b = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    basis = models.CharField(max_length=32, choices=Basis.choices)
    declared_at = models.DateTimeField()

    class Meta:
        constraints = [
            UniqueConstraint(name="affiliation_once", fields=["a", "b"]),
            CheckConstraint(name="affiliation_of_two_in_order", condition=Q(a__lt=F("b"))),
            CheckConstraint(name="affiliation_basis_known", condition=Q(basis__in=["CONTROL", "COMMON_CONTROL", "KEY_PEOPLE", "OTHER"])),
        ]

    @classmethod
    def visibility(cls, actor: Actor) -> Q:
        """The two, and authorities, who must not decide on their own kin."""
        if actor.is_kind(*AUTHORITIES):
            return EVERYBODY
        return Q(a=actor.organisation) | Q(b=actor.organisation) if actor.authenticated else NOBODY


class ApiKey(Record):
    """A secret by which one person acts for one organisation. Only its hash is stored. 接口密钥"""

    lookup = models.CharField(max_length=8)
    secret_hash = models.BinaryField(max_length=32)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    scopes = ArrayField(models.CharField(max_length=32))
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    last_used_on = models.DateField(null=True)

    class Meta:
        constraints = [
            UniqueConstraint(name="api_key_lookup_once", fields=["lookup"]),
            CheckConstraint(name="api_key_has_scopes", condition=Q(scopes__len__gte=1)),
            CheckConstraint(name="api_key_expires_after_issue", condition=Q(expires_at__gt=F("issued_at"))),
        ]

    @classmethod
    def visibility(cls, actor: Actor) -> Q:
        """The organisation's own."""
        return Q(organisation=actor.organisation) if actor.authenticated else NOBODY


class SigningKey(Record):
    """The public half of a key with which a named person binds an organisation. 签名公钥"""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    public_key = models.BinaryField(max_length=32)
    authority_sha256 = models.CharField(max_length=64)
    registered_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            UniqueConstraint(name="signing_key_once", fields=["public_key"]),
            UniqueConstraint(name="signing_key_one_active", fields=["person", "organisation"], condition=Q(revoked_at__isnull=True)),
            CheckConstraint(name="signing_key_authority_documented", condition=Q(authority_sha256__regex=SHA256)),
            CheckConstraint(name="signing_key_revoked_later", condition=Q(revoked_at__isnull=True) | Q(revoked_at__gte=F("registered_at"))),
        ]

    @classmethod
    def visibility(cls, actor: Actor) -> Q:
        """A public key is there to be seen; it names its person by pseudonymous id only."""
        return signed_in(actor)


class SectorPermit(Record):
    """A permit that a sector's law requires, filed by its holder and checked once by an institution. 行业许可"""

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    sector = models.CharField(max_length=32)
    number = models.CharField(max_length=64)
    valid_from = models.DateField()
    valid_until = models.DateField(help_text="last day of validity")
    document_sha256 = models.CharField(max_length=64)
    filed_at = models.DateTimeField()
    accepted = models.BooleanField(null=True)
    checked_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+")
    checked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            UniqueConstraint(name="permit_once", fields=["organisation", "sector", "number"]),
            CheckConstraint(name="permit_days_in_order", condition=Q(valid_until__gte=F("valid_from"))),
            CheckConstraint(name="permit_documented", condition=Q(document_sha256__regex=SHA256)),
            CheckConstraint(
                name="permit_checked_wholly",
                condition=Q(accepted__isnull=True, checked_by__isnull=True, checked_at__isnull=True)
                | Q(accepted__isnull=False, checked_by__isnull=False, checked_at__isnull=False),
            ),
        ]

    @classmethod
    def visibility(cls, actor: Actor) -> Q:
        """A permit is an act of a public authority; whoever deals with the holder may see it."""
        return signed_in(actor)
