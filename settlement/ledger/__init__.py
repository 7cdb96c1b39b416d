"""Double-entry accounts: where money sits, and each movement of it, balanced by its shape. 复式记账"""
