"""A run as its journal tells it, finished or not."""

from __future__ import annotations

import html
from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eda_agent.api import arguments
from eda_agent.api.circuit import Circuit, Place, load
from eda_agent.api.evaluate import waveforms
from eda_agent.api.simulation import corners_table, points_table, specs_table
from eda_agent.api.spec_values import SpecValues
from eda_agent.api.table import Table
from eda_agent.api.waves import Waveforms
from eda_agent.insight.complete import corners_of
from eda_agent.record.export import netlist_diff, sized_netlist
from eda_agent.record.export_note import turn_verdict, with_note
from eda_agent.record.fold import RunState
from eda_agent.record.result import run_result, state_facts
from eda_agent.record.run_state import chosen_turn, load_state
from eda_agent.units import counted


class Run(SpecValues):
    """`ea.size` and `ea.open_run` make it. Specs, sizes and operating points are those of the shown turn.

    Args:
        folder: of the run.
        turn: the shown turn; None for the best.
    """

    def __init__(self, folder: Place, turn: int | None = None):
        self.folder = arguments.place("folder", folder)
        self._state = load_state(self.folder)
        self._row = chosen_turn(self._state, turn, self.folder)

    @cached_property
    def data(self) -> dict[str, Any]:
        """Everything as plain data, as in `eda-agent show --json` (`eda-agent schema result` describes it)."""
        return run_result(state_facts(str(self.folder), self._state, self._row))

    @property
    def _spec_rows(self) -> Mapping[str, Mapping[str, Any]]:
        rows: Mapping[str, Mapping[str, Any]] = self.data["specs"]
        return rows

    @property
    def name(self) -> str:
        return str(self.data["problem"])

    @property
    def met(self) -> bool:
        """Whether the best design meets every spec in sound testbenches."""
        return bool(self.data["met"])

    @property
    def stop(self) -> str:
        """Why the run ended: met, budget, no progress or user; "" while it has not."""
        return str(self.data["stop"])

    @property
    def score(self) -> float:
        """Of the shown turn, in [0, 1]."""
        return float(self.data["score"])

    @property
    def policy(self) -> str:
        return str(self.data["policy"])

    @property
    def seed(self) -> int:
        return int(self.data["seed"])

    @property
    def simulations(self) -> int:
        """Simulated proposals, without the baseline."""
        return int(self.data["simulations"])

    @property
    def seconds(self) -> float:
        """Time that the run's processes took."""
        return float(self.data["seconds"])

    @property
    def turn(self) -> int:
        """The shown turn."""
        return int(self._row["index"])

    @property
    def best(self) -> int:
        """The best turn."""
        return int(self.data["best_turn"])

    @property
    def sizing(self) -> dict[str, float]:
        """Parameter → value in SI units."""
        return dict(self.data["sizing"])

    @property
    def curve(self) -> NDArray[np.float64]:
        """The best score so far, after each turn."""
        return np.array(self.data["curve"], dtype=np.float64)

    @property
    def specs(self) -> Table:
        """One row per spec: its target, and the value in its worst corner."""
        return specs_table(self.data["specs"])

    @property
    def corners(self) -> Table:
        """Spec × corner: the value in each corner."""
        return corners_table(self.data["specs"])

    @property
    def operating_points(self) -> Table:
        """One row per MOSFET, in the first corner."""
        return points_table(self.data["operating_points"])

    @property
    def turns(self) -> Table:
        """One row per turn: turn, policy, score, met, corners (simulated), the sizes, and every spec's value in its
        worst corner. A turn without a usable proposal has no sizes.
        """
        state = self._state
        sizes = {row["name"]: row["unit"] for row in state.started["parameters"]}
        specs = {row["name"]: row.get("shown", row["unit"]) for row in state.started["specs"]}
        rows = [_turn_row(turn) for turn in state.turns]
        columns = ("turn", "policy", "score", "met", "corners", *sizes, *specs)
        return Table(rows, columns, {**sizes, **specs})

    @property
    def changed(self) -> dict[str, Any] | None:
        """What the shown turn changed against the best before it, and what that did; None for the baseline."""
        found: dict[str, Any] | None = self.data["changed"]
        return found

    @property
    def next(self) -> list[dict[str, Any]]:
        """What to do next: texts with commands."""
        return list(self.data["next"])

    @property
    def reasoning(self) -> str:
        """What the policy said of the shown turn."""
        return str(self._row["proposal"]["reasoning"])

    @property
    def netlist(self) -> str:
        """The circuit's netlist with the sizes of the shown turn, also before the run has ended; a comment names the
        run, the turn and the verdict.
        """
        verdict = turn_verdict(self._row, self._state.corners)
        return with_note(
            sized_netlist(self.circuit().problem, self.sizing), self.folder.resolve().name, self.turn, verdict
        )

    @property
    def diff(self) -> str:
        """What the sizes of the shown turn change in the netlist, as a unified diff."""
        return netlist_diff(self.circuit().problem, self.sizing)

    def at(self, turn: int) -> Run:
        """The same run with another turn shown. Raises `InputError` if there is none."""
        return Run(self.folder, arguments.whole("turn", turn, 0))

    def circuit(self) -> Circuit:
        """The circuit of the run, with the sizes of the shown turn."""
        return load(self.folder, turn=self.turn)

    def waveforms(self) -> Waveforms:
        """The waveforms of the shown turn, simulated again."""
        return waveforms(self.circuit())

    def refresh(self) -> Run:
        """The run as it is now."""
        return Run(self.folder)

    @property
    def state(self) -> RunState:
        """The internal state; it may change between versions."""
        return self._state

    def __repr__(self) -> str:
        ended = self.stop or "unfinished"
        return (
            f"<Run {self.folder}: {'met' if self.met else 'not met'}, score {self.score:.4f} at turn {self.turn},"
            f" {counted(self.simulations, 'simulation')}, {ended}>"
        )

    def _repr_html_(self) -> str:
        return f"<p>{html.escape(repr(self))}</p>{self.specs._repr_html_()}"


def _turn_row(turn: dict[str, Any]) -> dict[str, Any]:
    return {
        "turn": turn["index"],
        "policy": turn["proposal"]["policy"],
        "score": float(turn["score"]),
        "met": turn["met"],
        "corners": corners_of(turn),
        **(turn["sizing"] or {}),
        **{name: row["value"] for name, row in turn.get("specs", {}).items()},
    }


def open_run(folder: Place) -> Run:
    """A run, finished or not, from its folder. Raises `InputError` if there is none."""
    return Run(folder)
