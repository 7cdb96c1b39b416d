"""Prices between one seller and one buyer, and prices that learn from what buyers together did."""
