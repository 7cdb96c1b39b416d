"""Signed statements that a right was registered. 登记证书"""
