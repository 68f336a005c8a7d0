"""Executors run the simulations: on this machine, or on a cluster. No caller has to know which."""

from __future__ import annotations

from eda_agent.simulation.executor import Executor
from eda_agent.simulation.local_pool import LocalPool


def open_pool(workers: int | None = None, cluster: str | None = None) -> Executor:
    """An executor; the caller closes it. `workers`: simulations side by side, None takes all cores. `cluster`: address of a Ray cluster (`RayPool`)."""
    if cluster is None:
        return LocalPool(workers)
    from eda_agent.simulation.ray_pool import RayPool

    return RayPool(cluster, workers)
