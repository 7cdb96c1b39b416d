"""Rounds and bids. What a bid says is sealed until the round is cleared."""

from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint

from pricing.rounds.states import Side, State
from registry.base.actor import Actor, PartyKind
from registry.base.visibility import EVERYBODY, NOBODY, Record, text_choices

UNDECIDED = [State.OPEN, State.CLOSED]


class Round(Record):
    """One call for sealed bids on an offer, cleared by the plan that the seller picked. Only its state and result change."""

    plan = models.ForeignKey("pricing_plans.Plan", on_delete=models.PROTECT, related_name="+")
    owner = models.ForeignKey("registry_parties.Organisation", on_delete=models.PROTECT, related_name="+")
    offer_id = models.UUIDField()
    inputs = models.JSONField()
    """What the model takes besides bids, published with the round."""
    surplus_to = models.ForeignKey("registry_parties.Organisation", on_delete=models.PROTECT, null=True, related_name="+")
    """Who gets what buyers pay beyond what sellers receive, in a two-sided round."""
    state = models.CharField(**text_choices(State), default=State.OPEN)
    version = models.PositiveIntegerField(default=1)
    opened_at = models.DateTimeField()
    closes_at = models.DateTimeField()
    closed_event = models.UUIDField(null=True)
    """The log's event that commits to every bid; a seed is taken from the first checkpoint over it."""
    decided_at = models.DateTimeField(null=True)
    computation = models.OneToOneField("pricing_computations.Computation", on_delete=models.PROTECT, null=True, related_name="+")
    void_reason = models.CharField(max_length=64, blank=True)

    class Meta:
        verbose_name = "round"
        constraints = [
            CheckConstraint(name="round_state_known", condition=Q(state__in=State.values)),
            CheckConstraint(name="round_closes_later", condition=Q(closes_at__gt=F("opened_at"))),
            CheckConstraint(
                name="round_closed_with_its_bids", condition=Q(state__in=[State.OPEN, State.VOID]) | Q(closed_event__isnull=False)
            ),
            CheckConstraint(
                name="round_result_whole",
                condition=Q(state__in=UNDECIDED, computation=None, void_reason="", decided_at=None)
                | Q(state=State.CLEARED, computation__isnull=False, void_reason="", decided_at__isnull=False)
                | Q(state=State.VOID, computation=None, decided_at__isnull=False) & ~Q(void_reason=""),
            ),
            UniqueConstraint(name="round_one_undecided_per_offer", fields=["offer_id"], condition=Q(state__in=UNDECIDED)),
        ]

    @classmethod
    def visibility(cls, actor: Actor) -> Q:
        """A public call: every signed-in participant's."""
        return EVERYBODY if actor.authenticated else NOBODY


class Bid(Record):
    """One sealed bid. A bidder's next bid replaces it; after the close it stands. 密封报价"""

    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="bids")
    bidder = models.ForeignKey("registry_parties.Organisation", on_delete=models.PROTECT, related_name="+")
    person = models.UUIDField()
    side = models.CharField(**text_choices(Side))
    offer_id = models.UUIDField(null=True)
    """What an ask sells."""
    rows = models.PositiveSmallIntegerField()
    """How many rows of the mechanism's input it is."""
    sealed = models.BinaryField()
    """Content and salt under a key of the bid's own."""
    commitment = models.CharField(max_length=64)
    placed_at = models.DateTimeField()
    replaced_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "bid"
        constraints = [
            CheckConstraint(name="bid_side_known", condition=Q(side__in=Side.values)),
            CheckConstraint(
                name="bid_ask_has_an_offer", condition=Q(side=Side.SELL, offer_id__isnull=False) | Q(side=Side.BUY, offer_id=None)
            ),
            UniqueConstraint(name="bid_one_standing", fields=["round", "bidder", "side"], condition=Q(replaced_at=None)),
        ]

    @classmethod
    def visibility(cls, actor: Actor) -> Q:
        """The bidder's own, and the regulator's; what it says is shown to the bidder alone."""
        if actor.is_kind(PartyKind.REGULATOR):
            return EVERYBODY
        return Q(bidder=actor.organisation) if actor.authenticated else NOBODY
