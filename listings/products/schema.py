"""Products, listings and offers in GraphQL; ``listingPublish`` belongs to screening, which judges them."""

from typing import Any
from uuid import UUID

import graphene
from graphene.utils.str_converters import to_camel_case

from listings.products import listing_services, services
from listings.products.models import Listing, Offer, OfferPlan, Product, ProductVersion
from listings.products.selectors import Preview, listing_page, offer_preview, product_page, product_version_page
from listings.products.states import Delivery, OfferState, State
from listings.resources.schema import AssetNode, ProfileNode, SampleNode
from pricing.fees.arithmetic import FeeLine
from pricing.fees.schema import MoneyType
from pricing.money import Money
from pricing.plans.schema import PlanNode
from registry.base.actor import Actor
from registry.base.graphql import Children, IdOf, Items, Mutation, NodeType, Ref, actor_of, connection, enum_of, from_global, keyed
from registry.parties.schema import OrganisationNode
from registry.rights.schema import RegisteredObjectNode, RightEnum, ScopeType
from registry.rights.scope import Scope
from registry.rights.states import Right

ListingState = enum_of(State, "ListingState", "Where a listing stands. 挂牌状态")
OfferStateEnum = enum_of(OfferState, "OfferState", "Whether an offer may be taken. 要约状态")
DeliveryEnum = enum_of(Delivery, "Delivery", "How the buyer gets what the offer grants. 交付方式")

PREVIEW_LINES = 25
"""What a query is charged for; a chain of title may bring more."""


class OfferPlanNode(NodeType):
    """A further plan of an offer. 可选定价方案"""

    class Meta:
        model = OfferPlan

    plan = Ref(PlanNode, "plan_id", description="By what the offer can be priced too. 定价方案")


class OfferNode(NodeType):
    """A listing together with a plan and the right that a buyer would get. 要约"""

    class Meta:
        model = Offer

    listing = Ref(lambda: ListingNode, "listing_id")
    plan = Ref(PlanNode, "plan_id", description="By what it is priced. 定价方案")
    further_plans = Children(OfferPlanNode, "offer_id", description="Plans to choose from besides. 可选定价方案")
    right = graphene.Field(RightEnum, required=True)
    term_months = graphene.Int(required=True, description="How long the right lasts. 期限（月）")
    exclusive = graphene.Boolean(required=True, description="Nobody else may have the right meanwhile. 独占")
    scope = graphene.Field(graphene.NonNull(ScopeType), description="What the right allows. 范围")
    purposes = graphene.List(graphene.NonNull(graphene.String), required=True, description="Allowed purposes; empty means any. 用途")
    delivery = graphene.Field(DeliveryEnum, required=True)
    state = graphene.Field(OfferStateEnum, required=True)
    version = graphene.Int(required=True)
    added_at = graphene.DateTime(required=True)

    @staticmethod
    def resolve_scope(root: Offer, _info: Any) -> Scope:
        """The scope, typed."""
        return Scope.of(root.scope)


class ListingNode(NodeType):
    """A product version put before the market. 挂牌"""

    class Meta:
        model = Listing

    product_version = Ref(lambda: ProductVersionNode, "product_version_id")
    content_version = graphene.Int(required=True, description="Raised by every new offer; a verdict is on one of them. 内容版本")
    state = graphene.Field(ListingState, required=True)
    version = graphene.Int(required=True)
    drafted_at = graphene.DateTime(required=True)
    listed_at = graphene.DateTime(description="When it was last listed. 挂牌时间")
    reason = graphene.String(required=True, description="Why it was last suspended or taken down. 原因")
    ordered = graphene.Boolean(required=True, description="Suspended by order of the regulator. 监管命令")
    offers = Children(OfferNode, "listing_id")


class ProductVersionNode(NodeType):
    """What exactly is offered. 产品版本"""

    class Meta:
        model = ProductVersion

    product = Ref(lambda: ProductNode, "product_id")
    number = graphene.Int(required=True)
    title_zh = graphene.String(required=True)
    title_en = graphene.String(required=True)
    description_zh = graphene.String(required=True)
    description_en = graphene.String(required=True)
    asset = Ref(AssetNode, "asset_id", description="The file that is delivered; null unless it is yours. 数据文件")
    profile = Ref(ProfileNode, "profile_id", description="What was measured in it. 质量画像")
    sample = Ref(SampleNode, "sample_id")
    created_at = graphene.DateTime(required=True)
    listings = Children(ListingNode, "product_version_id")


