"""The program's own measurements, as the tests of this folder ask for them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from eda_agent.simulation.local_pool import LocalPool

from . import product


@pytest.fixture
def measured(pool: LocalPool, own_cache: Path) -> Callable[..., dict[str, dict[str, float]]]:
    """`product.measured` on the session's workers."""
    return partial(product.measured, pool=pool, cache=own_cache)
