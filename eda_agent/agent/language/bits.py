"""Bits mark the allowed tokens of a large vocabulary."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def unpacked(bits: NDArray[np.int32], vocabulary: int) -> NDArray[np.bool_]:
    """Booleans (…, vocabulary) from bits (…, words)."""
    spread = np.unpackbits(np.ascontiguousarray(bits).view(np.uint8), axis=-1, bitorder="little")
    return spread[..., :vocabulary].astype(np.bool_)
