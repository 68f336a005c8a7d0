"""An atlas holds designs of circuits that were simulated when the embedded model was made; a circuit finds them by its structure, whatever its names.

What a design measured then was under some condition of that time: it says where to begin, and the simulator says what it is worth here.
"""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from eda_agent.agent.score import score
from eda_agent.problem.spec import Problem
from eda_agent.problem.structure.fingerprint import fingerprint
from eda_agent.simulation.evaluate import Evaluation

FILE = "atlas.npz"
"""Beside the weights. Arrays of numbers and one of JSON text; nothing in it is ever executed."""


@dataclass(frozen=True)
class Sheet:
    """One circuit: `sizes` (designs, parameters) in SI units by `roles`, `values` (designs, specs) by `metrics`, nan where there was none.

    `conditions` (designs,): which of the training's conditions each was measured under.
    """

    roles: tuple[str, ...]
    metrics: tuple[str, ...]
    sizes: NDArray[np.floating]
    values: NDArray[np.floating]
    conditions: NDArray[np.integer]


def sheet_key(problem: Problem) -> str:
    """Structure and process."""
    return f"{problem.pdk.name} {fingerprint(problem)}"


def write_atlas(path: Path, sheets: dict[str, Sheet]) -> None:
    """Write the file."""
    index = [{"key": key, "roles": sheet.roles, "metrics": sheet.metrics} for key, sheet in sheets.items()]
    arrays = {"index": np.frombuffer(json.dumps(index).encode(), np.uint8)}
    for number, sheet in enumerate(sheets.values()):
        arrays[f"sizes{number}"] = sheet.sizes.astype(np.float32)
        arrays[f"values{number}"] = sheet.values.astype(np.float32)
        arrays[f"conditions{number}"] = sheet.conditions.astype(np.uint8)
    np.savez_compressed(path, **arrays)  # type: ignore[arg-type]  # names of arrays are ours


def read_sheet(path: Path, problem: Problem) -> Sheet | None:
    """The circuit's sheet, None where the atlas has none or is no atlas."""
    try:
        with np.load(path, allow_pickle=False) as arrays:
            index = json.loads(arrays["index"].tobytes())
            key = sheet_key(problem)
            for number, entry in enumerate(index):
                if entry["key"] == key:
                    columns = (np.asarray(arrays[f"{name}{number}"]) for name in ("sizes", "values", "conditions"))
                    return _sound(Sheet(tuple(entry["roles"]), tuple(entry["metrics"]), *columns))
    except (OSError, EOFError, ValueError, KeyError, TypeError, RecursionError, zipfile.BadZipFile):
        return None
    return None


def _sound(sheet: Sheet) -> Sheet:
    """The sheet with numbers in double precision. Raises `ValueError` where its arrays do not belong together."""
    count = len(sheet.conditions)
    shapes = sheet.sizes.shape, sheet.values.shape, sheet.conditions.shape
    if shapes != ((count, len(sheet.roles)), (count, len(sheet.metrics)), (count,)) or not np.isfinite(sheet.sizes).all():
        raise ValueError("arrays of different designs")
    return replace(
        sheet, sizes=sheet.sizes.astype(np.float64), values=sheet.values.astype(np.float64), conditions=sheet.conditions.astype(np.int64)
    )


def find(path: Path, problem: Problem) -> Sheet | None:
    """A problem's sheet, its columns in the order of the problem's parameters and specs; None where the circuit is in no atlas.

    Parameters are known by their roles, specs by their metrics: a circuit whose parameters have others, or that asks for more, has none.
    """
    sheet = read_sheet(path, problem)
    if sheet is None:
        return None
    roles = tuple(parameter.role for parameter in problem.space.parameters)
    metrics = tuple(spec.metric.name for spec in problem.specs)
    if len(set(roles)) < len(roles) or set(roles) != set(sheet.roles) or not set(metrics) <= set(sheet.metrics):
        return None
    places, columns = [sheet.roles.index(role) for role in roles], [sheet.metrics.index(name) for name in metrics]
    return Sheet(roles, metrics, sheet.sizes[:, places], sheet.values[:, columns], sheet.conditions)


def designs(sheet: Sheet, problem: Problem, count: int) -> list[dict[str, float]]:
    """The `count` designs of a sheet found for the problem that would score best for what is asked, the best first, as legal sizings."""
    corner = problem.corners[0].name
    ranked = []
    for number, row in enumerate(sheet.values.tolist()):
        values = {name: None if value != value else value for name, value in zip(problem.spec_names, row, strict=True)}
        graded = score(problem.specs, Evaluation({corner: values}, {}, (), {}, 0, 0, 0.0))
        ranked.append((graded.order, -number))
    found: list[dict[str, float]] = []
    for _, number in sorted(ranked, reverse=True):
        sizing = problem.space.snap(dict(zip(problem.space.names, sheet.sizes[-number].tolist(), strict=True)))
        if sizing not in found:
            found.append(sizing)
        if len(found) == count:
            break
    return found
