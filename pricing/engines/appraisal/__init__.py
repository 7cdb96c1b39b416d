"""What a data asset is worth: the cost, income and market approaches, and quality as a modifier of any of them."""
