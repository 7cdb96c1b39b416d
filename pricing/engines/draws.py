"""Random draws that anybody can repeat from a seed with nothing but SHAKE-256, on any machine and in any year.

A library's generator may change its stream between releases; a split that moved money must replay to the byte for ever. So each draw is
read from the SHAKE-256 (FIPS 202) output over the seed and a label; two labels give independent streams.
"""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

DRAWS_MAX = 50_000_000


def words(seed: int, label: str, count: int) -> NDArray[np.uint64]:
    """Return ``count`` uniform 64-bit words of the stream of a seed and a label.

    The stream is SHAKE-256 over ``egret-draws-v1``, the seed in decimal and the label, separated by line feeds; words are little-endian.

    Raises:
        ValueError: a negative seed, or more than ``DRAWS_MAX`` words.
    """
    if seed < 0 or not 0 <= count <= DRAWS_MAX:
        message = f"seed {seed} or count {count} out of range"
        raise ValueError(message)
    stream = hashlib.shake_256(f"egret-draws-v1\n{seed}\n{label}".encode())
    return np.frombuffer(stream.digest(8 * count), dtype="<u8").astype(np.uint64)


def permutations(seed: int, label: str, count: int, size: int) -> NDArray[np.int64]:
    """Return ``count`` independent uniform permutations of ``0 … size - 1``, shape ``(count, size)``.

    Each row orders ``size`` words; equal words, of probability below ``size² / 2^65``, keep their order.
    """
    return np.argsort(words(seed, label, count * size).reshape(count, size), axis=1, kind="stable")


def bits(seed: int, label: str, count: int, size: int) -> NDArray[np.bool_]:
    """Return ``count`` rows of ``size`` fair coins, shape ``(count, size)``: the top bit of each word."""
    return (words(seed, label, count * size) >> np.uint64(63)).astype(np.bool_).reshape(count, size)


def uniforms(seed: int, label: str, count: int) -> NDArray[np.float64]:
    """Return ``count`` numbers uniform on the multiples of 2^-53 in [0, 1)."""
    scaled: NDArray[np.float64] = (words(seed, label, count) >> np.uint64(11)).astype(np.float64) * 2.0**-53
    return scaled


def integers(seed: int, label: str, count: int, below: int) -> NDArray[np.int64]:
    """Return ``count`` integers uniform on ``0 … below - 1``; ``below`` at most 2^32, so that the bias of one draw is under 2^-32."""
    if not 1 <= below <= 2**32:
        message = f"below {below} out of range"
        raise ValueError(message)
    high = words(seed, label, count) >> np.uint64(32)
    return ((high * np.uint64(below)) >> np.uint64(32)).astype(np.int64)
