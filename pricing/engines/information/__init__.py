"""Prices of information products: queries, bundles of views, noisy models and private data, none of which can be had cheaper by parts."""
