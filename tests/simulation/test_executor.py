"""The local pool: what it returns, and what it survives. Real ngspice workers throughout."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from eda_agent.cli import main
from eda_agent.errors import WorkerError
from eda_agent.problem.pdk import CutLibrary
from eda_agent.simulation import ngspice, worker_process
from eda_agent.simulation.deck import Deck
from eda_agent.simulation.executor import Executor, Task, WorkerRequest
from eda_agent.simulation.instance import Instance
from eda_agent.simulation.local_pool import MAX_KILLS, LocalPool

MODELS = "* none\n"


def deck(
    key: str,
    tail: str,
    analyses: tuple[tuple[str, str], ...],
    metrics: tuple[tuple[str, str], ...] = (),
    probes: dict[str, str] | None = None,
) -> Deck:
    title, settings = "* test\n", {"vdd": 1.0}
    library = CutLibrary(Path(os.devnull), "", "none", ())
    return Deck(
        key,
        "bench",
        "nominal",
        title,
        "",
        tail,
        analyses,
        probes or {"out": "out"},
        settings,
        metrics,
        (),
        library,
        (),
        "",
    )


def instance(circuit: str) -> Instance:
    return Instance(circuit)


RC = deck("rc", "V1 in 0 dc 1 ac 1\n", (("op", "op"), ("ac", "ac dec 40 1 1g")), (("bandwidth", "ac"),))
GOOD = instance("R1 in out 1k\nC1 out 0 1p\n")


def bandwidth(reply: dict[str, object]) -> float:
    value = reply["metrics"]["bandwidth"][0]  # type: ignore[index]  # plain JSON
    assert isinstance(value, float)
    return value


class ExecutorContract:
    """What every executor must do; a subclass gives the fixture."""

    @pytest.fixture
    def executor(self) -> Executor:
        raise NotImplementedError

    def test_replies_come_in_order(self, executor: Executor) -> None:
        tasks = [Task(RC, instance(f"R1 in out {10**k}\nC1 out 0 1p\n")) for k in (3, 4, 5, 3, 4)]
        widths = [bandwidth(reply) for reply in executor.run(tasks)]
        for width, resistance in zip(widths, (1e3, 1e4, 1e5, 1e3, 1e4), strict=True):
            assert width == pytest.approx(1 / (2 * 3.141592653589793 * resistance * 1e-12), rel=2e-3)
        assert widths[0] == widths[3]

    def test_a_failed_simulation_is_a_value(self, executor: Executor) -> None:
        tasks = [
            Task(RC, GOOD),
            Task(RC, instance("M1 out in 0 0 nosuchmodel w=1u l=1u\nR1 in out 1k\n")),
            Task(RC, instance("R1 in out {undefined_name}\n")),
            Task(RC, instance("V2 in 0 2\nR1 in out 1k\n")),
            Task(deck("tran", "V1 out 0 1\n", (("tran", "tran 1p 10"),)), instance("R1 out 0 1k\n"), timeout=0.7),
            Task(deck("absurd", "B1 out 0 v=1e12\n", (("op", "op"),)), instance("R1 out 0 1k\n")),
            Task(RC, GOOD),
        ]
        replies = executor.run(tasks)
        kinds = [reply.get("failure", {}).get("kind") for reply in replies]
        assert kinds[0] is None
        assert kinds[1] == "missing_model"
        assert kinds[2] in {"crash", "syntax"}
        assert kinds[3] in {"singular", "no_convergence", "unknown"}
        assert kinds[4] == "timeout"
        assert kinds[5] == "absurd"
        assert bandwidth(replies[6]) == bandwidth(replies[0])
        assert all(reply["failure"]["words"] for reply in replies[1:6])


class TestLocalPool(ExecutorContract):
    @pytest.fixture
    def executor(self, pool: LocalPool) -> Executor:
        return pool


def test_a_worker_that_ends_says_its_last_words(pool: LocalPool) -> None:
    """A fault of the worker's own is named, and the next simulation is not hurt."""
    broken = WorkerRequest(0, RC, lambda: {"do": "run", "key": RC.key, "operating_point": False}, 10.0)
    failure = pool.dispatch([broken])[0]["failure"]
    assert failure == {"kind": "crash", "words": "the worker ended with status 1: KeyError: 'waveforms'"}
    assert bandwidth(pool.run([Task(RC, GOOD)])[0]) > 0


