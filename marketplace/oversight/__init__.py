"""Oversight: complaints and their answers, orders that halt a product at once, statistics, refused access."""
