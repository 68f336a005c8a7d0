"""An engine computes a compact model's logits: in torch for training (`torch_engine`), in numpy in the product
(`numpy_engine`).
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Logits = NDArray[np.float32]


class Engine(Protocol):
    """The operations of an engine.

    `extend`: append tokens (batch, n, columns) to the cache, of which the first `lengths` (batch) of each row are real.
    `branch`: logits (batch, group, levels) of one more token (batch, group, columns) for each of a group of answers to
    the same prefix. `branches`, empty at first, holds the state of the answers and grows in place. `rows`: a cache of
    chosen rows. `spread`: branches in which every answer is repeated `times`, to be continued in different ways.
    """

    def extend(self, ids: NDArray[np.int64], lengths: NDArray[np.int64], cache: Any) -> Any: ...
    def branch(self, ids: NDArray[np.int64], cache: Any, branches: list[Any]) -> Logits: ...
    def rows(self, cache: Any, chosen: list[int]) -> Any: ...
    def spread(self, branches: list[Any], times: int) -> list[Any]: ...