def test_a_worker_killed_from_outside_costs_nothing(pool: LocalPool) -> None:
    slow = deck("slow", "V1 in 0 sin(0 1 1meg)\n", (("tran", "tran 1n 300u"),), (), {"out": "out"})
    threading.Timer(0.3, lambda: os.kill(pool.pids()[0], signal.SIGKILL)).start()
    before = pool.replaced
    replies = pool.run([Task(slow, GOOD), Task(slow, instance("R1 in out 2k\nC1 out 0 1p\n"))])
    assert pool.replaced == before + 1
    assert all("failure" not in reply for reply in replies)


def test_what_waits_behind_a_simulation_that_goes_wrong_is_done_elsewhere(pool: LocalPool) -> None:
    forever = Task(deck("tran", "V1 out 0 1\n", (("tran", "tran 1p 10"),)), instance("R1 out 0 1k\n"), timeout=0.5)
    leaves = Task(RC, instance("R1 in out {undefined_name}\n"))
    good = [Task(RC, instance(f"R1 in out {k}k\nC1 out 0 1p\n")) for k in range(1, 13)]
    told: list[int] = []
    replies = pool.run([forever, leaves, *good], lambda index, _: told.append(index))
    assert sorted(told) == list(range(14))
    for k, reply in enumerate(replies[2:], start=1):
        assert bandwidth(reply) == pytest.approx(1 / (2 * 3.141592653589793 * k * 1e3 * 1e-12), rel=2e-3)


def test_one_core_is_the_callers_until_it_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 1}, raising=False)
    with LocalPool() as pool:
        assert (pool.size, len(pool.pids())) == (2, 1)
        pool.run([Task(RC, GOOD)] * 3)
        assert len(pool.pids()) == 2


def test_workers_are_recycled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_process, "RECYCLE", 3)
    with LocalPool(1) as pool:
        first = pool.pids()
        replies = pool.run([Task(RC, GOOD)] * 7)
        assert pool.pids() != first
        assert pool.replaced == 2
        assert len({bandwidth(reply) for reply in replies}) == 1


def test_a_worker_reads_no_settings_of_its_user(tmp_path: Path) -> None:
    """ngspice reads `.spiceinit` of the working folder, and that of the user's home only where there is none."""
    with LocalPool(1) as pool:
        _ = pool.version
        assert (pool._workers[0].folder / ".spiceinit").read_text() == ""
    (tmp_path / ".spiceinit").write_text("* settings\necho read-here\n")
    code = "from eda_agent.simulation.ngspice import Ngspice; print(*Ngspice().log)"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "read-here" in done.stdout


def _ended(by: int) -> Callable[[LocalPool], object]:
    """`LocalPool._start` whose workers end by a signal at once."""
    start = LocalPool._start

    def doomed(pool: LocalPool) -> object:
        worker = start(pool)
        worker.process.send_signal(by)
        return worker

    return doomed


def test_a_library_that_does_not_load_is_one_clear_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NGSPICE_LIBRARY_PATH", "/nowhere/libngspice.so")
    with LocalPool(1) as pool, pytest.raises(WorkerError, match=r"cannot load library '/nowhere/libng.*\n.*doctor"):
        _ = pool.version


def test_without_ngspice_the_message_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A machine without the library: one message, and no folder of a run that did not begin."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(ngspice.ctypes.util, "find_library", lambda name: None)
    monkeypatch.setattr(LocalPool, "_start", _ended(signal.SIGTERM))
    assert main(["size", "ota_5t", "--workers", "1"]) == 3
    assert "apt install ngspice libngspice0" in capsys.readouterr().err
    assert not list(tmp_path.glob("runs/*"))


def test_workers_killed_as_often_as_they_start_are_one_clear_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LocalPool, "_start", _ended(signal.SIGKILL))
    with (
        LocalPool(1) as pool,
        pytest.raises(WorkerError, match=f"killed from outside .* {MAX_KILLS} times in a row\n.*memory"),
    ):
        _ = pool.version


def test_keys_of_the_user_do_not_reach_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "canary-123")
    with LocalPool(1) as pool:
        assert b"canary-123" not in Path(f"/proc/{pool.pids()[0]}/environ").read_bytes()


def test_workers_end_with_their_parent() -> None:
    code = (
        "from eda_agent.simulation.local_pool import LocalPool\nimport time\np ="
        " LocalPool(2)\np.version\nprint(*p.pids(), flush=True)\ntime.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    workers = [int(pid) for pid in parent.stdout.readline().split()]
    parent.kill()
    parent.wait()
    deadline = time.monotonic() + 10
    while any(Path(f"/proc/{pid}/exe").exists() for pid in workers) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(Path(f"/proc/{pid}/exe").exists() for pid in workers)