class ProductNode(NodeType):
    """A registered object that its owner offers. 产品"""

    class Meta:
        model = Product

    object = Ref(RegisteredObjectNode, "object_id", description="The registered object that it is. 登记客体")
    created_at = graphene.DateTime(required=True)
    versions = Children(ProductVersionNode, "product_id", order="-id", description="Newest first. 版本")


class PreviewLine(graphene.ObjectType):
    """One part of the amount: a fee, a tax or a share. 分配明细"""

    role = graphene.String(required=True, description="platform_fee, institution_fee, gateway_fee, tax or share.")
    party = Ref(OrganisationNode, "party_id", description="Who gets it; null for the market itself and the tax authority. 收款方")
    amount = graphene.Field(graphene.NonNull(MoneyType))

    @staticmethod
    def of(line: FeeLine, preview: Preview) -> "PreviewLine":
        """The type's value for a line of a division."""
        row = PreviewLine(role=line.role.value, amount=Money(line.minor, preview.amount.currency))
        row.party_id = UUID(line.party)
        return row


class OfferPreview(graphene.ObjectType):
    """What one sale would bring, by the same function that settlement carries out. 收益预览"""

    amount = graphene.Field(graphene.NonNull(MoneyType), description="What the buyer pays. 买方支付")
    net_income = graphene.Field(graphene.NonNull(MoneyType), description="Less fees, before shares and taxes. 扣费后净收入")
    kept = graphene.Field(graphene.NonNull(MoneyType), description="What you keep in the end. 最终所得")
    lines = Items(PreviewLine, size=PREVIEW_LINES, description="Who gets what; sums to the amount. 分配")

    @staticmethod
    def resolve_lines(root: Preview, _info: Any) -> list[PreviewLine]:
        """The division's lines."""
        return [PreviewLine.of(line, root) for line in root.division.lines]


class Queries:
    """What products answer."""

    products = connection(ProductNode, keyed(product_page, owner="Organisation"), owner=graphene.ID())
    product_versions = connection(ProductVersionNode, keyed(product_version_page, product="Product"), product=graphene.ID())
    listings = connection(ListingNode, keyed(listing_page, product="Product"), product=graphene.ID(), state=ListingState())
    offer_preview = graphene.Field(
        OfferPreview,
        plan_id=graphene.ID(required=True),
        object_id=graphene.ID(required=True),
        institution_id=graphene.ID(required=True),
        usage=graphene.String(required=True, description="A JSON object as the plan's model takes. 用量（JSON）"),
        description="What you would keep of one sale: price, each fee, each share, net. 收益预览",
    )

    @staticmethod
    def resolve_offer_preview(_root: Any, info: graphene.ResolveInfo, *, usage: str, **ids: str) -> Preview:
        """The preview."""
        nodes = {"plan_id": "Plan", "object_id": "RegisteredObject", "institution_id": "Organisation"}
        keys = {name: from_global(ids[name], expected=node, field=(to_camel_case(name),)) for name, node in nodes.items()}
        return offer_preview(actor=actor_of(info), usage=usage, **keys)


class ScopeInput(graphene.InputObjectType):
    """What a right would allow; what is left out is not allowed. 权利范围"""

    derive = graphene.Boolean()
    provide_derived = graphene.Boolean()
    sublicense = graphene.Boolean()
    resale = graphene.Boolean()
    export = graphene.Boolean()
    territory = graphene.String(description="WORLD, a country (default CN), or a subdivision of one. 地域")
    purposes = graphene.List(graphene.NonNull(graphene.String), description="Allowed purposes; none given means any. 用途")


class ProductCreate(Mutation):
    """Make a product of a registered object of yours. 创建产品"""

    class Input:
        object_id = IdOf("RegisteredObject", required=True)
        idempotency_key = graphene.String(required=True)

    product = graphene.Field(ProductNode)

    @classmethod
    def perform(cls, actor: Actor, **given: Any) -> "ProductCreate":
        """Create it."""
        return cls(product=services.product_create(actor=actor, **given))


