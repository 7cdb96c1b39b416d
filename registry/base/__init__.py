"""What every room stands on and no noun of the market."""
