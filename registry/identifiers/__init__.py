"""Identifiers: names that outsiders use for registered things."""
