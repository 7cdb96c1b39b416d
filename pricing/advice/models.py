"""Advice, and what stands behind an appraisal."""

from typing import Final

from django.db import models
from django.db.models import CheckConstraint, Q

from pricing.advice.states import State
from pricing.engines.model import Verb
from registry.base.actor import Actor, PartyKind
from registry.base.limits import NAME_MAX
from registry.base.visibility import EVERYBODY, NOBODY, Record, text_choices

ADVISING: Final = (Verb.APPRAISE, Verb.OPTIMISE, Verb.PROPOSE, Verb.OBSERVE)


class Advice(Record):
    """One answer of an advising plan about another plan of the same owner. No price is ever read from here."""

    owner = models.ForeignKey("registry_parties.Organisation", on_delete=models.PROTECT, related_name="+")
    about = models.ForeignKey("pricing_plans.Plan", on_delete=models.PROTECT, related_name="+")
    """The plan that the advice is attached to."""
    plan = models.ForeignKey("pricing_plans.Plan", on_delete=models.PROTECT, related_name="+")
    """The plan whose model advises."""
    verb = models.CharField(max_length=16)
    inputs = models.JSONField()
    seed = models.BigIntegerField(null=True)
    appraiser = models.CharField(max_length=NAME_MAX, blank=True)
    valued_on = models.DateField(null=True)
    job_id = models.UUIDField()
    state = models.CharField(**text_choices(State), default=State.ASKED)
    refusal = models.JSONField(null=True)
    """Code, field and parameters of what the model refused."""
    computation = models.OneToOneField("pricing_computations.Computation", on_delete=models.PROTECT, null=True, related_name="+")
    asked_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    heavy = ("inputs",)

    class Meta:
        verbose_name = "advice"
        constraints = [
            CheckConstraint(name="advice_state_known", condition=Q(state__in=State.values)),
            CheckConstraint(name="advice_verb_advises", condition=Q(verb__in=[verb.value for verb in ADVISING])),
            CheckConstraint(
                name="advice_answered_whole",
                condition=Q(state=State.ASKED, computation=None, refusal=None, answered_at=None)
                | Q(state=State.GIVEN, computation__isnull=False, refusal=None, answered_at__isnull=False)
                | Q(state=State.REFUSED, computation=None, refusal__isnull=False, answered_at__isnull=False),
            ),
            CheckConstraint(
                name="advice_appraisal_has_an_appraiser",
                condition=Q(verb=Verb.APPRAISE.value, valued_on__isnull=False) & ~Q(appraiser="")
                | Q(appraiser="", valued_on=None) & ~Q(verb=Verb.APPRAISE.value),
            ),
        ]

    @classmethod
    def visibility(cls, actor: Actor) -> Q:
        """The owner's and the regulator's: an appraisal supports a price and is no public fact."""
        if actor.is_kind(PartyKind.REGULATOR):
            return EVERYBODY
        return Q(owner=actor.organisation) if actor.authenticated else NOBODY
