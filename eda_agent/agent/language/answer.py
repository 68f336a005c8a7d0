"""An answer is a model's tokens for a prompt with their log-probabilities."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Answer:
    """A model's answer.

    Attributes:
        tokens: (n).
        logprobs: (n) natural logarithms under the sampling distribution, constraint and temperature included.
        truncated: cut off by the length limit.
        legal: the allowed answers at each token, as bits (see `grammar`); None for everything or if the prompt has
            them.
        outcomes: (specs × levels) predicted probabilities (`expectation`), if requested.
    """

    tokens: NDArray[np.int64]
    logprobs: NDArray[np.float32]
    truncated: bool = False
    legal: NDArray[np.int32] | None = None
    outcomes: NDArray[np.float32] | None = None
