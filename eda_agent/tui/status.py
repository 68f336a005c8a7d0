"""A status is where a run stands: its state, best score, pace and remaining time, also as one line."""

from __future__ import annotations

from dataclasses import dataclass

from eda_agent.record.fold import RunState
from eda_agent.stop_reasons import stop_text
from eda_agent.units import counted, format_score


@dataclass(frozen=True)
class Status:
    """`rate`: simulated turns per second, None if unknown; `elapsed`: seconds without pauses; `left`: remaining seconds
    of the budget at that rate; `score`: the best, None before the first turn.
    """

    problem: str
    policy: str
    state: str
    simulations: int
    budget: int
    workers: int
    cached: float
    rate: float | None
    elapsed: float
    left: float | None
    score: float | None
    met: bool


def status(state: RunState, now: float, alive: bool, replay: str = "") -> Status:
    """The status of a run. `alive`: a process runs it. `replay`: what is said of a replay instead of its state."""
    begun = state.started
    # pauses and the user's decisions take no time
    times = list(state.pace)
    rate = (len(times) - 1) / (times[-1] - times[0]) if len(times) > 2 and times[-1] > times[0] else None
    tally = state.tally
    budget = begun.get("budget", {}).get("simulations", 0)
    running = bool(begun) and not state.finished and alive
    policy = state.policy.get("name") or begun.get("policy", "")
    last = state.turns[-1].get("proposal", {}).get("policy", "") if len(state.turns) > 1 else ""
    return Status(
        begun.get("problem", ""),
        f"{policy} ({last})" if last and last != policy and policy == "auto" else policy,
        replay or _state_word(state, alive),
        state.simulations,
        budget,
        begun.get("workers", 0),
        tally.cached / tally.jobs if tally.jobs else 0.0,
        rate,
        state.working(now) if running else state.worked,
        max(budget - state.simulations, 0) / rate if rate and running and not state.waiting else None,
        state.best.get("score"),
        bool(state.best.get("met")),
    )


def _state_word(state: RunState, alive: bool) -> str:
    if not state.started:
        return "starting" if alive else "no run yet"
    if state.finished:
        return stop_text(state.finished["stop"])
    if state.paused:
        return "paused"
    if state.review and state.pending:
        return "waiting for your decision"
    return "running" if alive else "interrupted"


def clock(seconds: float) -> str:
    """12 s, 3:05, 1:02:07."""
    whole = int(seconds)
    if whole < 60:
        return f"{whole} s"
    hours, rest = divmod(whole, 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60}:{rest % 60:02}"


def status_line(shown: Status, width: int = 1000, note: str = "") -> str:
    """The status in one line of `width` cells: what has no room is left out, the last first. `note` stays."""
    if not shown.problem:
        # no event has arrived yet
        return f"{shown.state} · {note}" if note else shown.state
    best = f"best {format_score(shown.score)}{' ✓' if shown.met else ''}" if shown.score is not None else ""
    parts = [
        shown.problem,
        shown.state,
        best,
        f"{shown.simulations}/{shown.budget} simulations",
        clock(shown.elapsed),
        f"{clock(shown.left)} left" if shown.left is not None else "",
        shown.policy,
        f"{shown.rate:.1f} turns/s" if shown.rate else "",
        counted(shown.workers, "worker") if shown.workers else "",
        f"cache {100 * shown.cached:.0f} %" if shown.cached >= 0.005 else "",
    ]
    kept = [part for part in parts if part]
    while len(kept) > 3 and len(" · ".join([*kept, note])) > width:
        kept.pop()
    return " · ".join([*kept, note] if note else kept)
