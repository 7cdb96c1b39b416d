"""Deals in GraphQL: one query shows the rights, the signatures, the verdicts and the settlement entry."""

from typing import Any

import graphene

from listings.products.schema import OfferNode
from marketplace.deals.models import Deal, DealRight, Signature, Voucher
from marketplace.deals.selectors import deal_page
from marketplace.deals.services import (
    Checked,
    ask_place,
    deal_accept,
    deal_cancel,
    deal_check,
    deal_fund,
    deal_request,
    deal_settle,
    deal_sign,
    quote_create,
    round_open,
)
from marketplace.deals.services.settling import division
from marketplace.deals.states import Consideration, Side, State
from marketplace.deals.terms import signing_text
from pricing.fees.schema import MoneyType
from pricing.inputs.services import given_json
from pricing.money import Money
from pricing.quotes.schema import QuoteNode
from pricing.rounds.schema import BidNode, RoundNode
from registry.base.actor import Actor
from registry.base.graphql import Children, IdOf, Items, Mutation, NodeType, Ref, connection, enum_of
from registry.base.limits import PAGE_NESTED_MAX
from registry.parties.schema import OrganisationNode, SigningKeyNode
from registry.rights.schema import GrantNode, RegisteredObjectNode
from registry.rules_store.schema import VerdictNode
from registry.rules_store.selectors import finding_errors
from settlement.escrow.schema import EscrowNode

DealState = enum_of(State, "DealState", "Where a deal stands. 交易状态")
DealSide = enum_of(Side, "DealSide", "A side of the contract. 合同方")
DealConsideration = enum_of(Consideration, "Consideration", "What the buyer gives. 对价")


class DealRightNode(NodeType):
    """One right that the deal grants. 授予的权利"""

    class Meta:
        model = DealRight

    kind = graphene.String(required=True)
    exclusive = graphene.Boolean(required=True)
    valid_from = graphene.Date(required=True)
    valid_until = graphene.Date(required=True, description="The first day on which it is no longer in force. 失效日")
    object = Ref(RegisteredObjectNode, "object_id")
    grant = Ref(GrantNode, "grant_id", description="The registered grant, once there is one. 登记的授权")

    @staticmethod
    def resolve_valid_from(root: DealRight, _info: Any) -> Any:
        """First day."""
        return root.valid.lower

    @staticmethod
    def resolve_valid_until(root: DealRight, _info: Any) -> Any:
        """First day after."""
        return root.valid.upper


class SignatureNode(NodeType):
    """One side's signature over the contract's hash. 签名"""

    class Meta:
        model = Signature

    side = DealSide(required=True)
    terms_hash = graphene.String(required=True)
    signed_at = graphene.DateTime(required=True)
    signing_key = Ref(SigningKeyNode, "signing_key_id")


class VoucherNode(NodeType):
    """The trade voucher of a settled deal. 交易凭证"""

    class Meta:
        model = Voucher

    number = graphene.String(required=True)
    sha256 = graphene.String(required=True)
    statement = graphene.String(required=True, description="Canonical JSON. 规范化内容")
    issued_at = graphene.DateTime(required=True)

    @staticmethod
    def resolve_statement(root: Voucher, _info: Any) -> str:
        """The statement as text."""
        return bytes(root.statement).decode()


class DivisionLine(graphene.ObjectType):
    """One payee of the amount. 分配明细"""

    role = graphene.String(required=True)
    party = graphene.UUID(required=True)
    amount = graphene.Field(graphene.NonNull(MoneyType))


