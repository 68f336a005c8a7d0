"""What the program itself measures of a circuit, in testbenches and corners of a test's own."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

import yaml

from eda_agent.metrics import METRICS
from eda_agent.problem.load import load_problem
from eda_agent.simulation.cache import NoCache
from eda_agent.simulation.evaluate import Evaluator
from eda_agent.simulation.local_pool import LocalPool
from eda_agent.simulation.workbench import Workbench

from .plain import Corner, folder, known


def measured(
    name: str,
    pool: LocalPool,
    cache: Path,
    benches: Mapping[str, Mapping[str, object]],
    specs: Mapping[str, str],
    corners: Mapping[str, Corner],
    *,
    own_sizes: bool = False,
) -> dict[str, dict[str, float]]:
    """Corner → spec → value. `specs`: name → testbench, where the name is a metric's, with _anything behind it to tell
    two apart.
    """
    spec = yaml.safe_load((folder(name) / "spec.yaml").read_text())
    spec["testbenches"] = {bench: dict(settings) for bench, settings in benches.items()}
    spec["specs"] = {}
    for one, bench in specs.items():
        metric = max((known_ for known_ in METRICS if one.startswith(known_)), key=len)
        spec["specs"][one] = {"metric": metric, "unit": METRICS[metric].unit, "maximum": 1e15}
        if bench:
            spec["specs"][one]["testbench"] = bench
    spec["corners"] = {
        label: {"process": corner.process, "vdd": corner.vdd, "temperature": corner.temperature}
        for label, corner in corners.items()
    }
    with tempfile.TemporaryDirectory() as copy:
        shutil.copy(folder(name) / spec["circuit"], copy)
        (Path(copy) / "spec.yaml").write_text(yaml.safe_dump(spec, allow_unicode=True))
        problem = load_problem(Path(copy))
        sizing = problem.space.initial if own_sizes else problem.space.snap(known(name))
        found = Evaluator(problem, Workbench(problem, cache / "models"), pool, NoCache()).evaluate([sizing])[0]
    assert not found.failures, found.failures
    # a value at the end of its sweep is a number with a reason
    assert found.reasons.keys() <= found.bounds.keys(), found.reasons
    return {
        corner: {one: float(value) for one, value in row.items() if value is not None}
        for corner, row in found.values.items()
    }
