"""Spreading distributes jobs to processes on this machine, or to the cores of a cluster."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from eda_agent.bench.suite import Job
from eda_agent.errors import EdaAgentError, WorkerError
from eda_agent.simulation.ray_cluster import connect

Row = dict[str, Any]
Submit = Callable[[Callable[[Job], Row], Job], Future[Row]]
LOSSES = 5
"""Number of times that a job is repeated because its machine was lost."""
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def spread(run: Callable[[Job], Row], jobs: Sequence[Job], workers: int | None, cluster: str | None) -> Generator[Row]:
    """Results in the order of completion. `workers`: parallel jobs, None for all cores. Raises what a job raises."""
    with _processes(workers) if cluster is None else _cluster(cluster, workers) as (submit, width):
        yield from _as_they_come(lambda job: submit(run, job), jobs, width)


@contextlib.contextmanager
def _processes(workers: int | None) -> Iterator[tuple[Submit, int]]:
    # there are as many parallel runs as cores: the threads of a policy's libraries would only compete for them
    for name in THREADS:
        os.environ.setdefault(name, "1")
    width = workers or os.cpu_count() or 1
    others = set(multiprocessing.active_children())
    # a new interpreter each: a fork would share the parent's threads and random state
    pool = ProcessPoolExecutor(width, mp_context=multiprocessing.get_context("spawn"), initializer=_begin)
    try:
        yield pool.submit, width
    except BaseException as error:
        pool.shutdown(wait=False, cancel_futures=True)
        # do not wait for a run: its result would be dropped
        for process in set(multiprocessing.active_children()) - others:
            process.terminate()
        if isinstance(error, BrokenProcessPool):
            raise WorkerError(
                "a process that ran jobs of the bench was killed from outside\n    → check whether the machine is out"
                " of memory (`dmesg`), then repeat the command, perhaps with fewer --workers"
            ) from None
        raise
    pool.shutdown()


def _begin() -> None:
    """Set up a process that runs jobs: it ends when its parent says so or has ended."""
    # Ctrl-C goes to the whole terminal
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    assert parent is not None
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: BaseProcess) -> None:
    parent.join()
    # in the middle of a run; the simulator ends with this process
    os._exit(1)


@contextlib.contextmanager
def _cluster(address: str, workers: int | None) -> Iterator[tuple[Submit, int]]:
    ray = connect(address, workers)
    width = workers or max(1, int(ray.cluster_resources().get("CPU", 1)))
    environment = {"env_vars": dict.fromkeys(THREADS, "1")}

    def submit(run: Callable[[Job], Row], job: Job) -> Future[Row]:
        task = ray.remote(num_cpus=1, max_retries=LOSSES, runtime_env=environment)(run)
        # a worker's folder is not ours
        future: Future[Row] = task.remote(
            replace(
                job, spec=str(Path(job.spec).resolve()), targets=str(Path(job.targets).resolve()) if job.targets else ""
            )
        ).future()
        return future

    try:
        yield submit, width
    except ray.exceptions.RayTaskError as error:
        raise (
            error.cause
            if isinstance(error.cause, EdaAgentError)
            else WorkerError(f"a run of the bench failed: {error.cause}")
        ) from None
    finally:
        ray.shutdown()


def _as_they_come(submit: Callable[[Job], Future[Row]], jobs: Sequence[Job], width: int) -> Iterator[Row]:
    """Only a few jobs are submitted at a time, so that an interrupt ends quickly."""
    waiting = iter(jobs)
    running: set[Future[Row]] = set()
    while True:
        for job in waiting:
            running.add(submit(job))
            if len(running) > width:
                break
        if not running:
            return
        done, running = wait(running, return_when=FIRST_COMPLETED)
        for future in done:
            yield future.result()
