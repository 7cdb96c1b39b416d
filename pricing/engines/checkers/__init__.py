"""The checkers behind the claims, one module a family; ``pricing.engines.properties`` is their table."""
