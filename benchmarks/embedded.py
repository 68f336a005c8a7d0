"""What the embedded model costs: a proposal on one core, the time from the command to the first proposal, its share
of the wheel.

    python benchmarks/embedded.py [--model FOLDER]

Prints a table and writes benchmarks/results/embedded.json. A proposal is what `size` waits for: eight answers sampled
behind a history of so many turns, what is expected of each, the choice. The first proposal is timed by the first
`turn.proposed` event of a new process, which has read the models and simulated the baseline by then; cached and not.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

from threadpoolctl import threadpool_limits

from eda_agent.agent.history import History
from eda_agent.agent.policies.embedded import EmbeddedPolicy
from eda_agent.agent.score import score
from eda_agent.agent.turn import Proposal, Turn
from eda_agent.files import write_text
from eda_agent.problem.load import load_problem
from eda_agent.simulation.cache import MemoryCache, cache_folder
from eda_agent.simulation.evaluate import Evaluator
from eda_agent.simulation.local_pool import LocalPool
from eda_agent.simulation.workbench import Workbench

HERE = Path(__file__).parent
CIRCUITS = HERE.parent / "circuits"
RESULT = HERE / "results" / "embedded.json"
CIRCUIT, UNKNOWN = "two_stage_miller", "class_ab_output"
TURNS = (1, 5, 10, 20)
REPEATS = 9


def proposals(model: str | None) -> dict[str, float]:
    """Milliseconds of a proposal behind so many turns, one thread; the median of several."""
    problem = load_problem(CIRCUITS / CIRCUIT)
    policy = EmbeddedPolicy(0, model)
    with LocalPool(None) as executor:
        evaluator = Evaluator(problem, Workbench(problem, cache_folder() / "models"), executor, MemoryCache())
        history = History(problem)
        sizing = problem.space.initial
        result = {}
        for number in range(max(TURNS) + 1):
            evaluation = evaluator.evaluate([sizing])[0]
            turn = Turn(
                number, Proposal(sizing, policy="embedded"), sizing, evaluation, score(problem.specs, evaluation)
            )
            history = History(problem, (*history.turns, turn))
            times = []
            for _ in range(REPEATS if len(history.turns) in TURNS else 1):
                with threadpool_limits(1):
                    start = time.perf_counter()
                    proposal = policy.propose(history)
                    times.append(1e3 * (time.perf_counter() - start))
            if len(history.turns) in TURNS:
                result[str(len(history.turns))] = statistics.median(times)
            sizing = proposal.sizing or sizing
    return result


def first(model: str | None, cache: str, policy: str = "embedded", circuit: str = CIRCUIT) -> float:
    """Seconds from the command to its first proposal."""
    with tempfile.TemporaryDirectory() as folder:
        given = ["--model", model] if model else []
        command = [
            sys.executable,
            "-m",
            "eda_agent",
            "size",
            str(CIRCUITS / circuit),
            "--policy",
            policy,
            "--budget",
            "1",
            "--events",
        ]
        start = time.perf_counter()
        process = subprocess.Popen(
            [*command, *given, "--out", f"{folder}/run"],
            stdout=subprocess.PIPE,
            text=True,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "EDA_AGENT_CACHE": cache},
        )
        assert process.stdout is not None
        for line in process.stdout:
            if json.loads(line)["type"] == "turn.proposed":
                took = time.perf_counter() - start
                break
        process.stdout.read()
        process.wait()
    return took


def wheel() -> dict[str, float]:
    """MiB of the wheel, and of the weights in it."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            [sys.executable, "-m", "build", "--wheel", "--outdir", folder, str(HERE.parent)],
            check=True,
            capture_output=True,
        )
        path = next(Path(folder).glob("*.whl"))
        with zipfile.ZipFile(path) as archive:
            weights = sum(entry.compress_size for entry in archive.infolist() if "/weights/" in entry.filename)
        return {"wheel_mib": path.stat().st_size / 2**20, "weights_mib": weights / 2**20}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", help="a model in a folder instead of the package's")
    model = parser.parse_args().model
    times = proposals(model)
    cold = []
    for _ in range(5):
        with tempfile.TemporaryDirectory() as cache:
            cold.append(first(model, cache))
    with tempfile.TemporaryDirectory() as cache:
        first(model, cache)
        starts = {
            "nothing cached": cold,
            "cached": [first(model, cache) for _ in range(5)],
            "auto, known structure": [first(None, cache, "auto") for _ in range(5)],
            "auto, unknown structure": [first(None, cache, "auto", UNKNOWN) for _ in range(6)][1:],
        }
    result = {
        "circuit": CIRCUIT,
        "parameters": len(load_problem(CIRCUITS / CIRCUIT).space.parameters),
        "proposal_ms_behind_turns": times,
        "first_proposal_s": {name: statistics.median(times) for name, times in starts.items()},
        **wheel(),
    }
    write_text(RESULT, json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
