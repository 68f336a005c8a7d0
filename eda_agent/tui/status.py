"""A status is where a run stands: its state, best score, pace and remaining time, also as one line."""

from __future__ import annotations

from dataclasses import dataclass

from eda_agent.record.fold import RunState
from eda_agent.stop_reasons import stop_text
from eda_agent.units import counted, format_score


@dataclass(frozen=True)
class Status:
    """`rate`: simulated turns per second, None if unknown; `elapsed`: seconds without pauses; `left`: remaining seconds
    of the budget at that rate; `score`: the best, None before the first turn; it misses `missed` of its `specs`;
    `review`: every proposal waits for the user.
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
    missed: int = 0
    specs: int = 0
    review: bool = False


def status(state: RunState, now: float, alive: bool, word: str = "", *, since: float | None = None) -> Status:
    """The status of a run.

    Args:
        alive: a process runs it.
        word: what is said instead of its state.
        since: when it was started or opened here; before its first event nothing else is known of it.
    """
    begun = state.started
    # pauses and the user's decisions take no time
    times = list(state.pace)
    rate = (len(times) - 1) / (times[-1] - times[0]) if len(times) > 2 and times[-1] > times[0] else None
    tally = state.tally
    budget = begun.get("budget", {}).get("simulations", 0)
    running = bool(begun) and not state.finished and alive
    policy = state.policy.get("name") or begun.get("policy", "")
    last = _last_policy(state)
    results = state.best.get("specs", {})
    return Status(
        begun.get("problem", ""),
        f"{policy} ({last})" if last and last != policy and policy == "auto" else policy,
        word or (_start_word(since, now) if alive and not state.hello and not begun else _state_word(state, alive)),
        state.simulations,
        budget,
        begun.get("workers", 0) if running else 0,
        tally.cached / tally.jobs if tally.jobs else 0.0,
        rate if running else None,
        state.working(now) if running or (alive and state.hello and not begun) else state.worked,
        max(budget - state.simulations, 0) / rate
        if rate and running and not state.waiting and not state.verifying
        else None,
        state.best.get("score"),
        bool(state.best.get("met")),
        sum(not result["met"] for result in results.values()),
        len(results),
        state.review and not state.finished,
    )


def _start_word(since: float | None, now: float) -> str:
    """The clock of the run begins with its first event, so this time has words of its own."""
    waited = now - since if since else 0.0
    return f"starting · its process began {clock(waited)} ago" if waited >= 1 else "starting"


def _last_policy(state: RunState) -> str:
    """The policy of the last turn that was not the user's."""
    proposals = (state.turns[place].get("proposal", {}) for place in range(len(state.turns) - 1, 0, -1))
    return next((one.get("policy", "") for one in proposals if one.get("policy") != "user"), "")


def _state_word(state: RunState, alive: bool) -> str:
    if not state.started:
        return "starting" if alive else "no run yet"
    if state.finished:
        return stop_text(state.finished["stop"])
    if state.paused:
        return "paused"
    if state.review and state.pending:
        return "waiting for your decision"
    if not alive:
        return "interrupted"
    return f"verifying in {counted(state.corners, 'corner')}" if state.verifying else "running"


def clock(seconds: float) -> str:
    """12 s, 3:05, 1:02:07."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    hours, rest = divmod(whole, 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60}:{rest % 60:02}"


def status_line(shown: Status, width: int = 1000, note: str = "") -> str:
    """The status in one line of `width` cells: what has no room is left out, the last first. `note` stays."""
    if not shown.problem:
        # no event has arrived yet
        begun = f"{shown.state} · {clock(shown.elapsed)}" if shown.elapsed >= 1 else shown.state
        return f"{begun} · {note}" if note else begun
    missed = f", {shown.missed} of {shown.specs} missed" if shown.missed else ""
    best = f"best {format_score(shown.score)}{' ✓' if shown.met else missed}" if shown.score is not None else ""
    parts = [
        shown.problem,
        shown.state,
        "review on" if shown.review else "",
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
    while len(kept) > 3 + shown.review and len(" · ".join([*kept, note])) > width:
        kept.pop()
    return " · ".join([*kept, note] if note else kept)