class DealNode(NodeType):
    """One trade. 交易"""

    class Meta:
        model = Deal

    state = DealState(required=True)
    version = graphene.Int(required=True)
    consideration = DealConsideration(required=True)
    income_share_ppm = graphene.Int(required=True)
    amount = graphene.Field(graphene.NonNull(MoneyType))
    purpose = graphene.String(required=True)
    terms = graphene.String(required=True, description="The contract, canonical JSON. 合同文本")
    terms_hash = graphene.String(required=True, description="SHA-256 of the contract; what both sides sign. 合同哈希")
    signing_text = graphene.String(
        side=graphene.Argument(DealSide, required=True), required=True, description="The bytes to sign. 待签内容"
    )
    requested_at = graphene.DateTime(required=True)
    signed_at = graphene.DateTime()
    funded_at = graphene.DateTime()
    delivered_at = graphene.DateTime()
    accepted_at = graphene.DateTime()
    settled_at = graphene.DateTime()
    inspection_until_at = graphene.DateTime()
    division = Items(DivisionLine, size=PAGE_NESTED_MAX, description="Who gets what of the amount. 金额分配")
    seller = Ref(OrganisationNode, "seller_id")
    buyer = Ref(OrganisationNode, "buyer_id")
    institution = Ref(OrganisationNode, "institution_id")
    offer = Ref(OfferNode, "offer_id")
    quote = Ref(QuoteNode, "quote_id")
    rights = Children(DealRightNode, "deal_id")
    signatures = Children(SignatureNode, "deal_id")
    verdicts = Children(VerdictNode, "subject_id", description="Every verdict on this deal. 筛查结论")
    settlement_verdict = Ref(VerdictNode, "settlement_verdict", description="The verdict it settled on. 结算筛查结论")
    escrows = Children(EscrowNode, "deal_id", description="Its escrow with the settlement entry. 托管与结算分录")
    vouchers = Children(VoucherNode, "deal_id", description="Its voucher, once settled. 交易凭证")

    @staticmethod
    def resolve_amount(root: Deal, _info: Any) -> Money:
        """The amount; zero for a licence against a share of income."""
        return Money.of(root.amount_minor, root.currency)

    @staticmethod
    def resolve_terms(root: Deal, _info: Any) -> str:
        """The signed bytes as text."""
        return bytes(root.terms_bytes).decode()

    @staticmethod
    def resolve_signing_text(root: Deal, _info: Any, side: str) -> str:
        """The bytes to sign as text."""
        return signing_text(hash_hex=root.terms_hash, deal_id=root.pk, side=str(side)).decode()

    @staticmethod
    def resolve_division(root: Deal, _info: Any) -> list[DivisionLine]:
        """The same division that settlement carries out."""
        return [
            DivisionLine(role=line.role.value, party=line.party, amount=Money.of(line.minor, root.currency))
            for line in division(root).lines
        ]


class QuoteCreate(Mutation):
    """Ask what one use of an offer costs. 询价"""

    class Input:
        offer_id = IdOf("Offer", required=True)
        usage = graphene.String(description="A JSON object as the plan's model takes. 用量（JSON）")
        usage_file_id = IdOf("InputFile", description="Instead of usage, where it is long. 用量文件")
        plan_id = IdOf("Plan", description="One of the offer's plans; the first by default. 所选方案")
        idempotency_key = graphene.String(required=True)

    quote = graphene.Field(QuoteNode)

    @classmethod
    def perform(cls, actor: Actor, **given: Any) -> "QuoteCreate":
        """Call the service."""
        return cls(quote=quote_create(actor=actor, **{"usage": None, **given}))


class RoundOpen(Mutation):
    """Put your offer up for sealed bids until a stated time, by its own plan's mechanism. 发起竞价"""

    class Input:
        offer_id = IdOf("Offer", required=True)
        inputs = graphene.String(description="What the mechanism takes besides bids, as JSON; {} if nothing. 公布的参数（JSON）")
        inputs_file_id = IdOf("InputFile", description="Instead of inputs, where they are long. 参数文件")
        closes_at = graphene.DateTime(required=True)
        surplus_to_id = IdOf("Organisation", description="For a two-sided round: who gets what buyers pay above the asks. 差额归属")
        idempotency_key = graphene.String(required=True)

    round = graphene.Field(RoundNode)

    @classmethod
    def perform(cls, actor: Actor, **given: Any) -> "RoundOpen":
        """Call the service."""
        text, file = given.pop("inputs", None), given.pop("inputs_file_id", None)
        inputs = given_json(actor=actor, text=text, file_id=file, field="inputs")
        return cls(round=round_open(actor=actor, inputs=inputs, **{"surplus_to_id": None, **given}))


class AskPlace(Mutation):
    """Ask to sell by your offer in a two-sided round, or replace your earlier ask. 提交密封要价"""

    class Input:
        round_id = IdOf("Round", required=True)
        offer_id = IdOf("Offer", required=True)
        ask = graphene.String(description="A JSON object as the model takes. 要价（JSON）")
        idempotency_key = graphene.String(required=True)

    bid = graphene.Field(BidNode)

    @classmethod
    def perform(cls, actor: Actor, **given: Any) -> "AskPlace":
        """Call the service."""
        content = given_json(actor=actor, text=given.pop("ask", None), file_id=None, field="ask")
        return cls(bid=ask_place(actor=actor, content=content, **given))


