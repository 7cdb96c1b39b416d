"""How an income is shared among those who made the product together: cooperative games, claims, and the market for gains of prediction."""
