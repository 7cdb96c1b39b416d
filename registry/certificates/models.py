"""Certificates, written once, with what they state and who signed them; the keys that signed; and the counter that numbers them."""

from typing import Final

from django.db import models
from django.db.models import PROTECT, CheckConstraint, F, ForeignKey, Q, UniqueConstraint

from registry.base.actor import Actor
from registry.base.signing import Algorithm, PublicKey
from registry.base.visibility import EVERYBODY, NOBODY, Record, text_choices
from registry.parties.models import Organisation
from registry.rights.models import SUPERVISING, Grant, RegisteredObject
from registry.rights.states import RevocationState

SERIAL_MAX: Final = 9999
STATUS_LIST_BITS: Final = 131_072
"""Places of a status list: the least that the standard allows, so that one certificate cannot be told from the others by its place."""


def shown(actor: Actor) -> Q:
    """A certificate is there to be shown: whoever is signed in may read it."""
    return EVERYBODY if actor.authenticated else NOBODY


class StatusList(models.Model):
    """A list of places for the status of certificates; the newest is the one that is being filled. Append-only. 状态列表"""

    number = models.PositiveIntegerField(primary_key=True)
    opened_at = models.DateTimeField()

    class Meta:
        constraints = [CheckConstraint(name="status_list_numbered_from_one", condition=Q(number__gte=1))]

    def __str__(self) -> str:
        """Its number."""
        return f"status list {self.number}"

    @classmethod
    def visibility(cls, actor: Actor) -> Q:  # noqa: ARG003 the rule is the same for all
        """Published as it is."""
        return EVERYBODY


class Certificate(Record):
    """A signed statement of what one filing registered. 登记证书. Append-only; a rendering, never the right itself."""

    number = models.CharField(max_length=16)
    filing_id = models.UUIDField()
    object = ForeignKey(RegisteredObject, on_delete=PROTECT, related_name="+")
    deposit_event = models.UUIDField()
    statement = models.BinaryField()
    """RFC 8785 bytes of the credential before it was secured; every signature is over these."""
    sha256 = models.CharField(max_length=64)
    status_list = ForeignKey(StatusList, on_delete=PROTECT, related_name="certificates", db_index=False)
    status_index = models.PositiveIntegerField()
    issued_at = models.DateTimeField()
    event_id = models.UUIDField()
    """The event of its issue."""

    class Meta:
        verbose_name = "certificate"
        constraints = [
            UniqueConstraint(name="certificate_number_once", fields=["number"]),
            UniqueConstraint(name="certificate_one_per_filing", fields=["filing_id"]),
            UniqueConstraint(name="certificate_status_place_once", fields=["status_list", "status_index"]),
            CheckConstraint(name="certificate_number_form", condition=Q(number__regex=r"^EGR-\d{4}(0[1-9]|1[0-2])-(?!0000)\d{4}$")),
            CheckConstraint(name="certificate_hashed", condition=Q(sha256__regex="^[0-9a-f]{64}$")),
            CheckConstraint(name="certificate_status_place_exists", condition=Q(status_index__lt=STATUS_LIST_BITS)),
        ]

    @classmethod
    def visibility(cls, actor: Actor) -> Q:
        """Whoever is signed in."""
        return shown(actor)


class StatedRight(Record):
    """The version of a right that a certificate states. Once the register closes that version, the certificate is no longer true."""

    certificate = ForeignKey(Certificate, on_delete=PROTECT, related_name="stated")
    grant = ForeignKey(Grant, on_delete=PROTECT, related_name="+")

    class Meta:
        verbose_name = "stated right"
        constraints = [UniqueConstraint(name="stated_right_once", fields=["certificate", "grant"])]

    @classmethod
    def visibility(cls, actor: Actor) -> Q:
        """As the certificate."""
        return shown(actor)


class Suite(models.TextChoices):
    """How a certificate is signed."""

    EDDSA_JCS_2022 = "eddsa-jcs-2022", "数据完整性证明"
    SM2_SM3 = "sm2-sm3", "国密签名"


