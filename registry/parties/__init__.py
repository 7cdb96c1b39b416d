"""Parties: organisations, people, roles, affiliations, keys."""
