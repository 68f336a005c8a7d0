"""Writes circuits/*/golden.json: what each circuit measures at its starting sizes, in every corner.

    python benchmarks/golden.py [CIRCUIT …]

after a deliberate change of a circuit, a testbench or a measurement, never to silence a test.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from eda_agent.problem.load import load_problem
from eda_agent.run import open_evaluator

TOLERANCE = {"phase_margin": 0.01, "overshoot": 0.1, "saturation_margin": 0.05}


def main() -> None:
    for path in sorted((Path(__file__).parent.parent / "circuits").glob("*/spec.yaml")):
        if sys.argv[1:] and path.parent.name not in sys.argv[1:]:
            continue
        problem = load_problem(path)
        with open_evaluator(problem, cache=False) as evaluator:
            evaluation = evaluator.evaluate([problem.space.initial])[0]
            version = evaluator.executor.version
        data = {
            "made_by": "python benchmarks/golden.py",
            "ngspice": version,
            "tolerance": {
                "default": 0.02,
                **{spec.name: TOLERANCE[spec.metric.name] for spec in problem.specs if spec.metric.name in TOLERANCE},
            },
            "values": {
                corner: {name: None if value is None else float(f"{value:.6g}") for name, value in row.items()}
                for corner, row in evaluation.values.items()
            },
        }
        (path.parent / "golden.json").write_text(json.dumps(data, indent=1) + "\n")
        print(path.parent.name, data["values"][problem.corners[0].name])


if __name__ == "__main__":
    main()
