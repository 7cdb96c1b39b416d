"""A SIMULATOR of the part of Stripe that Egret uses, for tests and the demo; it moves no money and has never spoken to Stripe.

It runs in another process (`python -m settlement.payments.simulator`), on loopback only. Two rules keep it honest: it takes only parameters
that the pinned SDK's own types know, and refuses known ones that it does not simulate instead of ignoring them; and it keeps its own
double-entry books, which anybody may read at `/_sim/books`.

Where it differs from Stripe: money is available at once; fees are what its command line says; a recipient's account is active at once; a
refund succeeds at once and may take the platform's balance below zero; payouts settle after a fraction of a second; only test tokens work.
"""