class DealRequest(Mutation):
    """Ask for a deal, for a stated purpose. 发起交易"""

    class Input:
        offer_id = IdOf("Offer", required=True)
        quote_id = IdOf("Quote", description="For an offer with a price. 报价")
        purpose = graphene.String(required=True)
        institution_id = IdOf("Organisation", required=True)
        idempotency_key = graphene.String(required=True)

    deal = graphene.Field(DealNode)

    @classmethod
    def perform(cls, actor: Actor, **given: Any) -> "DealRequest":
        """Call the service."""
        return cls(deal=deal_request(actor=actor, quote_id=given.pop("quote_id", None), **given))


class DealCheck(Mutation):
    """Put a deal before all rules; what refuses it stands in userErrors. 合规筛查"""

    class Input:
        deal_id = IdOf("Deal", required=True)
        expected_version = graphene.Int(required=True)
        idempotency_key = graphene.String(required=True)

    deal = graphene.Field(DealNode)
    verdict = graphene.Field(VerdictNode)

    @classmethod
    def perform(cls, actor: Actor, **given: Any) -> "DealCheck":
        """Call the service."""
        return cls(**_checked(deal_check(actor=actor, **given)))


class DealSign(Mutation):
    """Sign the contract's hash with your own key. 签署合同"""

    class Input:
        deal_id = IdOf("Deal", required=True)
        signing_key_id = IdOf("SigningKey", required=True)
        signature = graphene.String(required=True, description="Ed25519 over signingText, base64. 签名")
        expected_version = graphene.Int(required=True)
        idempotency_key = graphene.String(required=True)

    deal = graphene.Field(DealNode)

    @classmethod
    def perform(cls, actor: Actor, **given: Any) -> "DealSign":
        """Call the service."""
        return cls(deal=deal_sign(actor=actor, **given))


class DealFund(Mutation):
    """Ask the gateway to charge you; only its word funds the deal. 支付入托"""

    class Input:
        deal_id = IdOf("Deal", required=True)
        payment_method = graphene.String(required=True, description="The gateway's token. 支付方式凭据")
        expected_version = graphene.Int(required=True)
        idempotency_key = graphene.String(required=True)

    deal = graphene.Field(DealNode)
    verdict = graphene.Field(VerdictNode)

    @classmethod
    def perform(cls, actor: Actor, **given: Any) -> "DealFund":
        """Call the service."""
        return cls(**_checked(deal_fund(actor=actor, **given)))


class DealAccept(Mutation):
    """Accept what was delivered. 验收"""

    class Input:
        deal_id = IdOf("Deal", required=True)
        received_sha256 = graphene.String(
            required=True, description="Of the file that arrived, or termsHash for a bare right. 收到文件的 SHA-256，或合同哈希"
        )
        expected_version = graphene.Int(required=True)
        idempotency_key = graphene.String(required=True)

    deal = graphene.Field(DealNode)

    @classmethod
    def perform(cls, actor: Actor, **given: Any) -> "DealAccept":
        """Call the service."""
        return cls(deal=deal_accept(actor=actor, **given))


class DealSettle(Mutation):
    """Release the escrow to everybody the contract names. 结算"""

    class Input:
        deal_id = IdOf("Deal", required=True)
        expected_version = graphene.Int(required=True)
        idempotency_key = graphene.String(required=True)

    deal = graphene.Field(DealNode)
    verdict = graphene.Field(VerdictNode)

    @classmethod
    def perform(cls, actor: Actor, **given: Any) -> "DealSettle":
        """Call the service."""
        return cls(**_checked(deal_settle(actor=actor, **given)))


class DealCancel(Mutation):
    """End a deal before money moved. 取消交易"""

    class Input:
        deal_id = IdOf("Deal", required=True)
        reason = graphene.String(required=True)
        expected_version = graphene.Int(required=True)
        idempotency_key = graphene.String(required=True)

    deal = graphene.Field(DealNode)

    @classmethod
    def perform(cls, actor: Actor, **given: Any) -> "DealCancel":
        """Call the service."""
        return cls(deal=deal_cancel(actor=actor, **given))


class Queries:
    """What deals answer."""

    deals = connection(DealNode, deal_page, state=graphene.Argument(DealState))


def _checked(outcome: Checked) -> dict[str, Any]:
    refused = [] if outcome.verdict.passes else finding_errors(outcome.verdict)
    return {"deal": outcome.deal, "verdict": outcome.verdict, "user_errors": refused}
