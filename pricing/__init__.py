"""What it costs: money, pure pricing engines, fees, plans and quotes."""
