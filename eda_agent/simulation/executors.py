"""Executors run the simulations on this machine or on a cluster, with the same interface."""

from __future__ import annotations

from eda_agent.simulation.executor import Executor
from eda_agent.simulation.local_pool import LocalPool


def open_pool(workers: int | None = None, cluster: str | None = None) -> Executor:
    """Open an executor; the caller closes it. `workers`: number of parallel simulations, None for all cores. `cluster`:
    address of a Ray cluster (`RayPool`).
    """
    if cluster is None:
        return LocalPool(workers)
    from eda_agent.simulation.ray_pool import RayPool

    return RayPool(cluster, workers)
