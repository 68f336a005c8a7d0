"""A record is one circuit under one condition with its designs and their measurements: a file of arrays and text."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eda_agent.errors import InputError
from eda_agent.files import DAMAGED_ARRAYS, write_file
from eda_agent.problem.load import load_problem
from eda_agent.problem.spec import Corner, Problem
from eda_agent.train.topologies.compose import Topology

VERSION = 1
POINT = ("id", "gm", "gds", "vth", "vdsat", "vgs", "vds")
"""The stored quantities of an operating point."""
_COLUMNS = ("sizes", "values", "bounds", "failed", "points")


@dataclass(frozen=True)
class Record:
    """`topology`: the circuit's files, measured in `corner`. `fets`: labels of its MOSFETs. For designs n: `sizes` (n,
    parameters) in SI
    units, `values` (n, specs), NaN if unmeasurable, `bounds` (n, specs) 1 if the true value is above, −1 if below, else
    0, `failed`
    (n), `points` (n, fets, 7) by `POINT`.

    Design 1 has the netlist's own sizes.
    """

    topology: Topology
    kind: str
    fingerprint: str
    corner: Corner
    fets: tuple[str, ...]
    sizes: NDArray[np.float64]
    values: NDArray[np.float64]
    bounds: NDArray[np.int8]
    failed: NDArray[np.bool_]
    points: NDArray[np.float32]

    def problem(self, folder: Path) -> Problem:
        """The problem that was simulated; its files are written to a folder."""
        base = load_problem(self.topology.write(folder))
        return replace(base, corners=(self.corner,), specs=tuple(replace(spec, corners=()) for spec in base.specs))


def write_record(path: Path, record: Record) -> None:
    about = {
        "version": VERSION,
        "kind": record.kind,
        "fingerprint": record.fingerprint,
        "fets": record.fets,
        "topology": vars(record.topology),
        "corner": {**vars(record.corner), "settings": dict(record.corner.settings)},
    }
    text = np.frombuffer(json.dumps(about).encode(), np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_file(
        path, lambda part: np.savez_compressed(part, about=text, **{key: getattr(record, key) for key in _COLUMNS})
    )


def read_record(path: Path) -> Record:
    """Read a record. Raises `InputError` for a file that is not a record or is of another version."""
    try:
        with np.load(path, allow_pickle=False) as data:
            about: dict[str, Any] = json.loads(data["about"].tobytes())
            arrays = {key: data[key] for key in _COLUMNS}
        if about["version"] != VERSION:
            raise ValueError(f"version {about['version']}")
        corner = Corner(**about["corner"])
        return Record(
            Topology(**about["topology"]), about["kind"], about["fingerprint"], corner, tuple(about["fets"]), **arrays
        )
    except DAMAGED_ARRAYS as error:
        raise InputError(f"{path}: not a record of a circuit: {error}\n    → delete it, and make it again") from None
