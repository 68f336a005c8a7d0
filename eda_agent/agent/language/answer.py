"""An answer is the tokens that a model gave to a prompt, and how likely they were."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Answer:
    """`tokens` (n) and `logprobs` (n), natural logarithms under the distribution that they were drawn from, constraint and temperature
    included. `truncated`: cut off by the length limit. `legal`: what could have been answered at each token, as bits (see `grammar`), None
    for everything or where the prompt says it. `outcomes` (specs × levels): probabilities of what comes of it (`expectation`), where they
    were asked for.
    """  # fmt: skip

    tokens: NDArray[np.int64]
    logprobs: NDArray[np.float32]
    truncated: bool = False
    legal: NDArray[np.int32] | None = None
    outcomes: NDArray[np.float32] | None = None