class ProductVersionAdd(Mutation):
    """Add the next version of a product: its file, its texts, its sample. 新增产品版本"""

    class Input:
        product_id = IdOf("Product", required=True)
        title_zh = graphene.String(required=True)
        title_en = graphene.String(required=True)
        description_zh = graphene.String()
        description_en = graphene.String()
        asset_id = IdOf("Asset", description="Leave out to offer a right alone. 数据文件")
        sample_id = IdOf("Sample")
        idempotency_key = graphene.String(required=True)

    product_version = graphene.Field(ProductVersionNode)

    @classmethod
    def perform(cls, actor: Actor, **given: Any) -> "ProductVersionAdd":
        """Add it."""
        stated = {name: value for name, value in given.items() if value is not None}
        return cls(product_version=services.product_version_add(actor=actor, **stated))


class ListingDraft(Mutation):
    """Begin a listing of a product version. 起草挂牌"""

    class Input:
        product_version_id = IdOf("ProductVersion", required=True)
        idempotency_key = graphene.String(required=True)

    listing = graphene.Field(ListingNode)

    @classmethod
    def perform(cls, actor: Actor, **given: Any) -> "ListingDraft":
        """Draft it."""
        return cls(listing=services.listing_draft(actor=actor, **given))


class OfferAdd(Mutation):
    """Offer a right in a listing's product by a plan of yours. 新增要约"""

    class Input:
        listing_id = IdOf("Listing", required=True)
        plan_id = IdOf("Plan", required=True)
        further_plan_ids = IdOf("Plan", many=True, description="Plans that a buyer may choose instead, at most four. 可选定价方案")
        right = RightEnum(description="USE, which is also the default. 权利")
        term_months = graphene.Int(required=True)
        exclusive = graphene.Boolean(description="Default: no. 独占")
        scope = ScopeInput()
        delivery = DeliveryEnum(required=True)
        expected_version = graphene.Int(required=True, description="Of the listing. 挂牌版本")
        idempotency_key = graphene.String(required=True)

    offer = graphene.Field(OfferNode)

    @classmethod
    def perform(cls, actor: Actor, **given: Any) -> "OfferAdd":
        """Add it."""
        stated = {name: value for name, value in (given.pop("scope", None) or {}).items() if value is not None}
        scope = Scope(**{**stated, "purposes": tuple(stated.get("purposes", ()))})
        right, exclusive = Right(given.pop("right", None) or Right.USE), bool(given.pop("exclusive", None))
        given["delivery"] = Delivery(given["delivery"])
        given["further_plan_ids"] = given.get("further_plan_ids") or ()
        return cls(offer=services.offer_add(actor=actor, right=right, exclusive=exclusive, scope=scope, **given))


class OfferWithdraw(Mutation):
    """Take an offer back; deals made on it stand. 撤回要约"""

    class Input:
        offer_id = IdOf("Offer", required=True)
        expected_version = graphene.Int(required=True)
        idempotency_key = graphene.String(required=True)

    offer = graphene.Field(OfferNode)

    @classmethod
    def perform(cls, actor: Actor, **given: Any) -> "OfferWithdraw":
        """Withdraw it."""
        return cls(offer=services.offer_withdraw(actor=actor, **given))


class ListingSuspend(Mutation):
    """Stop a listing: its owner, or the regulator by order. 暂停挂牌"""

    class Input:
        listing_id = IdOf("Listing", required=True)
        reason = graphene.String(required=True)
        expected_version = graphene.Int(required=True)
        idempotency_key = graphene.String(required=True)

    listing = graphene.Field(ListingNode)

    @classmethod
    def perform(cls, actor: Actor, **given: Any) -> "ListingSuspend":
        """Suspend it."""
        return cls(listing=listing_services.listing_suspend(actor=actor, **given))


class ListingResume(Mutation):
    """Put a suspended listing back, if the verdict it had still passes. 恢复挂牌"""

    class Input:
        listing_id = IdOf("Listing", required=True)
        expected_version = graphene.Int(required=True)
        idempotency_key = graphene.String(required=True)

    listing = graphene.Field(ListingNode)

    @classmethod
    def perform(cls, actor: Actor, **given: Any) -> "ListingResume":
        """Resume it."""
        return cls(listing=listing_services.listing_resume(actor=actor, **given))


class ListingDelist(Mutation):
    """Take a listing of yours down for good. 摘牌"""

    class Input:
        listing_id = IdOf("Listing", required=True)
        reason = graphene.String(required=True)
        expected_version = graphene.Int(required=True)
        idempotency_key = graphene.String(required=True)

    listing = graphene.Field(ListingNode)

    @classmethod
    def perform(cls, actor: Actor, **given: Any) -> "ListingDelist":
        """Take it down."""
        return cls(listing=listing_services.listing_delist(actor=actor, **given))
