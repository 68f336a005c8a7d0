"""Spreading is handing jobs to processes: those of this machine, or with a cluster those of its machines, each a core."""

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
from eda_agent.simulation.ray_pool import connect

Row = dict[str, Any]
Submit = Callable[[Callable[[Job], Row], Job], Future[Row]]
LOSSES = 5
"""Times that a job is begun again because its machine was lost."""
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def spread(run: Callable[[Job], Row], jobs: Sequence[Job], workers: int | None, cluster: str | None) -> Generator[Row]:
    """Results in the order of their ends. `workers`: jobs side by side, None takes all cores. Raises what a job raises."""
    with _processes(workers) if cluster is None else _cluster(cluster, workers) as (submit, width):
        yield from _as_they_come(lambda job: submit(run, job), jobs, width)


@contextlib.contextmanager
def _processes(workers: int | None) -> Iterator[tuple[Submit, int]]:
    # as many runs side by side as there are cores: the threads of a policy's own libraries would only fight over them
    for name in THREADS:
        os.environ.setdefault(name, "1")
    width = workers or os.cpu_count() or 1
    others = set(multiprocessing.active_children())
    # a fresh interpreter each: a fork would share the parent's threads and random state
    pool = ProcessPoolExecutor(width, mp_context=multiprocessing.get_context("spawn"), initializer=_begin)
    try:
        yield pool.submit, width
    except BaseException as error:
        pool.shutdown(wait=False, cancel_futures=True)
        # a run is not waited for: nobody would keep what comes of it
        for process in set(multiprocessing.active_children()) - others:
            process.terminate()
        if isinstance(error, BrokenProcessPool):
            raise WorkerError(
                "a process that ran jobs of the bench was killed from outside\n"
                "    → see whether the machine is out of memory (`dmesg`), then give the same command again, perhaps with fewer --workers"
            ) from None
        raise
    pool.shutdown()


def _begin() -> None:
    """In a process that runs jobs: it ends when its parent says so, or has gone."""
    # Ctrl-C goes to the whole terminal
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    assert parent is not None
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: BaseProcess) -> None:
    parent.join()
    # in the middle of a run; the simulator ends with us
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
            replace(job, spec=str(Path(job.spec).resolve()), targets=str(Path(job.targets).resolve()) if job.targets else "")
        ).future()
        return future

    try:
        yield submit, width
    except ray.exceptions.RayTaskError as error:
        raise (
            error.cause if isinstance(error.cause, EdaAgentError) else WorkerError(f"a run of the bench failed: {error.cause}")
        ) from None
    finally:
        ray.shutdown()


def _as_they_come(submit: Callable[[Job], Future[Row]], jobs: Sequence[Job], width: int) -> Iterator[Row]:
    """Only a few jobs are handed out at a time, so that an interrupt ends soon."""
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
