"""Bits say of every token of a large vocabulary whether it may come next."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def unpacked(bits: NDArray[np.int32], vocabulary: int) -> NDArray[np.bool_]:
    """Booleans (…, vocabulary) from bits (…, words)."""
    spread = np.unpackbits(np.ascontiguousarray(bits).view(np.uint8), axis=-1, bitorder="little")
    return spread[..., :vocabulary].astype(np.bool_)
