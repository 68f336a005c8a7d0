"""The turns in a prompt: one row each with its results, the sizes that it changed, and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from textwrap import shorten

from eda_agent.agent.history import History
from eda_agent.agent.prompt.values import changes_text, sizing_text, value_text
from eda_agent.agent.turn import Turn
from eda_agent.agent.turn_store import WORST
from eda_agent.problem.spec import Problem, Spec
from eda_agent.units import format_score, read_unit

ALL = 12
"""Up to this many turns are all shown; of more, the best and the last."""
REASON = 60
"""Characters of an own reason. Every row but the newest has its own, so that earlier rows stay as they are."""
OWN = frozenset(["chat", "user", ""])
"""Policies whose reasons are shown: they are words, not formulas."""


def turns_text(history: History, best: int, last: int) -> str:
    """The table of turns; of a long history the baseline, the best and the last ones."""
    problem = history.problem
    chosen = chosen_turns(history, best, last)
    if not chosen:
        return ""
    skipped = len(history.measured) - len(chosen)
    title = "## Turns (units: those of the specs; ! = missed; sizes: what differs from the named turn)"
    if any(_skipped(problem, turn) for turn in chosen):
        title += "; ≤ = at best: some corners were skipped, as the turn could not become the best"
    if skipped > 0:
        title += f"; {skipped} are left out"
    lines = [title, "|".join(["turn", "score", *(spec.name for spec in problem.specs), "sizes", "why"])]
    wanted = {turn.index for turn in chosen}
    for turn, base in with_bases(history, wanted):
        if base is not None and base.index not in wanted and base.index:
            # a row that is left out explains nothing
            base = history.incumbent
        # the standing has the newest turn's own words at length
        lines.append(_row(problem, turn, base, turn is not chosen[-1]))
    return "\n".join(lines)


def chosen_turns(history: History, best: int, last: int) -> list[Turn]:
    """The turns to show, in order: those with a sizing; a reply that could not be used is no turn to learn from."""
    places = list(history.measured)
    if len(places) > ALL or best + last < len(places):
        ranked = sorted(
            places,
            key=lambda place: (history.complete(place), (history.rank_keys[place] or WORST)[0], place),
            reverse=True,
        )
        places = sorted({*places[:1], *ranked[:best], *(places[-last:] if last else ())})
    return [history.turns[place] for place in places]


def with_bases(history: History, wanted: set[int]) -> Iterator[tuple[Turn, Turn | None]]:
    """Each wanted turn with the turn that was the best before it."""
    best: int | None = None
    for place in history.measured:
        turn = history.turns[place] if place in wanted else None
        if turn is not None:
            yield turn, None if best is None else history.turns[best]
        if best is None or _order(history, place) > _order(history, best):
            best = place


def _order(history: History, place: int) -> tuple[bool, tuple[float, float]]:
    return history.complete(place), history.rank_keys[place] or WORST


def best_before(history: History, index: int) -> Turn | None:
    """The best turn before a turn."""
    return next((base for _, base in with_bases(history, {index})), None)


def _row(problem: Problem, turn: Turn, base: Turn | None, reason: bool) -> str:
    assert turn.score is not None and turn.evaluation is not None and turn.sizing is not None
    cells = [str(turn.index), f"{'≤' if _skipped(problem, turn) else ''}{format_score(turn.value)}"]
    if turn.evaluation.failures:
        testbench, corner, failure = turn.evaluation.failures[0]
        cells.append(f"simulation failed in {testbench}/{corner}: {failure.kind}")
    else:
        specs = {spec.name: spec for spec in problem.specs}
        cells += [result_cell(specs[one.spec], one.value, one.met, one.bound) for one in turn.score.results]
    if base is None or base.sizing is None:
        cells.append(sizing_text(problem.space, turn.sizing))
    else:
        cells.append(f"{base.index}: {changes_text(problem.space, turn.sizing, base.sizing)}")
    if reason and (why := reason_text(turn, REASON)):
        cells.append(why)
    return "|".join(cells)


def reason_text(turn: Turn, most: int) -> str:
    """The own words of a turn in so many characters; empty for a search."""
    if turn.proposal.policy not in OWN:
        return ""
    return shorten(turn.proposal.reasoning.rsplit("\n", 1)[-1], most, placeholder=" …")


def _skipped(problem: Problem, turn: Turn) -> bool:
    assert turn.evaluation is not None
    return not turn.evaluation.failures and turn.corners < len(problem.corners)


def result_cell(spec: Spec, value: float | None, met: bool, bound: str = "") -> str:
    """A value in the unit of its spec, with its prefix."""
    text = value_text(spec, value, met, bound)
    name = read_unit(spec.shown_unit).name if spec.shown_unit else ""
    if "²" not in name:
        # the prefix of a squared unit is squared too
        text = text.removesuffix(name)
    return text.replace(" ", "") + ("" if met else "!")


def own_streak(history: History, own: str) -> Sequence[int]:
    """The places of the turns since a policy's last own turn, if another policy proposed them."""
    found: list[int] = []
    for place in range(len(history.turns) - 1, 0, -1):
        proposer = history.proposers[place]
        if proposer == own:
            return found[::-1]
        if proposer not in {"user", "memory", "baseline"}:
            found.append(place)
    return []
