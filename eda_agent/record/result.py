"""A result is a run, or the simulation of one sizing, as one JSON object for programs.

`size --json`, `show --json`, `sim --json`, the server of `eda-agent mcp` and the Python API give the same objects;
`record.result_schema` is their JSON schema.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eda_agent.insight.explain import what_moved
from eda_agent.insight.next_step import next_steps
from eda_agent.insight.saturation import left_saturation
from eda_agent.insight.verdict import judge
from eda_agent.record.fold import RunState
from eda_agent.simulation.operating_point import OperatingPoint
from eda_agent.spec_text import plain_margin

Row = Mapping[str, Any]


@dataclass(frozen=True)
class RunFacts:
    """What a result is made of.

    Attributes:
        begun: problem, policy, seed, specs, parameters, corners and saturated, as in `run.started`.
        rows: turns as event data: all, or those that were the best at their time.
        judged: the turns for findings; () for none.
        turn: the one whose sizes and values are shown.
        best: index of the best turn.
        stop: the stop reason, "" while the run is not finished.
        turns: number of turns, without the baseline.
        seconds: time that the run worked (`RunState.worked`); `simulator_seconds`: of all simulators together.
        verified: the event of that name, {} without it.
        unsound: what shows that a testbench does not test.
        testbenches: every remark on the testbenches.
        policy: the policy that proposes now; `policies`: all that the user chose (`RunState.policies`).
        unusable: number of turns without a usable proposal; `last_error`: why the last of them had none.
    """

    folder: str
    begun: Row
    rows: Sequence[Row]
    judged: Sequence[Row]
    turn: Row
    best: int
    stop: str
    met: bool
    simulations: int
    turns: int
    budget: int
    curve: Sequence[float]
    seconds: float
    simulator_seconds: float
    verified: Row
    unsound: Sequence[str]
    testbenches: Sequence[str]
    policy: str
    policies: Sequence[Row] = ()
    unusable: int = 0
    last_error: str = ""


def state_facts(folder: str, state: RunState, turn: Row) -> RunFacts:
    """The facts of a run's state."""
    seen = state.verified.get("unsound", [])
    failed = [row["proposal"]["error"] for row in state.turns if row["sizing"] is None]
    remarks = [entry["message"] for entry in state.logs if entry.get("about") == "testbench"]
    ended = state.finished
    return RunFacts(
        folder=folder,
        begun=state.started,
        rows=state.turns,
        judged=state.turns,
        turn=turn,
        best=state.best.get("index", 0),
        stop=ended.get("stop", ""),
        met=bool(ended.get("met", state.best.get("met", False))),
        simulations=state.simulations,
        turns=len(state.turns) - 1,
        budget=state.started["budget"]["simulations"],
        curve=state.curve,
        seconds=state.worked,
        simulator_seconds=state.tally.seconds,
        verified=state.verified,
        unsound=[] if state.started.get("forced") else seen,
        testbenches=[*remarks, *seen],
        policy=str(state.policy.get("name", state.started["policy"])),
        policies=state.policies,
        unusable=len(failed),
        last_error=failed[-1] if failed else "",
    )


def run_result(facts: RunFacts) -> dict[str, Any]:
    """A run as JSON data."""
    begun, turn = facts.begun, facts.turn
    corners = begun["corners"]
    evaluation = turn.get("evaluation", {})
    findings = judge(facts.judged, begun["specs"], begun["parameters"], len(corners)) if facts.judged else ()
    limits = at_limit(begun["parameters"], turn["sizing"] or {})
    return {
        "run": facts.folder,
        "problem": begun["problem"],
        "stop": facts.stop,
        "met": facts.met,
        "score": turn["score"],
        "simulations": facts.simulations,
        "budget": facts.budget,
        "turns": facts.turns,
        "policy": facts.policy,
        "policies": list(facts.policies),
        "seed": begun["seed"],
        "best_turn": facts.best,
        "shown_turn": turn["index"],
        "seconds": round(facts.seconds, 3),
        "simulator_seconds": round(facts.simulator_seconds, 3),
        "sizing": dict(turn["sizing"] or {}),
        "specs": spec_rows(begun["specs"], turn.get("specs", {}), evaluation),
        "operating_points": with_regions(evaluation.get("operating_points", {})),
        "left_saturation": _left(facts),
        "at_limit": limits,
        "curve": list(facts.curve),
        "testbenches": list(facts.testbenches),
        "unusable": {"count": facts.unusable, "last_error": facts.last_error},
        "changed": _changed(facts, facts.rows),
        "changed_from_start": _changed(facts, [row for row in facts.rows if row["index"] in {0, turn["index"]}]),
        "findings": [
            {"kind": one.kind, "specs": list(one.specs), "parameters": list(one.parameters), "text": one.text}
            for one in findings
        ],
        "next": next_steps(
            facts.folder,
            stop=facts.stop,
            met=facts.met,
            policy=facts.policy,
            budget=facts.budget,
            curve=facts.curve,
            findings=findings,
            at_limit=limits,
            unsound=facts.unsound,
        ),
    }


