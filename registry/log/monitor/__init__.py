"""Re-checks the rules of the register over the published log, by code of its own: neither the market's database nor its keys are needed."""
