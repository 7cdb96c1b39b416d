"""Pricing models as pure functions: numbers in, an explained and checkable quote out; no database, no clock, no state.

Every process imports the whole catalogue, and few of them solve anything. So engines write ``import scipy`` and call
``scipy.optimize.linprog``: scipy loads each of its parts at first use. numba waits likewise for ``kernels.compiled``.
"""
