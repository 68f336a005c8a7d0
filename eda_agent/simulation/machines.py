"""The machines that simulate: this one, or a cluster's. Which it is nobody above has to know."""

from __future__ import annotations

from eda_agent.simulation.executor import Executor
from eda_agent.simulation.local_pool import LocalPool


def open_pool(workers: int | None = None, cluster: str | None = None) -> Executor:
    """An executor; the caller closes it. `workers`: simulations side by side, None takes all cores. `cluster`: address of a Ray cluster (`RayPool`)."""
    if cluster is None:
        return LocalPool(workers)
    from eda_agent.simulation.ray_pool import RayPool

    return RayPool(cluster, workers)
