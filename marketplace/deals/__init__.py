"""A deal from the request to the voucher. 交易"""
