"""Floor 0: who exists, what is registered, what happened. 登记"""
