"""What the pages of a certificate and of a registered object show, gathered as anybody may read it, with bounded queries."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db.models import prefetch_related_objects
from django.urls import reverse

from marketplace.console.lineage import Lineage, lineage_of, object_path
from marketplace.console.reader import PUBLIC_READER
from registry.base import clock
from registry.base.errors import NotFound
from registry.certificates.models import Certificate
from registry.certificates.rendering.face import Face
from registry.certificates.rendering.words import KINDS, RIGHTS, Both, scope_words
from registry.certificates.selectors import Check, certificate_check, certificate_page, credential_of, revoked_among, sm2_signature_of
from registry.certificates.standing import HOLDS_MAX, Standing, StandingRight, State, face_of, standing_of
from registry.certificates.status import State as Worth
from registry.identifiers.records import Record
from registry.identifiers.selectors import resolve
from registry.log.canonical import canonical
from registry.log.merkle import HASH_BYTES
from registry.log.selectors import proof_holds, verifier_key
from registry.log.tiles import TILE_WIDTH, Tile
from registry.rights.models import Grant, Hold, RegisteredObject
from registry.rights.selectors import grant_page, holds_on
from registry.rules.calendar import china_date

RIGHTS_MAX: Final = 100
CERTIFICATES_MAX: Final = 20


@dataclass(frozen=True, slots=True)
class ShownRight:
    """A right that a certificate states, its name and scope in both languages, and how it stands today."""

    name: Both
    scope: Both
    stated: StandingRight
    state: State


@dataclass(frozen=True, slots=True)
class ShownCertificate:
    """A certificate as it stands at this moment.

    Attributes:
        included: a proof from the deposit's entry to a checkpoint signed by the log was computed and held.
    """

    row: Certificate
    face: Face
    standing: Standing
    check: Check
    included: bool
    today: date
    log_key: str

    @property
    def rights(self) -> list[ShownRight]:
        """Each right and how it stands today."""
        return [
            ShownRight(RIGHTS.get(right.kind, (right.kind,) * 2), scope_words(printed), right, right.state(self.today))
            for right, printed in zip(self.standing.rights, self.face.rights, strict=True)
        ]

    @property
    def ended(self) -> int:
        """How many of its rights were cut short of their term."""
        return sum(right.ended_on is not None for right in self.standing.rights)

    @property
    def in_force(self) -> bool:
        """Whether any of its rights is in force today."""
        return any(right.state == "in_force" for right in self.rights)

    @property
    def sound(self) -> bool:
        """Signed and logged as it should be."""
        return self.check.signature_valid and self.included

    @property
    def valid(self) -> bool:
        """Neither revoked nor suspended nor expired."""
        return self.check.status.state == Worth.VALID

    @property
    def status_word(self) -> str:
        """What it is worth, as the API and the status lists have it, and in Chinese."""
        return f"{self.check.status.state.value} {self.check.status.state.label}"

    @property
    def kind(self) -> Both:
        """What kind of object it is about."""
        return KINDS.get(self.face.object_kind, (self.face.object_kind,) * 2)

    @property
    def object_path(self) -> str:
        """The page of its object."""
        return object_path(self.face.identifier)

    @property
    def sm2(self) -> bool:
        """Whether an SM2 signature stands beside the proof."""
        return sm2_signature_of(self.row) is not None

    @property
    def commands(self) -> list[str]:
        """Commands with which anybody fetches the credential and its keys, reads the leaf hash out of the log, and audits the log."""
        public, size = settings.EGRET_PUBLIC_URL, self.check.proof.size if self.check.proof else 0
        log = f"{public}/log/{self.face.origin.rpartition('/')[2]}"
        block, place = divmod(self.face.index, TILE_WIDTH)
        tile = Tile(0, block, max(1, min(TILE_WIDTH, size - block * TILE_WIDTH)))
        return [
            f"curl -O {public}{reverse('certificate-credential', args=[self.face.number])}",
            f"curl -O {public}{reverse('did')}",
            f"curl -s {log}/{tile.path} | tail -c +{place * HASH_BYTES + 1} | head -c {HASH_BYTES} | xxd -p -c {HASH_BYTES}",
            f"python manage.py log audit --url {log} --key '{self.log_key}'",
        ]


@dataclass(frozen=True, slots=True)
class ShownGrant:
    """A right in an object, and how it stands today."""

    row: Grant
    last: date
    state: str


@dataclass(frozen=True, slots=True)
class ShownObject:
    """A registered object with what is on it.

    Attributes:
        revoked: those of the certificates that were revoked as issued in error.
    """

    identifier: Record
    row: RegisteredObject
    grants: list[ShownGrant]
    more_grants: bool
    holds: list[Hold]
    certificates: list[Certificate]
    revoked: frozenset[UUID]
    lineage: Lineage

    @property
    def kind(self) -> Both:
        """What kind of object it is."""
        return KINDS.get(self.row.kind, (self.row.kind,) * 2)


def shown_certificate(number: str) -> ShownCertificate:
    """A certificate with its signature and its place in the log checked now.

    Raises:
        NotFound: there is none with this number.
    """
    check = certificate_check(actor=PUBLIC_READER, number=number)
    if check is None or check.deposit is None:
        raise NotFound(field=("number",), noun="certificate")
    standing = standing_of(check.certificate, actor=PUBLIC_READER)
    included = check.proof is not None and proof_holds(check.proof, bytes(check.deposit.body))
    face = face_of(check.certificate, standing, actor=PUBLIC_READER)
    return ShownCertificate(check.certificate, face, standing, check, included, china_date(clock.now()), verifier_key() or "")


def certificate_row(number: str) -> Certificate:
    """A certificate, unchecked.

    Raises:
        NotFound: there is none with this number.
    """
    row = certificate_page(actor=PUBLIC_READER, number=number).first()
    if row is None:
        raise NotFound(field=("number",), noun="certificate")
    return row


def signed_document(row: Certificate) -> bytes:
    """The signed credential that pages and papers render, as canonical JSON."""
    return canonical(credential_of(row))


def shown_object(text: str) -> ShownObject:
    """The registered object that an identifier names.

    Raises:
        InvalidIdentifier: the text is no identifier.
        NotFound: it names no registered object.
    """
    identifier = resolve(text)
    row = RegisteredObject.objects.visible_to(PUBLIC_READER).filter(identifier=identifier.handle).select_related("owner").first()
    if row is None:
        raise NotFound(field=("handle",), noun="registered object")
    today = china_date(clock.now())
    grants = grant_page(actor=PUBLIC_READER, object_id=row.pk).select_related("holder", "licensor").order_by("kind", "id")
    found = [_grant(grant, today) for grant in grants[: RIGHTS_MAX + 1]]
    holds = list(holds_on(row.pk)[:HOLDS_MAX])
    prefetch_related_objects(holds, "set_by", "object")
    certificates = list(Certificate.objects.visible_to(PUBLIC_READER).filter(object=row).order_by("-id")[:CERTIFICATES_MAX])
    revoked = frozenset(revoked_among(certificates))
    return ShownObject(identifier, row, found[:RIGHTS_MAX], len(found) > RIGHTS_MAX, holds, certificates, revoked, lineage_of(row))


def _grant(row: Grant, today: date) -> ShownGrant:
    first, last = row.valid.lower, row.valid.upper - timedelta(days=1)
    return ShownGrant(row, last, "not_begun" if today < first else "in_force" if today <= last else "over")
