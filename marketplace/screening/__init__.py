"""Screening: the facts of a listing or deal, the rules' verdict on them, and the cases that two people must decide."""
