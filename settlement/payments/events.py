"""Events of payments."""

from registry.log.schemas import declare

PAYMENT_RECEIVED = declare("payment.received", public=("deal", "charge"), sealed=("amount", "gateway_payment"))
PAYMENT_DECLINED = declare("payment.declined", public=("deal", "charge", "code"))
