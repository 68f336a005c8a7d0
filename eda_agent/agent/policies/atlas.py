"""An atlas holds designs of circuits that were simulated when the embedded model was made; a circuit finds them by its structure, whatever its names.

What a design measured then was under some condition of that time: it says where to begin, and the simulator says what it is worth here.
"""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from eda_agent.agent.score import score
from eda_agent.problem.spec import Problem
from eda_agent.problem.structure.fingerprint import fingerprint
from eda_agent.simulation.evaluate import Evaluation

FILE = "atlas.npz"
"""Beside the weights. Arrays of numbers and one of JSON text; nothing in it is ever executed."""
NAME = "atlas"


@dataclass(frozen=True)
class Sheet:
    """One circuit: `sizes` (designs, parameters) in SI units by `roles`, `values` (designs, specs) by `metrics`, nan where there was none."""

    roles: tuple[str, ...]
    metrics: tuple[str, ...]
    sizes: NDArray[np.floating]
    values: NDArray[np.floating]


def sheet_key(problem: Problem) -> str:
    """Structure and process."""
    return f"{problem.pdk.name} {fingerprint(problem)}"


def write_atlas(path: Path, sheets: dict[str, Sheet]) -> None:
    """Write the file."""
    index = [{"key": key, "roles": sheet.roles, "metrics": sheet.metrics} for key, sheet in sheets.items()]
    arrays = {"index": np.frombuffer(json.dumps(index).encode(), np.uint8)}
    for number, sheet in enumerate(sheets.values()):
        arrays |= {f"sizes{number}": sheet.sizes.astype(np.float32), f"values{number}": sheet.values.astype(np.float32)}
    np.savez_compressed(path, **arrays)  # type: ignore[arg-type]  # names of arrays are ours


def read_sheet(path: Path, problem: Problem) -> Sheet | None:
    """The circuit's sheet, None where the atlas has none or is no atlas."""
    try:
        with np.load(path, allow_pickle=False) as arrays:
            index = json.loads(arrays["index"].tobytes())
            key = sheet_key(problem)
            for number, entry in enumerate(index):
                if entry["key"] == key:
                    return Sheet(tuple(entry["roles"]), tuple(entry["metrics"]), arrays[f"sizes{number}"], arrays[f"values{number}"])
    except (OSError, EOFError, ValueError, KeyError, TypeError, RecursionError, zipfile.BadZipFile):
        return None
    return None


def designs(path: Path, problem: Problem, count: int) -> list[dict[str, float]]:
    """The `count` designs that would score best for what is asked, the best first, as legal sizings; none where the circuit is in no atlas.

    Parameters are known by their roles, specs by their metrics: a circuit whose parameters have others, or that asks for more, has none.
    """
    sheet = read_sheet(path, problem)
    if sheet is None:
        return []
    roles = [parameter.role for parameter in problem.space.parameters]
    metrics = [spec.metric.name for spec in problem.specs]
    if len(set(roles)) < len(roles) or set(roles) != set(sheet.roles) or not set(metrics) <= set(sheet.metrics):
        return []
    columns = [sheet.metrics.index(name) for name in metrics]
    places = [sheet.roles.index(role) for role in roles]
    corner = problem.corners[0].name
    ranked = []
    for number, row in enumerate(sheet.values[:, columns].tolist()):
        values = {name: None if value != value else value for name, value in zip(problem.spec_names, row, strict=True)}
        graded = score(problem.specs, Evaluation({corner: values}, {}, (), {}, 0, 0, 0.0))
        ranked.append((graded.order, -number))
    found: list[dict[str, float]] = []
    for _, number in sorted(ranked, reverse=True):
        sizing = problem.space.snap(dict(zip(problem.space.names, sheet.sizes[-number, places].tolist(), strict=True)))
        if sizing not in found:
            found.append(sizing)
        if len(found) == count:
            break
    return found
