"""Auctions and exchanges: who wins at what price, in exact minor units, with the promises of each rule and what it gives up."""
