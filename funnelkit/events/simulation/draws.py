"""Random numbers that have an address: a purpose and a position.

The bits are SplitMix64's (Steele, Lea, Flood 2014): output number `at` of the generator that starts
at a key, computed directly, in 64-bit integers that wrap. The key is a hash of seed and purpose, so
a new purpose shifts no other number, and any part of a simulation can be computed by itself.
The conversions are our own and use integers only: the same seed means the same rows on every
machine and with every version of every library.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Words = NDArray[np.uint64]
    Integers = NDArray[np.int64]
    Flags = NDArray[np.bool_]

GOLDEN: Final = np.uint64(0x9E3779B97F4A7C15)
FIRST_MIX: Final = np.uint64(0xBF58476D1CE4E5B9)
SECOND_MIX: Final = np.uint64(0x94D049BB133111EB)
BITS: Final = 53
CERTAIN: Final = 1 << BITS


def threshold(probability: float | Fraction) -> int:
    """Return how many of the 2**53 equally likely draws count as "it happens"."""
    return round(Fraction(probability) * CERTAIN)


@dataclass(frozen=True, slots=True)
class Stream:
    """The random numbers of one purpose. Every method takes positions and returns as many draws."""

    key: int

    def bits(self, at: Integers) -> Words:
        """Return 64 random bits for each position; different positions never give the same bits."""
        word = at.astype(np.uint64)
        word += np.uint64(1)
        word *= GOLDEN
        word += np.uint64(self.key)
        word ^= word >> np.uint64(30)
        word *= FIRST_MIX
        word ^= word >> np.uint64(27)
        word *= SECOND_MIX
        word ^= word >> np.uint64(31)
        return word

    def below(self, at: Integers, limit: int | Integers) -> Integers:
        """Return integers in [0, limit); `limit` is at most 2**32, one for all or one for each."""
        limits = np.asarray(limit, dtype=np.uint64)
        draws: Integers = (((self.bits(at) >> np.uint64(32)) * limits) >> np.uint64(32)).view(
            np.int64
        )
        return draws

    def happens(self, at: Integers, thresholds: int | Integers) -> Flags:
        """Return True with a probability of `thresholds` / 2**53 (see `threshold`)."""
        limits = np.asarray(thresholds, dtype=np.int64)
        flags: Flags = (self.bits(at) >> np.uint64(64 - BITS)).view(np.int64) < limits
        return flags

    def choice(self, at: Integers, weights: Sequence[Fraction]) -> Integers:
        """Return indices into `weights`, each with a probability in proportion to its weight."""
        total = sum(weights)
        limits = [threshold(weight / total) for weight in accumulate(weights)]
        draws = (self.bits(at) >> np.uint64(64 - BITS)).view(np.int64)
        return np.searchsorted(np.array(limits, dtype=np.int64), draws, side="right")


@dataclass(frozen=True, slots=True)
class Draws:
    """All random numbers of one seed."""

    seed: int

    def stream(self, purpose: str) -> Stream:
        """Return the numbers of one purpose."""
        text = f"{self.seed}/{purpose}".encode()
        return Stream(int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big"))
