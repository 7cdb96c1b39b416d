"""Rounds of sealed bids: price discovery by a mechanism that the seller published beforehand. 竞价场次"""
