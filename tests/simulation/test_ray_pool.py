"""The Ray pool on a real cluster of node processes: what the local pool gives, to the last bit, also when a node is
killed in mid-work.
"""

from __future__ import annotations

import contextlib
import os
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from eda_agent.bench.runs import run_bench
from eda_agent.bench.suite import jobs_of, read_suite
from eda_agent.errors import InputError, WorkerError
from eda_agent.problem.load import load_problem
from eda_agent.run import Request, open_evaluator, size
from eda_agent.simulation.cache import NoCache, cache_folder
from eda_agent.simulation.evaluate import Evaluator
from eda_agent.simulation.executor import Executor, Task
from eda_agent.simulation.executors import open_pool
from eda_agent.simulation.local_pool import LocalPool
from eda_agent.simulation.montecarlo import monte_carlo
from eda_agent.simulation.workbench import Workbench
from tests.conftest import CIRCUITS
from tests.simulation.test_executor import GOOD, RC, ExecutorContract, bandwidth, instance

ray = pytest.importorskip("ray")

from eda_agent.simulation import ray_pool as module  # noqa: E402  # needs Ray
from eda_agent.simulation.ray_cluster import connect  # noqa: E402  # needs Ray
from eda_agent.simulation.ray_pool import RayPool  # noqa: E402  # needs Ray

# one cluster for all tests here: under pytest-xdist they share a worker
pytestmark = pytest.mark.xdist_group("ray")


several = pytest.mark.skipif(
    "EDA_AGENT_RAY" not in os.environ,
    reason="opens several pools one after the other, which takes minutes beside other tests: make ray",
)


@pytest.fixture(scope="module")
def nodes() -> Iterator[Any]:
    """A cluster of a head without cores and two nodes of one core each; what it may lose is the second."""
    from ray.cluster_utils import Cluster

    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    for _ in range(2):
        cluster.add_node(num_cpus=1)
    yield cluster
    ray.shutdown()
    cluster.shutdown()


@pytest.fixture(scope="module")
def actors(nodes: Any) -> Iterator[RayPool]:
    """A pool on it, for tests that leave the cluster as it is; they come first."""
    with RayPool(nodes.address) as pool:
        yield pool


def test_one_worker_has_them_all(request: pytest.FixtureRequest) -> None:
    """A cluster takes half a minute to start; two at once may take so long that they give up."""
    if not request.config.getoption("loadgroup", False):
        # in one process, or spread in another way, there is no group that could be broken
        pytest.skip("tests are not distributed by group: make test")
    assert request.node.nodeid.endswith("@ray")


class TestRayPool(ExecutorContract):
    @pytest.fixture
    def executor(self, actors: RayPool) -> Executor:
        return actors


def without_time(reply: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in reply.items() if key != "seconds"}


def test_replies_are_those_of_one_machine_to_the_last_bit(actors: RayPool) -> None:
    problem = load_problem(CIRCUITS / "two_stage_miller" / "spec.yaml")
    draw = random.Random(5)
    sizings = [problem.space.from_unit([draw.random() for _ in problem.space.parameters]) for _ in range(6)]
    with open_evaluator(problem, cache=False, workers=1) as here:
        expected = here.evaluate(sizings)
        chips = monte_carlo(here, problem.space.initial, 4, 7)
    assert actors.size == 2
    there = Evaluator(problem, Workbench(problem, cache_folder() / "models"), actors, NoCache())
    found = there.evaluate(sizings)
    others = monte_carlo(there, problem.space.initial, 4, 7)
    for one, other in zip(expected, found, strict=True):
        assert (one.values, one.reasons, one.operating_points) == (other.values, other.reasons, other.operating_points)
    assert chips.values == others.values


def test_another_cluster_in_the_same_process_is_refused(actors: RayPool) -> None:
    with pytest.raises(InputError, match="this process is connected to"):
        connect("127.0.0.1:1")


def test_what_an_interrupted_caller_asked_for_is_not_taken_for_an_answer(actors: RayPool) -> None:
    slow = [Task(RC, instance(f"R1 in out {k}k\nC1 out 0 1p\n")) for k in range(1, 40)]

    def interrupt(index: int, reply: dict[str, Any]) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        actors.run(slow, interrupt)
    replies = actors.run([Task(RC, GOOD), Task(RC, instance("R1 in out 2k\nC1 out 0 1p\n"))])
    assert bandwidth(replies[0]) == pytest.approx(2 * bandwidth(replies[1]), rel=1e-2)


@several
def test_a_run_and_a_bench_on_the_cluster(nodes: Any, actors: RayPool, tmp_path: Path) -> None:
    actors.close()
    request = {"spec": CIRCUITS / "ota_5t", "policy": "random", "simulations": 12, "cache": False, "parallel": 2}
    here = size(Request(**request, out=tmp_path / "a", workers=2))
    there = size(Request(**request, out=tmp_path / "b", cluster=nodes.address))
    assert [turn.value for turn in here.turns] == [turn.value for turn in there.turns]
    jobs = jobs_of(read_suite("ota_5t"), ["random"], 2, 5, 1)
    rows = [
        sorted((row["key"], row["curve"]) for row in run_bench(jobs, tmp_path / name, 2, lambda *_: None, cluster))
        for name, cluster in (("local.jsonl", None), ("ray.jsonl", nodes.address))
    ]
    assert rows[0] == rows[1]
    assert len(rows[0]) == 2


@several
def test_other_versions_are_refused(nodes: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "__version__", "0.0.0")
    with RayPool(nodes.address) as pool, pytest.raises(WorkerError, match="install the same on every machine"):
        _ = pool.version


@several
def test_a_killed_node_costs_what_it_had_in_flight_and_nothing_else(nodes: Any) -> None:
    tasks = [Task(RC, instance(f"R1 in out {k}\nC1 out 0 1p\n")) for k in range(1000, 2200)]
    with LocalPool(2) as pool:
        expected = [without_time(reply) for reply in pool.run(tasks)]
    victim = nodes.add_node(num_cpus=2)
    answered: list[int] = []
    with RayPool(nodes.address) as pool:
        assert pool.size == 4
        pool.run(tasks[:8])
        while not all(actor.ready for actor in pool._actors):
            pool.run(tasks[:4])

        def note(index: int, reply: dict[str, Any]) -> None:
            answered.append(index)
            if len(answered) == 200:
                nodes.remove_node(victim, allow_graceful=False)

        replies = [without_time(reply) for reply in pool.run(tasks, note)]
        assert pool.lost == 2
        assert sum(actor.ready for actor in pool._actors) == 2
        # each answered once, none twice, none lost
        assert sorted(answered) == list(range(len(tasks)))
        assert replies == expected
        # a machine that is added takes the place of the lost one
        nodes.add_node(num_cpus=2)
        deadline = time.monotonic() + 60
        while sum(actor.ready for actor in pool._actors) < 4 and time.monotonic() < deadline:
            pool.run(tasks[:40])
        assert sum(actor.ready for actor in pool._actors) == 4


def test_where_no_cluster_answers_it_is_said() -> None:
    # a process has one cluster at a time
    ray.shutdown()
    for address in ("127.0.0.1:1", "nowhere.invalid:6379", "nonsense"):
        with pytest.raises(InputError, match="no Ray cluster at"):
            connect(address)


@several
def test_a_cluster_of_ones_own_ends_with_the_pool() -> None:
    with contextlib.closing(open_pool(1, "local")) as pool:
        assert bandwidth(pool.run([Task(RC, GOOD)])[0]) > 0
    assert not ray.is_initialized()
