"""The known answers of the shipped circuits, simulated as their netlists say and as they are drawn (`layout: {fold:
auto}`): which stay met, and their scores.

    python -m benchmarks.drawn_answers [CIRCUIT …]
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from eda_agent.agent.score import Score, score
from eda_agent.problem.load import load_problem
from eda_agent.simulation.cache import NoCache
from eda_agent.simulation.evaluate import Evaluator
from eda_agent.simulation.executor import Executor
from eda_agent.simulation.local_pool import LocalPool
from eda_agent.simulation.workbench import Workbench

CIRCUITS = Path(__file__).parent.parent / "circuits"
SECTION = "\nlayout: {fold: auto}\n"


def judged(spec: Path, pool: Executor, cache: Path) -> Score:
    """The known answer beside a spec."""
    problem = load_problem(spec)
    known = problem.space.snap(json.loads((spec / "known.json").read_text(encoding="utf-8"))["sizing"])
    return score(problem.specs, Evaluator(problem, Workbench(problem, cache), pool, NoCache()).evaluate([known])[0])


def main(names: Sequence[str]) -> None:
    with tempfile.TemporaryDirectory() as place, LocalPool(2) as pool:
        folder = Path(place) / "circuits"
        shutil.copytree(CIRCUITS, folder)
        for name in names or sorted(path.parent.name for path in folder.glob("*/spec.yaml")):
            spec = folder / name
            plain = judged(spec, pool, Path(place) / "models")
            text = (spec / "spec.yaml").read_text(encoding="utf-8")
            (spec / "spec.yaml").write_text(text + SECTION, encoding="utf-8")
            drawn = judged(spec, pool, Path(place) / "models")
            print(f"{name}: {plain.met} {plain.value:.4f} → drawn: {drawn.met} {drawn.value:.4f}")


if __name__ == "__main__":
    main(sys.argv[1:])
