"""The one door: the GraphQL view with its limits, cost, cache and masking, and the assembly of every room's schema."""
