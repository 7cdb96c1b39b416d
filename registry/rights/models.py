"""The register's tables: what is registered, who holds which right in it, and what blocks it. The database holds the law.

Two times run through a grant: ``valid`` is when the right exists, ``recorded`` is since when, and until when, the register said so.
A correction closes ``recorded`` and inserts a shorter version; ``origin`` names the first one, and is what a right goes by.
Triggers (migration 0002) keep every right within the one it rests on and within the licences its object was made under.
"""

from typing import Any

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, DateTimeRangeField, IntegerRangeField, RangeOperators
from django.db import models
from django.db.models import PROTECT, Case, CheckConstraint, F, ForeignKey, Func, IntegerField, Q, UniqueConstraint, Value, When

from registry.base.actor import Actor, PartyKind
from registry.base.visibility import EVERYBODY, NOBODY, Record, text_choices
from registry.parties.models import Organisation
from registry.rights.scope import Scope
from registry.rights.states import HoldKind, HoldState, ObjectKind, RevocationState, Right

DEPTH_MAX = 16
SHARE_WHOLE_PPM = 1_000_000
SUPERVISING = (PartyKind.INSTITUTION, PartyKind.REGULATOR, PartyKind.REGISTRAR)


def registered_fact(actor: Actor) -> Q:
    """Registration is there to be relied on: whoever is signed in may read the register."""
    return EVERYBODY if actor.authenticated else NOBODY


class RegisteredObject(Record):
    """A resource or product in the register. 登记客体. Append-only."""

    kind = models.CharField(**text_choices(ObjectKind))
    owner = ForeignKey(Organisation, on_delete=PROTECT, related_name="+")
    name = models.CharField(max_length=200)
    summary = models.TextField(blank=True)
    source_category = models.CharField(max_length=32)
    source_kind = models.CharField(max_length=32)
    situation = models.CharField(max_length=32)
    level = models.CharField(max_length=32, blank=True)
    pi_kind = models.CharField(max_length=32, blank=True)
    sector = models.CharField(max_length=32, blank=True)
    identifier = models.CharField(max_length=64, blank=True)
    filing_id = models.UUIDField()
    depth = models.PositiveSmallIntegerField()
    """How many derivations lie under it: above each of its sources, so that no product is made from itself."""
    registered_at = models.DateTimeField()
    event_id = models.UUIDField()

    class Meta:
        verbose_name = "registered object"
        constraints = [
            CheckConstraint(name="object_kind_known", condition=Q(kind__in=ObjectKind.values)),
            CheckConstraint(name="object_depth_bounded", condition=Q(depth__lte=DEPTH_MAX)),
            CheckConstraint(name="object_resource_underived", condition=~Q(kind=ObjectKind.RESOURCE) | Q(depth=0)),
            CheckConstraint(name="object_named", condition=~Q(name="")),
            UniqueConstraint(name="object_identifier_once", fields=["identifier"], condition=~Q(identifier="")),
            UniqueConstraint(name="object_once_per_filing", fields=["filing_id"]),
        ]

    @classmethod
    def visibility(cls, actor: Actor) -> Q:
        """The register is read by all who are signed in."""
        return registered_fact(actor)


def _one_point(*edge: Any, function: str) -> Func:
    return Func(*edge, *edge, Value("[]"), function=function)


def _kind_number() -> Case:
    numbers = [When(kind=kind, then=Value(number)) for number, kind in enumerate(Right.values, start=1)]
    return Case(*numbers, output_field=IntegerField())


class Grant(Record):
    """One version of one right of one holder in one object. 权利. Only ``recorded`` ever changes, once, by being closed."""

    origin = ForeignKey("self", on_delete=PROTECT, related_name="versions")
    object = ForeignKey(RegisteredObject, on_delete=PROTECT, related_name="grants", db_index=False)
    kind = models.CharField(**text_choices(Right))
    holder = ForeignKey(Organisation, on_delete=PROTECT, related_name="+")
    licensor = ForeignKey(Organisation, on_delete=PROTECT, null=True, related_name="+")
    """The holder of ``parent``, who granted this right; null for a first holder's own."""
    parent = ForeignKey("self", on_delete=PROTECT, null=True, related_name="licences")
    """The right it rests on, by its origin."""
    lane = IntegerRangeField()
    """``[0,)`` for an exclusive right, a point of its own for any other: rights overlap where their lanes do."""
    valid = DateRangeField()
    recorded = DateTimeRangeField()
    scope = models.JSONField()
    income_share_ppm = models.PositiveIntegerField(default=0)
    deal_id = models.UUIDField(null=True)
    filing_id = models.UUIDField(null=True)
    event_id = models.UUIDField()

    class Meta:
        verbose_name = "grant"
        indexes = [
            models.Index(name="grant_of_object", fields=["object", "kind", "holder"]),
            models.Index(name="grant_closed", fields=["id"], condition=Q(recorded__upper_inf=False)),
        ]
        constraints = [
            ExclusionConstraint(
                name="grant_lanes_apart",
                expressions=[
                    (_one_point(F("object"), function="uuidrange"), RangeOperators.OVERLAPS),
                    (_one_point(_kind_number(), function="int4range"), RangeOperators.OVERLAPS),
                    ("lane", RangeOperators.OVERLAPS),
                    ("valid", RangeOperators.OVERLAPS),
                    ("recorded", RangeOperators.OVERLAPS),
                ],
            ),
            CheckConstraint(name="grant_kind_known", condition=Q(kind__in=Right.values)),
            CheckConstraint(name="grant_term_bounded", condition=Q(valid__isempty=False, valid__lower_inf=False, valid__upper_inf=False)),
            CheckConstraint(name="grant_recorded_from", condition=Q(recorded__isempty=False, recorded__lower_inf=False)),
            CheckConstraint(
                name="grant_lane_formed",
                condition=Q(lane__isempty=False, lane__lower_inf=False)
                & (Q(lane__startswith=0, lane__upper_inf=True) | Q(lane__startswith__gte=0, lane__endswith=F("lane__startswith") + 1)),
            ),
            CheckConstraint(name="grant_share_within_whole", condition=Q(income_share_ppm__lte=SHARE_WHOLE_PPM)),
            CheckConstraint(
                name="grant_filed_or_licensed",
                condition=Q(parent=None, licensor=None, deal_id=None, filing_id__isnull=False, income_share_ppm=0)
                | Q(parent__isnull=False, licensor__isnull=False, deal_id__isnull=False, filing_id=None),
            ),
            UniqueConstraint(name="grant_one_current_version", fields=["origin"], condition=Q(recorded__upper_inf=True)),
            UniqueConstraint(
                name="grant_once_per_basis",
                fields=["object", "kind", "holder", "deal_id", "filing_id"],
                condition=Q(id=F("origin")),
                nulls_distinct=False,
            ),
        ]

    @classmethod
    def visibility(cls, actor: Actor) -> Q:
        """That a right exists is read by all who are signed in; its terms by ``selectors.terms_open`` alone."""
        return registered_fact(actor)

    @property
    def allows(self) -> Scope:
        """The scope, typed."""
        return Scope.of(self.scope)

    @property
    def exclusive(self) -> bool:
        """Whether nobody else may have this right in the object meanwhile."""
        return bool(self.lane.upper_inf)


