"""Where the money goes: the ledger, escrow, payments and statements of the market."""
