"""A memory stores the designs of a user's earlier runs by circuit, independent of their targets: sizing and
measurements in every corner.

It is beside the result cache, can be deleted at any time, and is only read if the user asks for it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eda_agent.files import check_own
from eda_agent.problem.spec import Problem
from eda_agent.simulation.evaluate import CONTENT_VERSION
from eda_agent.simulation.reply import BOUNDS

MAX_DESIGNS = 400
"""Maximum number of designs per circuit; the oldest are deleted."""


@dataclass(frozen=True)
class StoredDesign:
    """`values`: corner → spec → value in SI units, None without one. `bounds`: of censored values (see
    `Evaluation`).
    """

    sizing: Mapping[str, float]
    values: Mapping[str, Mapping[str, float | None]]
    bounds: Mapping[tuple[str, str], str] = field(default_factory=dict)


def circuit_key(problem: Problem) -> str:
    """A key that is equal for problems with comparable designs: netlist, parameters, testbenches, corners and metrics,
    without targets, ranges and budget.
    """
    content = (
        CONTENT_VERSION,
        problem.netlist.text(),
        problem.subckt,
        problem.pdk.name,
        sorted(parameter.name for parameter in problem.space.parameters),
        sorted((name, repr(bench)) for name, bench in problem.testbenches.items()),
        sorted(map(repr, problem.corners)),
        sorted((spec.name, spec.metric.name, spec.testbench, *spec.devices) for spec in problem.specs),
    )
    drawn = "".join(repr(part) for part in (problem.layout, problem.wires and problem.wires.pairs) if part is not None)
    return hashlib.sha256((repr(content) + drawn).encode()).hexdigest()


class Memory:
    """A damaged or locked file costs its content and nothing else."""

    def __init__(self, path: Path):
        self.path = path

    def add(self, circuit: str, designs: Sequence[StoredDesign]) -> None:
        rows = [
            (
                circuit,
                _text(dict(design.sizing)),
                _text(
                    {
                        "values": {corner: dict(row) for corner, row in design.values.items()},
                        "bounds": [(*where, bound) for where, bound in design.bounds.items()],
                    }
                ),
            )
            for design in designs
        ]
        with self._open() as database:
            if database is None:
                return
            with contextlib.suppress(sqlite3.DatabaseError), database:
                database.executemany(
                    "INSERT OR REPLACE INTO designs (circuit, sizing, measured) VALUES (?, ?, ?)", rows
                )
                database.execute(
                    "DELETE FROM designs WHERE circuit = ? AND rowid NOT IN (SELECT rowid FROM designs WHERE circuit ="
                    " ? ORDER BY rowid DESC LIMIT ?)",
                    (circuit, circuit, MAX_DESIGNS),
                )

    def designs(self, circuit: str) -> list[StoredDesign]:
        """The stored designs of a circuit, oldest first."""
        result = []
        with self._open() as database:
            if database is None:
                return []
            try:
                rows = database.execute(
                    "SELECT sizing, measured FROM designs WHERE circuit = ? ORDER BY rowid", (circuit,)
                ).fetchall()
            except sqlite3.DatabaseError:
                return []
        for sizing, measured in rows:
            with contextlib.suppress(ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
                result.append(_remembered(json.loads(sizing), json.loads(measured)))
        return result

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection | None]:
        database = None
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            check_own(self.path)
            database = sqlite3.connect(self.path, timeout=10.0)
            database.execute("PRAGMA journal_mode=WAL")
            database.execute(
                "CREATE TABLE IF NOT EXISTS designs (circuit TEXT, sizing TEXT, measured TEXT, UNIQUE (circuit,"
                " sizing))"
            )
        except (sqlite3.DatabaseError, OSError):
            if database is not None:
                database.close()
            yield None
            return
        try:
            yield database
        finally:
            database.close()


def _text(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), sort_keys=True)


def _remembered(sizing: Mapping[str, object], measured: Mapping[str, Any]) -> StoredDesign:
    values = {
        str(corner): {str(name): None if value is None else _number(value) for name, value in row.items()}
        for corner, row in measured["values"].items()
    }
    bounds = {(str(corner), str(name)): bound for corner, name, bound in measured["bounds"]}
    if not all(bound in BOUNDS for bound in bounds.values()):
        raise ValueError("a bound that is none")
    return StoredDesign({str(name): _number(value) for name, value in sizing.items()}, values, bounds)


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError("a number is expected")
    number = float(value)
    if not math.isfinite(number):
        raise ValueError("a number that is none")
    return number
