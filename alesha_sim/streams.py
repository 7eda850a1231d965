"""Named streams of random numbers: the one place where chance enters a run.

Nothing else in the package may import NumPy's or Python's generators. What is drawn from a stream is decided
elsewhere.
"""

import secrets
from hashlib import blake2b

import numpy as np
from numpy.random import PCG64DXSM, Generator, SeedSequence

from alesha_sim.units import as_whole

__all__ = ["SEED_MAX", "Generator", "Streams", "fresh_seed"]

SEED_MAX = 2**63 - 1
"""The largest seed: it fits a signed 64-bit column."""


class Streams:
    """Independent generators, one for each name, all decided by one seed.

    A stream depends on the seed and on its own name alone, so a scenario that gains an entity or a stream
    shifts no other one, and two variants meet the same customers (common random numbers). Raises ValueError
    unless the seed is a whole number from 0 to 2**63 - 1.
    """

    __slots__ = ("seed",)

    def __init__(self, seed: int) -> None:
        found = as_whole(seed, 0, SEED_MAX)
        if found is None:
            raise ValueError(f"seed: {seed!r}: must be a whole number from 0 to {SEED_MAX}")
        self.seed = found

    def __repr__(self) -> str:
        return f"Streams({self.seed})"

    def generator(self, name: str) -> Generator:
        """Return a new generator that stands at the start of the named stream.

        The name's 128-bit BLAKE2b digest, as four little-endian words, is the spawn key of a NumPy
        `SeedSequence`; the bit generator is PCG64DXSM (NumPy's manual, "Parallel random number generation"
        and "Upgrading PCG64 with PCG64DXSM"). Python's own `hash` would differ from process to process.
        """
        digest = blake2b(name.encode(), digest_size=16).digest()
        # `SeedSequence(seed, spawn_key=words)` joins the same eight words, in twice the time.
        words = np.frombuffer(self.seed.to_bytes(16, "little") + digest, "<u4").astype(np.uint32)
        return Generator(PCG64DXSM(SeedSequence(words)))


def fresh_seed() -> int:
    """Return a seed from the operating system's entropy, below 2**32 so that it is easy to type again."""
    return secrets.randbits(32)
