"""Money locked for one deal until it is accepted: a state of our ledger, not of the gateway. 托管"""
