"""The head of a report says what was designed, by whom, when, and with which versions."""

from __future__ import annotations

import datetime
from typing import Any

from eda_agent import __version__
from eda_agent.record.best_turn import best_turn
from eda_agent.record.fold import RunState
from eda_agent.record.labels import policies_text, versions_text
from eda_agent.record.report.evidence import Evidence
from eda_agent.stop_reasons import stop_text
from eda_agent.units import counted, format_score


def head(state: RunState, evidence: Evidence, now: float) -> dict[str, Any]:
    """`facts`: (label, text) rows; `met`, `outcome`: the verdict on the whole design; `lost`: it meets its
    specs, but Monte Carlo samples of it do not.
    """
    begun, best = state.started, best_turn(state)
    missed = [name for name, result in best["specs"].items() if not result["met"]]
    corners = counted(len(begun["corners"]), "corner")
    outcome = (
        f"every spec met in {'every corner' if len(begun['corners']) > 1 else begun['corners'][0]}"
        if best["met"]
        else f"{len(missed)} of {counted(len(best['specs']), 'spec')} not met"
    )
    samples = evidence.monte_carlo
    lost = best["met"] and samples is not None and samples["passed"] < samples["samples"]
    if lost and samples is not None:
        where = ", ".join(samples["corners"]) if len(samples["corners"]) == 1 else "the worst corner"
        outcome = f"met in {corners}; yield {100 * samples['yield']:.1f} % ({where})"
    facts = [
        ("circuit", evidence.circuit),
        ("models", evidence.models),
        ("conditions", f"{corners}{_corner_set(begun)}"),
        ("design", f"turn {best['index']} of the run, score {format_score(best['score'])}"),
        ("confirmed", _confirmed(state)),
        ("run", f"{_time(begun.get('t'))}, {_effort(state)}"),
        (
            "policy",
            f"{policies_text(state.policies)}, seed {begun['seed']};"
            f" ended: {stop_text(state.finished.get('stop', 'unfinished'))}",
        ),
        ("versions", _versions(state)),
        ("report", f"{_time(now)}{f', {evidence.author}' if evidence.author else ''}"),
    ]
    return {"met": best["met"], "lost": lost, "outcome": outcome, "facts": [fact for fact in facts if fact[1]]}


def _corner_set(begun: dict[str, Any]) -> str:
    return f" ({begun['corner_set']})" if begun.get("corner_set") else ""


def _confirmed(state: RunState) -> str:
    if not state.verified:
        return "not re-simulated"
    where = counted(len(state.verified["corners"]), "corner")
    return f"re-simulated in {where}: {'met' if state.verified['met'] else 'not met'}"


def _effort(state: RunState) -> str:
    took = f" in {_duration(state.worked)}" if state.worked > 0 else ""
    return f"{counted(state.simulations, 'simulation')}{took}"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _versions(state: RunState) -> str:
    report = f", report by eda-agent {__version__}" if state.hello.get("version") != __version__ else ""
    return f"{versions_text(state.hello)}{report}"


def _time(seconds: float | None) -> str:
    if not seconds:
        return "at an unknown time"
    return datetime.datetime.fromtimestamp(seconds).astimezone().strftime("%Y-%m-%d %H:%M %Z")
