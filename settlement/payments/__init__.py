"""Moves real money through a gateway, and never trusts an answer that it has not recorded first."""