def spec_rows(specs: Sequence[Row], results: Mapping[str, Row], evaluation: Row) -> dict[str, dict[str, Any]]:
    """Spec → its target, and its value in the worst corner and in each, in `unit`; `shown` is the unit for people."""
    values = evaluation.get("values", {})
    rows = {}
    for spec in specs:
        name = spec["name"]
        if name not in results:
            continue
        low, high = spec["minimum"], spec["maximum"]
        rows[name] = {
            **results[name],
            "minimum": low,
            "maximum": high,
            "target": low if low is not None else high,
            "unit": spec["unit"],
            "shown": spec.get("shown", spec["unit"]),
            **plain_margin(spec, results[name]["value"], results[name].get("bound", "")),
            "worst_corner": results[name]["corner"],
            "corners": {corner: row[name] for corner, row in values.items() if name in row},
            **({"at": spec["at"]} if spec.get("at") else {}),
        }
    return rows


def with_regions(points: Mapping[str, Row]) -> dict[str, dict[str, Any]]:
    """Operating points as event data, each with its region."""
    return {name: {**point, "region": region(point)} for name, point in points.items()}


def region(point: Row) -> str:
    """off, triode or saturation."""
    numbers = {key: float("nan") if value is None else value for key, value in point.items() if key != "region"}
    return OperatingPoint(**numbers).region


def at_limit(parameters: Sequence[Row], sizing: Mapping[str, float]) -> list[dict[str, Any]]:
    """The sizes that are at an end of their range, without locked ones and multipliers of 1, which has no less."""
    rows = []
    for one in parameters:
        value, low, high = sizing.get(one["name"]), one["minimum"], one["maximum"]
        if value is None or one.get("locked") or high <= low or low < value < high:
            continue
        side = "minimum" if value <= low else "maximum"
        if side == "minimum" and value == 1 and one.get("step") == 1 and not one["unit"]:
            continue
        rows.append({"parameter": one["name"], "value": value, "side": side})
    return rows


def _left(facts: RunFacts) -> list[dict[str, Any]]:
    """The devices that leave saturation: in every corner that was verified, else in that of the operating points."""
    if facts.verified.get("index") == facts.turn["index"] and "left_saturation" in facts.verified:
        return [dict(row) for row in facts.verified["left_saturation"]]
    points = facts.turn.get("evaluation", {}).get("operating_points", {})
    return left_saturation({facts.begun["corners"][0]: points}, facts.begun.get("saturated", ()))


def _changed(facts: RunFacts, rows: Sequence[Row]) -> dict[str, Any] | None:
    """What the shown turn changed against the best of `rows` before it, and what that did; None for the baseline."""
    corners = len(facts.begun["corners"])
    moves = what_moved(rows, facts.turn["index"], facts.begun["parameters"], corners)
    if moves is None:
        return None
    effect = {
        name: {
            "before": before["value"],
            "after": after["value"],
            "margin_before": before["margin"],
            "margin_after": after["margin"],
        }
        for name, (before, after) in moves.results.items()
    }
    return {
        "against": moves.against,
        "gained": moves.gained,
        "sizes": {name: {"before": one, "after": other} for name, (one, other) in moves.sizes.items()},
        "effect": effect,
    }