class CertificateSignature(Record):
    """One signature over a certificate's statement; each stands alone, none is over another. Append-only. 签名"""

    certificate = ForeignKey(Certificate, on_delete=PROTECT, related_name="signatures", db_index=False)
    suite = models.CharField(**text_choices(Suite))
    key_id = models.CharField(max_length=16)
    public_key = models.BinaryField(max_length=65)
    value = models.BinaryField(max_length=72)
    proof = models.JSONField(null=True)
    """The options of a Data Integrity proof, which its signature covers too; null for a detached signature."""

    class Meta:
        verbose_name = "certificate signature"
        constraints = [
            UniqueConstraint(name="certificate_signed_once_by_suite", fields=["certificate", "suite"]),
            CheckConstraint(name="certificate_signature_suite_known", condition=Q(suite__in=Suite.values)),
            CheckConstraint(name="certificate_signature_proof_by_suite", condition=Q(suite=Suite.SM2_SM3) ^ Q(proof__isnull=False)),
        ]

    @property
    def key(self) -> PublicKey:
        """The key that made it."""
        algorithm = Algorithm.SM2_SM3 if self.suite == Suite.SM2_SM3 else Algorithm.ED25519
        return PublicKey(algorithm, bytes(self.public_key))

    @classmethod
    def visibility(cls, actor: Actor) -> Q:
        """As the certificate."""
        return shown(actor)


class CertificateRevocation(Record):
    """A registrar's proposal to revoke a certificate that was issued in error, and the second person who did it. 证书撤销

    A right that ends needs none: its certificate follows the register by itself.
    """

    certificate = ForeignKey(Certificate, on_delete=PROTECT, related_name="revocations")
    reason = models.TextField()
    evidence_sha256 = models.CharField(max_length=64)
    state = models.CharField(**text_choices(RevocationState), default=RevocationState.PROPOSED)
    version = models.PositiveIntegerField(default=1)
    registrar = ForeignKey(Organisation, on_delete=PROTECT, related_name="+")
    proposed_by = models.UUIDField()
    proposed_at = models.DateTimeField()
    decided_by = models.UUIDField(null=True)
    decided_at = models.DateTimeField(null=True)
    event_id = models.UUIDField(null=True)
    """The event of the revocation."""

    class Meta:
        verbose_name = "certificate revocation"
        constraints = [
            CheckConstraint(name="certificate_revocation_evidence_hashed", condition=Q(evidence_sha256__regex="^[0-9a-f]{64}$")),
            CheckConstraint(
                name="certificate_revocation_four_eyes",
                condition=Q(state=RevocationState.PROPOSED, decided_by=None, decided_at=None, event_id=None)
                | Q(state=RevocationState.DONE, decided_by__isnull=False, decided_at__isnull=False, event_id__isnull=False)
                & ~Q(decided_by=F("proposed_by")),
            ),
            UniqueConstraint(name="certificate_revoked_once", fields=["certificate"], condition=Q(state=RevocationState.DONE)),
        ]

    @classmethod
    def visibility(cls, actor: Actor) -> Q:
        """Registrars, supervisors, and the holder."""
        if not actor.authenticated:
            return NOBODY
        if actor.is_kind(*SUPERVISING):
            return EVERYBODY
        return Q(certificate__object__owner=actor.organisation)


class IssuerKey(Record):
    """A key that this installation has signed certificates with; it stays listed when another follows. Append-only. 签发公钥"""

    algorithm = models.CharField(max_length=16, choices=[(each.value, each.value) for each in Algorithm])
    public_key = models.BinaryField(max_length=65)
    introduced_at = models.DateTimeField()
    event_id = models.UUIDField()

    class Meta:
        verbose_name = "issuer key"
        constraints = [
            UniqueConstraint(name="issuer_key_once", fields=["algorithm", "public_key"]),
            CheckConstraint(name="issuer_key_algorithm_known", condition=Q(algorithm__in=[each.value for each in Algorithm])),
        ]

    @property
    def key(self) -> PublicKey:
        """The key itself."""
        return PublicKey(Algorithm(self.algorithm), bytes(self.public_key))

    @classmethod
    def visibility(cls, actor: Actor) -> Q:  # noqa: ARG003 the rule is the same for all
        """Published, so that everybody can verify."""
        return EVERYBODY


class Counter(models.Model):
    """The last serial given in a month (China time): one row a month, unpartitioned."""

    month = models.CharField(max_length=6, primary_key=True)
    last = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [CheckConstraint(name="certificate_serial_in_range", condition=Q(last__range=(1, SERIAL_MAX)))]

    def __str__(self) -> str:
        """Month and last serial."""
        return f"{self.month}: {self.last}"

    @classmethod
    def visibility(cls, actor: Actor) -> Q:  # noqa: ARG003 the rule is the same for all
        """Internal."""
        return NOBODY
