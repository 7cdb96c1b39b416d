"""Tables of products, versions, listings and offers. What was once listed stays readable; what never was is its owner's."""

from typing import Final

from django.db import models
from django.db.models import PROTECT, CheckConstraint, Exists, F, ForeignKey, OneToOneField, OuterRef, Q, UniqueConstraint

from listings.products.states import Delivery, OfferState, State
from listings.resources.models import Asset, Profile, Sample, owned
from pricing.plans.models import Plan
from registry.base.actor import Actor
from registry.base.limits import NAME_MAX
from registry.base.visibility import EVERYBODY, NOBODY, Record, text_choices
from registry.rights.models import RegisteredObject
from registry.rights.states import Right
from registry.rules_store.models import Verdict

TERM_MONTHS_MAX: Final = 240
"""Twenty years."""
REASON_MAX: Final = 400


class Product(Record):
    """A registered object that its owner offers; its key is the object's. 产品"""

    object = OneToOneField(RegisteredObject, on_delete=PROTECT, related_name="product")
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = "product"
        constraints = [CheckConstraint(name="product_is_its_object", condition=Q(id=F("object")))]

    @classmethod
    def visibility(cls, actor: Actor) -> Q:
        """It says no more than the register does: every signed-in actor's."""
        return EVERYBODY if actor.authenticated else NOBODY


class ProductVersion(Record):
    """What exactly is offered. Append-only: any change makes a new version. 产品版本"""

    product = ForeignKey(Product, on_delete=PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    title_zh = models.CharField(max_length=NAME_MAX)
    title_en = models.CharField(max_length=NAME_MAX)
    description_zh = models.TextField(blank=True)
    description_en = models.TextField(blank=True)
    asset = ForeignKey(Asset, on_delete=PROTECT, null=True, related_name="+")
    """The file that is delivered; null where a right alone is offered."""
    profile = ForeignKey(Profile, on_delete=PROTECT, null=True, related_name="+")
    sample = ForeignKey(Sample, on_delete=PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = "product version"
        constraints = [
            UniqueConstraint(name="version_number_once", fields=["product", "number"]),
            CheckConstraint(name="version_numbered_from_one", condition=Q(number__gte=1)),
            CheckConstraint(name="version_titled", condition=~Q(title_zh="") & ~Q(title_en="")),
            CheckConstraint(name="version_measured_in_its_asset", condition=Q(asset__isnull=False) | Q(profile=None, sample=None)),
        ]

    @classmethod
    def visibility(cls, actor: Actor) -> Q:
        """Its owner's and supervisors'; everyone's once listed."""
        if not actor.authenticated:
            return NOBODY
        once_listed = Exists(Listing.objects.filter(product_version=OuterRef("pk"), listed_at__isnull=False))
        return owned(actor, "product__object__owner") | Q(once_listed)


class Listing(Record):
    """A product version put before the market. Its content version says which offers a verdict judged. 挂牌"""

    product_version = ForeignKey(ProductVersion, on_delete=PROTECT, related_name="listings")
    content_version = models.PositiveIntegerField(default=1)
    """Raised by every change of its offers: a verdict on other content lists nothing."""
    state = models.CharField(**text_choices(State), default=State.DRAFT)
    version = models.PositiveIntegerField(default=1)
    verdict = ForeignKey(Verdict, on_delete=PROTECT, null=True, related_name="+")
    """The one by which it was last listed or referred."""
    drafted_at = models.DateTimeField()
    listed_at = models.DateTimeField(null=True)
    """When it was last listed; null if never."""
    reason = models.CharField(max_length=REASON_MAX, blank=True)
    """Why it was last suspended or taken down."""
    ordered = models.BooleanField(default=False)
    """Whether the regulator suspended it, so that only the regulator may resume it."""

    class Meta:
        verbose_name = "listing"
        constraints = [
            UniqueConstraint(name="listing_one_alive", fields=["product_version"], condition=~Q(state=State.DELISTED)),
            CheckConstraint(name="listing_state_known", condition=Q(state__in=State.values)),
            CheckConstraint(name="listing_cleared", condition=~Q(state=State.LISTED) | Q(verdict__isnull=False, listed_at__isnull=False)),
            CheckConstraint(name="listing_order_suspends", condition=Q(ordered=False) | ~Q(state=State.LISTED)),
            CheckConstraint(name="listing_suspension_explained", condition=~Q(state=State.SUSPENDED, reason="")),
        ]

    @classmethod
    def visibility(cls, actor: Actor) -> Q:
        """Its owner's and supervisors'; everyone's once listed."""
        return owned(actor, "product_version__product__object__owner") | Q(listed_at__isnull=False) if actor.authenticated else NOBODY


class Offer(Record):
    """A listing together with a plan and the right that a buyer would get. Only its state changes. 要约"""

    listing = ForeignKey(Listing, on_delete=PROTECT, related_name="offers")
    plan = ForeignKey(Plan, on_delete=PROTECT, related_name="+")
    right = models.CharField(**text_choices(Right))
    term_months = models.PositiveSmallIntegerField()
    exclusive = models.BooleanField()
    scope = models.JSONField()
    delivery = models.CharField(**text_choices(Delivery))
    state = models.CharField(**text_choices(OfferState), default=OfferState.OPEN)
    version = models.PositiveIntegerField(default=1)
    added_at = models.DateTimeField()

    class Meta:
        verbose_name = "offer"
        constraints = [
            CheckConstraint(name="offer_right_is_use", condition=Q(right=Right.USE)),
            CheckConstraint(name="offer_term_bounded", condition=Q(term_months__gte=1, term_months__lte=TERM_MONTHS_MAX)),
            CheckConstraint(name="offer_delivery_known", condition=Q(delivery__in=Delivery.values)),
            CheckConstraint(name="offer_state_known", condition=Q(state__in=OfferState.values)),
        ]

    @property
    def plans(self) -> tuple[Plan, ...]:
        """Every plan that a buyer may choose from, the first one first."""
        return (self.plan, *(row.plan for row in self.further.select_related("plan").order_by("id")))

    @property
    def purposes(self) -> tuple[str, ...]:
        """Codes of the purposes it is open to; empty means any."""
        return tuple(self.scope["purposes"])

    @classmethod
    def visibility(cls, actor: Actor) -> Q:
        """The listing's owner's and supervisors'; everyone's once listed."""
        if not actor.authenticated:
            return NOBODY
        return owned(actor, "listing__product_version__product__object__owner") | Q(listing__listed_at__isnull=False)


class OfferPlan(Record):
    """A further plan of an offer: the buyer picks one of them when asking for a quote. Append-only. 可选定价方案"""

    offer = ForeignKey(Offer, on_delete=PROTECT, related_name="further")
    plan = ForeignKey(Plan, on_delete=PROTECT, related_name="+")

    class Meta:
        verbose_name = "plan of an offer"
        constraints = [UniqueConstraint(name="offer_plan_once", fields=["offer", "plan"])]

    @classmethod
    def visibility(cls, actor: Actor) -> Q:
        """With the offer."""
        return Q(offer__in=Offer.objects.visible_to(actor).values("pk")) if actor.authenticated else NOBODY
