"""The only writers of deals, one module a phase."""

from marketplace.deals.services.bidding import ask_place, round_open
from marketplace.deals.services.performing import deal_accept, deal_delivered, deal_fund, deal_funded, deal_opening, inspection_ended
from marketplace.deals.services.requesting import Checked, deal_cancel, deal_check, deal_request, quote_create
from marketplace.deals.services.settling import deal_settle
from marketplace.deals.services.signing import deal_sign

__all__ = [
    "Checked",
    "ask_place",
    "deal_accept",
    "deal_cancel",
    "deal_check",
    "deal_delivered",
    "deal_fund",
    "deal_funded",
    "deal_opening",
    "deal_request",
    "deal_settle",
    "deal_sign",
    "inspection_ended",
    "quote_create",
    "round_open",
]
