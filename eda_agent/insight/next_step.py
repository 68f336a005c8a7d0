"""A next step is what a user would do after a run: a text, and a command if one does it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from eda_agent.insight.verdict import Diagnosis
from eda_agent.stop_reasons import BUDGET, MET, NO_PROGRESS, USER

Row = Mapping[str, Any]
Step = dict[str, Any]


def next_steps(
    run: str,
    *,
    stop: str,
    met: bool,
    policy: str,
    budget: int,
    curve: Sequence[float],
    findings: Sequence[Diagnosis] = (),
    at_limit: Sequence[Row] = (),
    unsound: Sequence[str] = (),
) -> list[Step]:
    """Steps as {text, command}: `command` is a list of words, None if only a person can do it.

    Args:
        run: folder of the run.
        stop: the stop reason; "" while the run is not finished.
        policy: the policy that proposes now.
        budget: simulations that the run may use.
        curve: best score so far, after each turn.
        findings: why specs are not met (`insight.verdict`).
        at_limit: sizes of the best design at an end of their range, each with `parameter` and `side`.
        unsound: what shows that a testbench does not test.
    """
    if unsound:
        return [_step("correct the circuit or its testbench (docs/soundness.md): " + unsound[0])]
    if met:
        return [
            _step("check the yield over mismatch", "mc", run, "--samples", "100"),
            _step("write a report", "report", run),
            _step("see what changed in the netlist", "export", run, "--diff"),
        ]
    steps = [_step(f"{one.kind}: {one.text}") for one in findings if one.kind != "range"]
    steps += _wider(findings, at_limit)
    if stop in {"", USER}:
        steps.append(_step("continue the run", "size", "--resume", run))
    elif stop == BUDGET:
        idle = len(curve) - (curve.index(curve[-1]) if curve else 0)
        more = ("size", "--resume", run, "--budget", str(2 * budget))
        # a policy that has found nothing for half of the run is replaced
        other = ("--policy", _other(policy)) if idle > max(len(curve) // 2, 5) else ()
        steps.append(_step("continue with a larger budget", *more, *other))
    elif stop == NO_PROGRESS:
        steps.append(_step("continue with another policy", "size", "--resume", run, "--policy", _other(policy)))
    elif stop == MET:
        steps.append(_step("simulate the best design again", "sim", run))
    steps.append(_step("see which size moves which spec", "sensitivity", run, "--json"))
    return steps


def _wider(findings: Sequence[Diagnosis], at_limit: Sequence[Row]) -> list[Step]:
    blocked = {name for one in findings if one.kind == "range" for name in one.parameters}
    ends = [f"{one['parameter']} ({one['side']})" for one in at_limit if not blocked or one["parameter"] in blocked]
    return [_step(f"widen the range in spec.yaml, then start a run with --memory: {', '.join(ends)}")] if ends else []


def _other(policy: str) -> str:
    return "auto" if policy == "trust" else "trust"


def _step(text: str, *command: str) -> Step:
    return {"text": text, "command": ["eda-agent", *command] if command else None}
