"""Holds the management commands, where Django looks for them."""
