"""Pricing models as pure functions: numbers in, an explained and checkable quote out; no database, no clock, no state."""
