"""A fingerprint is a set of digests of everything that a run's measurements and scores depend on. It shows later
whether they still apply.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from eda_agent.problem.spec import Problem, Testbench
from eda_agent.simulation.evaluate import CONTENT_VERSION
from eda_agent.simulation.workbench import Workbench

WHOLE = 64_000_000
"""Size in bytes up to which a model file is hashed completely; of a larger file its size and both ends are hashed."""
_END = 1_000_000


def fingerprint(problem: Problem, workbench: Workbench) -> dict[str, Any]:
    """Part → digest, or name → digest if a part has several. Equal fingerprints mean equal measurements."""
    return {
        "netlist": _digest(problem.netlist.text(), problem.subckt),
        "parameters": {
            one.name: _digest(one.minimum, one.maximum, one.scale, one.step, one.initial, one.locked, one.places)
            for one in problem.space.parameters
        },
        "testbenches": {name: _digest(*_bench(bench)) for name, bench in problem.testbenches.items()},
        "specs": {
            spec.name: _digest(spec.metric.name, spec.testbench, spec.corners, spec.devices) for spec in problem.specs
        },
        "corners": {corner.name: _digest(corner) for corner in problem.corners},
        "models": {process: library.digest[:16] for process, library in workbench.libraries.items()},
        "measurements": CONTENT_VERSION,
        "layout": _digest(problem.layout) if problem.layout is not None else "",
        "wires": _digest(problem.wires) if problem.wires is not None else "",
    }


def targets(problem: Problem) -> dict[str, Any]:
    """What scores and the end of a run depend on besides the measurements. It may change; the turns are then scored
    again.
    """
    return {
        "specs": {
            spec.name: {
                "minimum": spec.minimum,
                "maximum": spec.maximum,
                "weight": spec.weight,
                "worst": spec.worst,
                "objective": spec.objective,
            }
            for spec in problem.specs
        },
        "budget": dict(vars(problem.budget)),
    }


def differences(then: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """The parts in which two fingerprints differ, for people: `testbenches: loop`. A part that an older journal lacks
    is no difference.
    """
    found = []
    for part, value in now.items():
        # runs of before there were layouts have none
        before = then.get(part, "" if part in ("layout", "wires") else None)
        if before is None or before == value:
            continue
        if isinstance(value, Mapping) and isinstance(before, Mapping):
            names = sorted(name for name in {*value, *before} if value.get(name) != before.get(name))
            found.append(f"{part}: {', '.join(names)}")
        else:
            found.append(
                {
                    "netlist": "the netlist or an included file",
                    "measurements": "the measurements of this version of eda-agent",
                    "layout": "the layout section",
                    "wires": "the capacitances of wires",
                }.get(part, part)
            )
    return found


def weights(folder: Path) -> str:
    """A digest of the model in a folder, or of a file; "" if there is none."""
    files = [folder] if folder.is_file() else sorted([*folder.glob("*.safetensors"), *folder.glob("config.json")])
    digest = hashlib.sha256()
    try:
        for path in files:
            size = path.stat().st_size
            digest.update(f"{path.name}:{size}:".encode() if folder.is_dir() else b"")
            with path.open("rb") as file:
                if size <= WHOLE:
                    digest.update(file.read())
                else:
                    digest.update(file.read(_END))
                    file.seek(-_END, 2)
                    digest.update(file.read())
    except OSError:
        return ""
    return digest.hexdigest()[:16] if files else ""


def _bench(bench: Testbench) -> tuple[object, ...]:
    """A testbench with the current content of its Python measurement files, independent of their place."""
    paths = {name: Path(how.partition(" ")[2]) for name, how in bench.measures.items() if how.startswith("python ")}
    measures = {
        name: paths[name].read_text(encoding="utf-8") if name in paths else how for name, how in bench.measures.items()
    }
    # a testbench without a program has the same text as before there were programs
    program = () if bench.program is None else (bench.program, bench.instance)
    script = () if bench.script is None else (bench.script.file.read_text(encoding="utf-8", errors="replace"),)
    return replace(bench, measures={}), sorted(measures.items()), *program, *script


def _digest(*parts: object) -> str:
    return hashlib.sha256(json.dumps([repr(part) for part in parts]).encode()).hexdigest()[:16]