class MadeFrom(Record):
    """That a product was made from a source, under a licence to do so. 衍生关系. Append-only, complete before any right is granted."""

    object = ForeignKey(RegisteredObject, on_delete=PROTECT, related_name="made_from", db_index=False)
    source = ForeignKey(RegisteredObject, on_delete=PROTECT, related_name="made_into")
    grant = ForeignKey(Grant, on_delete=PROTECT, related_name="relied_on_by")
    """The USE right relied on, by its origin."""

    class Meta:
        verbose_name = "title link"
        constraints = [UniqueConstraint(name="made_from_source_once", fields=["object", "source"])]

    @classmethod
    def visibility(cls, actor: Actor) -> Q:
        """Part of the register."""
        return registered_fact(actor)


class Hold(Record):
    """A registered reason why no right in an object may be granted. 限制. It says who set it; only its setter or the regulator lifts it."""

    object = ForeignKey(RegisteredObject, on_delete=PROTECT, related_name="holds")
    kind = models.CharField(**text_choices(HoldKind))
    owner = ForeignKey(Organisation, on_delete=PROTECT, related_name="+")
    """The object's owner, who may read the reason; a trigger keeps it true."""
    set_by = ForeignKey(Organisation, on_delete=PROTECT, related_name="+")
    reason = models.TextField()
    state = models.CharField(**text_choices(HoldState), default=HoldState.ACTIVE)
    version = models.PositiveIntegerField(default=1)
    placed_at = models.DateTimeField()
    lifted_at = models.DateTimeField(null=True)
    lifted_by = ForeignKey(Organisation, on_delete=PROTECT, null=True, related_name="+")
    event_id = models.UUIDField()
    lift_event_id = models.UUIDField(null=True)

    class Meta:
        verbose_name = "hold"
        indexes = [models.Index(name="hold_active", fields=["object"], condition=Q(lifted_at=None))]
        constraints = [
            CheckConstraint(name="hold_kind_known", condition=Q(kind__in=HoldKind.values)),
            CheckConstraint(
                name="hold_lifted_is_told",
                condition=Q(state=HoldState.ACTIVE, lifted_at=None, lifted_by=None, lift_event_id=None)
                | Q(state=HoldState.LIFTED, lifted_at__isnull=False, lifted_by__isnull=False, lift_event_id__isnull=False),
            ),
        ]

    @classmethod
    def visibility(cls, actor: Actor) -> Q:
        """That a hold exists is read by all who are signed in; its reason by ``selectors.reason_open`` alone."""
        return registered_fact(actor)


class Revocation(Record):
    """A registrar's proposal to end a right, and the second person who did it. 撤销"""

    grant = ForeignKey(Grant, on_delete=PROTECT, related_name="revocations")
    """The right, by its origin."""
    ends_on = models.DateField()
    reason = models.TextField()
    evidence_sha256 = models.CharField(max_length=64)
    state = models.CharField(**text_choices(RevocationState), default=RevocationState.PROPOSED)
    version = models.PositiveIntegerField(default=1)
    registrar = ForeignKey(Organisation, on_delete=PROTECT, related_name="+")
    proposed_by = models.UUIDField()
    proposed_at = models.DateTimeField()
    decided_by = models.UUIDField(null=True)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "revocation"
        constraints = [
            CheckConstraint(name="revocation_evidence_hashed", condition=Q(evidence_sha256__regex="^[0-9a-f]{64}$")),
            CheckConstraint(
                name="revocation_four_eyes",
                condition=Q(state=RevocationState.PROPOSED, decided_by=None, decided_at=None)
                | Q(state=RevocationState.DONE, decided_by__isnull=False, decided_at__isnull=False) & ~Q(decided_by=F("proposed_by")),
            ),
        ]

    @classmethod
    def visibility(cls, actor: Actor) -> Q:
        """Registrars, supervisors, and the two parties of the right."""
        if not actor.authenticated:
            return NOBODY
        if actor.is_kind(*SUPERVISING):
            return EVERYBODY
        return Q(grant__holder=actor.organisation) | Q(grant__licensor=actor.organisation)
