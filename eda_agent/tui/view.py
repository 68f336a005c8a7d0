"""A view is the content of a screen: rows of plain text made from a run's state, without widgets."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from eda_agent.insight.complete import partial, share_text
from eda_agent.insight.explain import what_moved
from eda_agent.insight.saturation import saturation_text
from eda_agent.record.fold import RunState
from eda_agent.record.labels import extremes, found_in, target_text, verdict
from eda_agent.spec_text import in_one_unit, plain_margin, result_margin, value_text
from eda_agent.stop_reasons import USER
from eda_agent.units import format_quantity, format_score

Row = Mapping[str, Any]
Verdict = Literal["pass", "thin", "near", "fail", "none"]

SIGNS: Mapping[Verdict, str] = {"pass": "✓", "thin": "✓", "near": "~", "fail": "✗", "none": "·"}
_BLOCKS = " ▏▎▍▌▋▊▉█"
BAR = 8
"""Width of a bar in cells."""


@dataclass(frozen=True)
class SpecRow:
    """`cells`: one per corner, (text, verdict). `extremes`: the lowest value of all corners, that of the first, the
    highest, and the worst corner; `worst`: the value there. `short`: by how much of the target it is missed, in %.
    `why`: the reason of a censored or missing value, or the worst device of a spec on operating points.
    """

    name: str
    target: str
    cells: tuple[tuple[str, Verdict], ...]
    verdict: Verdict
    margin: str
    short: str
    extremes: tuple[str, str, str, str]
    worst: str
    why: str = ""


@dataclass(frozen=True)
class SizeRow:
    """`before`: in the baseline. `bar`: position in the range. `mark`: locked, or at an end of the range."""

    name: str
    value: str
    before: str
    bar: str
    span: str
    mark: str
    role: str


@dataclass(frozen=True)
class TurnRow:
    """`moved`: changes against the best turn before, after the number of corners if it was not simulated in all.
    `best`: it became the incumbent.
    """

    index: int
    score: str
    gain: str
    policy: str
    moved: str
    reasoning: str
    best: bool


def verdict_of(spec: Row, result: Row | None) -> Verdict:
    """The verdict of the table, as in the report."""
    return "none" if result is None else verdict(spec, result)


def bar(share: float, width: int = BAR) -> str:
    """A share in [0, 1] in eighths of a cell."""
    eighths = round(min(max(share, 0.0), 1.0) * width * 8)
    full, rest = divmod(eighths, 8)
    return (_BLOCKS[8] * full + (_BLOCKS[rest] if rest else "")).ljust(width)


def turn_of(state: RunState, index: int | None) -> Row | None:
    """The turn of that number; the incumbent for None."""
    wanted = index if index is not None else state.best.get("index", 0)
    return next((turn for turn in reversed(state.turns) if turn["index"] == wanted), None)


def spec_rows(state: RunState, turn: Row | None) -> list[SpecRow]:
    rows = []
    evaluation: Row = (turn or {}).get("evaluation", {})
    corners = state.started.get("corners", ())
    # a spec met in some corners is not met yet; a spec missed in one is missed
    in_part = partial(turn or {}, state.corners)
    for spec in state.started.get("specs", ()):
        result = (turn or {}).get("specs", {}).get(spec["name"])
        values = found_in(evaluation, spec["name"], corners)
        unit, texts = in_one_unit(spec, values)
        cells = [
            (f"{text} {unit}" if unit and text[-1:].isdigit() else text, _cell(spec, result, corner, *found))
            for corner, text, found in zip(corners, texts, values, strict=True)
        ]
        every = found_in(evaluation, spec["name"], list(evaluation.get("values", {})))
        lowest, highest = extremes(every)
        first = found_in(evaluation, spec["name"], corners[:1]) or [(None, "")]
        low, typical, high = in_one_unit(spec, [lowest, *first, highest])[1]
        rows.append(
            SpecRow(
                spec["name"],
                target_text(spec),
                tuple(cells),
                "none" if in_part and result and result["met"] else verdict_of(spec, result),
                result_margin(spec, result) if result else "—",
                _short_by(spec, result),
                (low, typical, high, result["corner"] if result else ""),
                value_text(spec, result["value"], result.get("bound", "")) if result else "—",
                printable(result.get("why", "")) if result else "",
            )
        )
    return rows


def _short_by(spec: Row, result: Row | None) -> str:
    """`14.5 %` of the target for a missed spec; nothing for one that is met."""
    if result is None or result["met"]:
        return ""
    percent = plain_margin(spec, result["value"], result.get("bound", ""))["margin_percent"]
    return "—" if percent is None else f"{max(-percent, 0.0):.3g} %"


def _cell(spec: Row, result: Row | None, corner: str, value: float | None, bound: str = "") -> Verdict:
    """The verdict of one corner: met by its own value or by its bound; only the worst corner's margin shows how near it
    is.
    """
    if result is None:
        return "none"
    if value is None:
        return "fail" if corner == result["corner"] and not result["met"] else "none"
    low, high = spec.get("minimum"), spec.get("maximum")
    if (low is None or (value >= low and bound != "<")) and (high is None or (value <= high and bound != ">")):
        return "thin" if corner == result["corner"] and verdict_of(spec, result) == "thin" else "pass"
    return verdict_of(spec, result) if corner == result["corner"] else "fail"


def position(parameter: Row, value: float) -> float:
    """The position of a size in its range, on its scale, in [0, 1]."""
    low, high = parameter["minimum"], parameter["maximum"]
    if high <= low:
        return 0.0
    if parameter["scale"] == "log" and low > 0 and value > 0:
        return math.log(value / low) / math.log(high / low)
    return float((value - low) / (high - low))


def size_rows(state: RunState, turn: Row | None) -> list[SizeRow]:
    rows = []
    sizing = (turn or {}).get("sizing") or {}
    start = (state.turns[0].get("sizing") or {}) if state.turns else {}
    for parameter in state.started.get("parameters", ()):
        name, unit = parameter["name"], parameter["unit"]
        value = sizing.get(name)
        mark = ""
        if parameter.get("locked"):
            mark = "locked"
        elif value is not None and value <= parameter["minimum"]:
            mark = "at minimum"
        elif value is not None and value >= parameter["maximum"]:
            mark = "at maximum"
        rows.append(
            SizeRow(
                name,
                format_quantity(value, unit),
                format_quantity(start.get(name), unit),
                bar(position(parameter, value)) if value is not None else " " * BAR,
                f"{format_quantity(parameter['minimum'], unit)} … {format_quantity(parameter['maximum'], unit)}",
                mark,
                parameter["role"],
            )
        )
    return rows


def better(turn: Row, than: Row) -> bool:
    """Whether a turn replaces the incumbent."""
    return bool((turn["score"], turn.get("merit") or 0.0) > (than["score"], than.get("merit") or 0.0))


def turn_row(
    turns: Sequence[Row], place: int, parameters: Sequence[Row], best_before: Row | None, corners: int
) -> TurnRow:
    """The row of turn number `place` of a list. `best_before`: the incumbent before it. `corners`: the number of
    corners of the run.
    """
    turn = turns[place]
    before = best_before["score"] if best_before is not None else 0.0
    moved = ""
    if best_before is not None and turn.get("sizing") and "specs" in turn:
        moves = what_moved([best_before, turn], turn["index"], parameters, corners)
        units = {parameter["name"]: parameter["unit"] for parameter in parameters}
        shown = list(moves.sizes.items())[:2] if moves is not None else []
        moved = ", ".join(
            f"{name} {format_quantity(old, units[name], 3)}→{format_quantity(new, units[name], 3)}"
            for name, (old, new) in shown
        )
        if moves is not None and len(moves.sizes) > 2:
            moved += f" +{len(moves.sizes) - 2}"
    proposal = turn.get("proposal", {})
    words = rejection(turn) or proposal.get("error") or proposal.get("reasoning") or ""
    gain = turn["score"] - before
    share = share_text(turn, corners)
    return TurnRow(
        turn["index"],
        score_text(turn, corners),
        "" if place == 0 or share or "specs" not in turn else f"{gain:+.4f}" if abs(gain) >= 5e-5 else "≈ 0",
        "" if rejection(turn) else proposal.get("policy", ""),
        ": ".join(text for text in (share, moved) if text),
        printable(words),
        not share and (best_before is None or better(turn, best_before)),
    )


def rejection(turn: Row) -> str:
    """`rejected by you: REASON` of a proposal that the user rejected, else ""."""
    error = str(turn.get("proposal", {}).get("error", ""))
    rejected = turn.get("proposal", {}).get("policy") == USER and error.startswith("rejected")
    return f"rejected by you{error.removeprefix('rejected')}" if rejected else ""


def score_text(turn: Row, corners: int) -> str:
    """The score of a turn; a bound if it was simulated in some corners, a dash if it was not simulated."""
    if "specs" not in turn:
        return "—"
    return f"≤ {format_score(turn['score'])}" if share_text(turn, corners) else format_score(turn["score"])


def printable(text: str) -> str:
    """One line without control characters, because a reply is untrusted."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def describe(state: RunState) -> str:
    """The run as text for a screen reader or the clipboard: specs and sizes of the incumbent, a line each."""
    turn = turn_of(state, None)
    corners = state.started.get("corners", [])
    lines = [
        f"{state.started.get('problem', '')}: score {format_score(state.best.get('score', 0.0))} at turn"
        f" {state.best.get('index', 0)}"
    ]
    for row in spec_rows(state, turn):
        cells = ", ".join(f"{corner} {text}" for corner, (text, _) in zip(corners, row.cells, strict=True))
        why = f" ({row.why})" if row.why else ""
        lines.append(f"{row.name}: {row.verdict}{why}, target {row.target}, {cells}")
    lines += [f"! {line}" for line in saturation_text(state.started, state.verified, turn or {})]
    lines += [f"{row.name} = {row.value}{f' ({row.mark})' if row.mark else ''}" for row in size_rows(state, turn)]
    return "\n".join(lines)
