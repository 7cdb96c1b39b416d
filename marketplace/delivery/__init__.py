"""Hands over what was bought: entitlements, the one meter, files. 交付"""
