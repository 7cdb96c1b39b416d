"""Complaints and orders."""

from django.db import models
from django.db.models import PROTECT, CheckConstraint, F, ForeignKey, OneToOneField, Q, UniqueConstraint

from marketplace.oversight.states import ComplaintState, OrderKind, OrderState, Subject
from marketplace.screening.models import Flag
from registry.base.actor import SUPERVISORS, Actor
from registry.base.visibility import EVERYBODY, NOBODY, Record, text_choices
from registry.parties.models import Organisation
from registry.rights.models import Hold, RegisteredObject


class Complaint(Record):
    """What an organisation complains of, and the answer that it is owed. Never deleted. 投诉"""

    subject_type = models.CharField(**text_choices(Subject))
    subject_id = models.UUIDField()
    complainant = ForeignKey(Organisation, on_delete=PROTECT, related_name="+")
    complainant_person = models.UUIDField()
    institution = ForeignKey(Organisation, on_delete=PROTECT, null=True, related_name="+")
    """The institution that settles the deal complained of; it may answer, as may a regulator."""
    text = models.TextField()
    objection = OneToOneField(Flag, on_delete=PROTECT, null=True, related_name="+")
    """The flag that holds back settlement until the answer, where a buyer objects to a delivery."""
    received_at = models.DateTimeField()
    answer_due_at = models.DateTimeField()
    state = models.CharField(**text_choices(ComplaintState), default=ComplaintState.RECEIVED)
    version = models.PositiveIntegerField(default=1)
    answer = models.TextField(blank=True)
    answered_by = ForeignKey(Organisation, on_delete=PROTECT, null=True, related_name="+")
    answered_by_person = models.UUIDField(null=True)
    answered_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "complaint"
        indexes = [models.Index(name="complaint_due", fields=["answer_due_at"], condition=Q(state="RECEIVED"))]
        constraints = [
            CheckConstraint(name="complaint_subject_known", condition=Q(subject_type__in=Subject.values)),
            CheckConstraint(name="complaint_stated", condition=~Q(text="")),
            CheckConstraint(
                name="complaint_answered_by_another",
                condition=Q(state=ComplaintState.RECEIVED, answer="", answered_by=None, answered_by_person=None, answered_at=None)
                | Q(state=ComplaintState.ANSWERED, answered_by__isnull=False, answered_by_person__isnull=False, answered_at__isnull=False)
                & ~Q(answer="")
                & ~Q(answered_by=F("complainant")),
            ),
        ]

    @classmethod
    def visibility(cls, actor: Actor) -> Q:
        """The complainant, the deal's institution, and regulators."""
        if actor.is_kind(*SUPERVISORS):
            return EVERYBODY
        return Q(complainant=actor.organisation) | Q(institution=actor.organisation) if actor.authenticated else NOBODY


class Order(Record):
    """A regulator's order on a registered object, in force from its issue until another person lifts it. 监管命令"""

    object = ForeignKey(RegisteredObject, on_delete=PROTECT, related_name="+")
    kind = models.CharField(**text_choices(OrderKind))
    reason = models.TextField()
    hold = OneToOneField(Hold, on_delete=PROTECT, related_name="+")
    """How the order takes effect in the register of rights."""
    regulator = ForeignKey(Organisation, on_delete=PROTECT, related_name="+")
    state = models.CharField(**text_choices(OrderState), default=OrderState.IN_FORCE)
    version = models.PositiveIntegerField(default=1)
    issued_by = models.UUIDField()
    effective_at = models.DateTimeField()
    lifted_by = models.UUIDField(null=True)
    lifted_at = models.DateTimeField(null=True)
    lift_reason = models.TextField(blank=True)

    class Meta:
        verbose_name = "order"
        constraints = [
            UniqueConstraint(name="order_one_in_force", fields=["object", "kind"], condition=Q(state="IN_FORCE")),
            CheckConstraint(name="order_kind_known", condition=Q(kind__in=OrderKind.values)),
            CheckConstraint(
                name="order_lifted_by_another_person",
                condition=Q(state=OrderState.IN_FORCE, lifted_by=None, lifted_at=None)
                | Q(state=OrderState.LIFTED, lifted_by__isnull=False, lifted_at__isnull=False)
                & ~Q(lift_reason="")
                & ~Q(lifted_by=F("issued_by")),
            ),
        ]

    @classmethod
    def visibility(cls, actor: Actor) -> Q:
        """Regulators, and the object's owner, whom it binds."""
        if actor.is_kind(*SUPERVISORS):
            return EVERYBODY
        return Q(object__owner=actor.organisation) if actor.authenticated else NOBODY
