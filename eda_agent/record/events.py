"""An event is one fact about a run, as JSON in the envelope {v, seq, t, type, …}.

A front needs nothing else: `eda_agent.record.run_state` rebuilds every turn from the events alone.

    hello          versions and capabilities                  run.started    problem, policy, seed, budget
    baseline       turn 0: the netlist's own sizes            turn.proposed  index, sizing, reasoning, reply, notes,
    error, seconds
    turn.evaluated values, margins, score, operating point    sim.failed     testbench, corner, kind, the simulator's
    message
    best.updated   index, score, per-spec pass, sizing        run.finished   stop reason, score, artifacts
    policy.changed another policy proposes from this turn on  log            level, message
    verified       the incumbent simulated again in every corner, with the devices that leave saturation

The user's commands (`eda_agent.agent.commands`) are events too: run.paused, run.resumed, review, hint, budget.changed,
problem.changed (specs, parameters, and every turn with its new score), spec.changed (the same, after a resumed run
found another spec), proposal.dropped, branched (later turns are set aside), returned.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from eda_agent.agent.score import SpecResult
from eda_agent.agent.turn import Proposal, Turn
from eda_agent.interrupts import DeferInterrupts
from eda_agent.problem.spec import Problem
from eda_agent.record.event import VERSION, Event
from eda_agent.record.labels import parameter_table, spec_table
from eda_agent.simulation.evaluation import Evaluation
from eda_agent.simulation.failure import Failure
from eda_agent.simulation.montecarlo import MonteCarlo
from eda_agent.units import base_unit


def envelope(sequence: int, type: str, fields: Mapping[str, Any]) -> Event:
    """An event as a JSON-ready dict; the agent's objects become plain data."""
    data: Event = {"v": VERSION, "seq": sequence, "t": round(time.time(), 6), "type": type}
    for name, value in fields.items():
        if isinstance(value, Turn):
            data.update(turn_data(value, summary=type == "best.updated"))
        elif isinstance(value, Proposal):
            data.update(proposal_data(value))
        elif isinstance(value, Problem):
            data["specs"], data["parameters"] = spec_table(value), parameter_table(value)
        elif isinstance(value, Sequence) and value and isinstance(value[0], Turn):
            data[name] = [turn_data(turn, summary=True) for turn in value]
        elif isinstance(value, Failure):
            data.update({"kind": value.kind, "words": value.words, "hint": value.hint})
        else:
            data[name] = plain(value)
    return data


def plain(value: Any) -> Any:
    """A value for JSON, which has no nan or infinity: both become null."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(entry) for entry in value]
    return value


def proposal_data(proposal: Proposal) -> Event:
    return {
        "sizing": plain(proposal.sizing),
        "reasoning": proposal.reasoning,
        "reply": proposal.reply,
        "error": proposal.error,
        "notes": list(proposal.notes),
        "policy": proposal.policy,
        **({"asked": plain(proposal.asked)} if proposal.asked else {}),
    }


def proposal_from(data: Mapping[str, Any]) -> Proposal:
    words = data["reasoning"], data["reply"], data["error"], tuple(data["notes"]), data["policy"]
    return Proposal(data["sizing"], *words, asked=data.get("asked"))


def turn_data(turn: Turn, *, summary: bool = False) -> Event:
    """A turn as plain data. `summary` leaves out what turn.evaluated already contains."""
    data: Event = {"index": turn.index, "score": turn.value, "met": turn.met, "sizing": plain(turn.sizing)}
    if turn.score is not None:
        data["merit"] = plain(turn.score.merit)
        data["specs"] = {result.spec: result_data(result) for result in turn.score.results}
    if not summary and turn.evaluation is not None:
        data["evaluation"] = evaluation_data(turn.evaluation)
    if not summary:
        data["proposal"] = {**proposal_data(turn.proposal), "reply": ""}
    return data


def result_data(result: SpecResult) -> Event:
    return {
        "corner": result.corner,
        "value": plain(result.value),
        "margin": plain(result.margin),
        "satisfaction": result.satisfaction,
        "met": result.met,
        "why": result.why,
        "bound": result.bound,
    }


def evaluation_data(evaluation: Evaluation) -> Event:
    return {
        "values": plain(evaluation.values),
        "reasons": [[corner, spec, why] for (corner, spec), why in evaluation.reasons.items()],
        "bounds": [[corner, spec, bound] for (corner, spec), bound in evaluation.bounds.items()],
        "failures": [
            [testbench, corner, failure.kind, failure.words] for testbench, corner, failure in evaluation.failures
        ],
        "operating_points": {name: plain(point.data()) for name, point in evaluation.operating_points.items()},
        "jobs": evaluation.jobs,
        "cached": evaluation.cached,
        "seconds": round(evaluation.seconds, 6),
    }


def monte_carlo_data(result: MonteCarlo) -> Event:
    """A Monte Carlo run as plain data, for `mc --json` and reports."""
    specs = {}
    for spec in result.specs:
        mean, deviation = result.spread(spec.name)
        passed = result.yield_of(spec)
        specs[spec.name] = plain(
            {
                "mean": mean,
                "deviation": deviation,
                "sigmas": result.sigmas(spec),
                "cpk": result.sigmas(spec) / 3,
                "yield": passed.share,
                "interval": passed.interval,
                "values": list(result.values[spec.name]),
                "bounds": list(result.bounds[spec.name]),
                "minimum": spec.minimum,
                "maximum": spec.maximum,
                "unit": base_unit(spec.metric.unit),
                "shown": spec.shown_unit,
            }
        )
    total = result.total
    return {
        "samples": total.samples,
        "wanted": result.wanted,
        "seed": result.seed,
        "corners": list(result.corners),
        "process": result.process,
        "passed": total.passed,
        "yield": total.share,
        "interval": list(total.interval),
        "specs": specs,
    }


class Stream:
    """Number events and pass them to listeners in order. The journal is the first listener, so only stored events are
    shown.
    """

    def __init__(self, *listeners: Callable[[Event], None], sequence: int = 0):
        self.listeners = listeners
        self.sequence = sequence

    def emit(self, type: str, /, **fields: Any) -> None:
        """Create an event and pass it to every listener."""
        event = envelope(self.sequence, type, fields)
        self.sequence += 1
        with DeferInterrupts():
            for listener in self.listeners:
                listener(event)
