"""The page of a report: its sections as plain data, made a page by the templates beside this module.

Names, texts of models and netlists are untrusted: the templates escape every value, and control characters are shown
by their codes.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from importlib import resources
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from eda_agent.errors import visible
from eda_agent.insight.least_margin import least_margin
from eda_agent.insight.saturation import saturation_text
from eda_agent.insight.verdict import ENOUGH, conclusive_turns, judge
from eda_agent.record.axis import Axis
from eda_agent.record.best_turn import best_turn
from eda_agent.record.fold import RunState
from eda_agent.record.guard_words import only_the_guard, thin_advice
from eda_agent.record.plot import STYLE, line_plot, stacked
from eda_agent.record.plot_data import Line, Plot
from eda_agent.record.repeat_commands import repeat_commands
from eda_agent.record.report.conditions import corner_rows
from eda_agent.record.report.curves import figures
from eda_agent.record.report.evidence import Evidence
from eda_agent.record.report.head import head
from eda_agent.record.report.points import margin_matrix, point_tables
from eda_agent.record.report.sizes import size_rows, turn_rows
from eda_agent.record.report.specs import least_text, spec_rows
from eda_agent.record.report.worst_corners import worst_corners
from eda_agent.record.report.yields import yields
from eda_agent.units import counted


def html_report(state: RunState, evidence: Evidence | None = None, *, now: float | None = None) -> str:
    """The page of a run.

    Args:
        state: a run with at least its baseline.
        evidence: what is shown beside the journal; without it the page has what the journal says.
        now: the time of the report in s; None for the present.
    """
    evidence = evidence or Evidence()
    environment = Environment(
        loader=FunctionLoader(_file),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    fields = _sections(state, evidence, time.time() if now is None else now)
    # our own files, not input
    own = {"style": Markup(STYLE + _file("style.css")), "script": Markup(_file("script.js"))}  # noqa: S704  # our own files
    return environment.get_template("page.html.j2").render({**fields, **own})


def _file(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


def _shown(value: object) -> object:
    """A value as the templates write it: markup is ours, and any other text is made visible before it is escaped."""
    return value if isinstance(value, Markup) or not isinstance(value, str) else visible(value)


def _sections(state: RunState, evidence: Evidence, now: float) -> dict[str, Any]:
    begun, best = state.started, best_turn(state)
    saturated = begun.get("saturated", ())
    rows = spec_rows(state, best)
    points = evidence.points or {begun["corners"][0]: best.get("evaluation", {}).get("operating_points", {})}
    return {
        "title": begun["problem"],
        "head": head(state, evidence, now),
        "least": least_text(rows),
        "guard": only_the_guard(state.verified) or thin_advice(begun["specs"], best["specs"]),
        "corners": corner_rows(state, best),
        "specs": rows,
        "warnings": saturation_text(begun, state.verified, best),
        "findings": judge(state.turns, begun["specs"], begun["parameters"], state.corners),
        "diagnosis": _no_diagnosis(state, best),
        "testbenches": evidence.testbenches,
        "bias": evidence.bias,
        "sizes": size_rows(state, best),
        "turns": turn_rows(state),
        "curve": _score_curve(state),
        "figures": _figures(evidence, begun, best),
        "points": point_tables(points, begun["corners"], saturated),
        "points_bench": evidence.points_bench,
        "matrix": margin_matrix(points, begun["corners"], saturated) if saturated else [],
        "biased": bool(saturated) or "saturated" not in begun,
        "yields": yields(evidence.monte_carlo, begun["specs"], least_margin(begun, best))
        if evidence.monte_carlo
        else None,
        "schematic": Markup(evidence.schematic),  # noqa: S704  # our drawing escapes its texts
        "netlist": evidence.netlist,
        "diff": [(_line_kind(line), line) for line in evidence.diff.splitlines()],
        "repeat": repeat_commands(state),
    }


def _no_diagnosis(state: RunState, best: Mapping[str, Any]) -> str:
    """Why a run that missed specs has no findings: it has too few turns for them."""
    simulated = len(conclusive_turns(state.turns, state.corners))
    if best["met"] or simulated >= ENOUGH:
        return ""
    return (
        f"{counted(simulated, 'turn')} simulated in every corner cannot tell: a diagnosis needs {ENOUGH}. A longer run"
        " shows which specs are out of reach, which exclude each other, and which sizes are at an end of their range."
    )


def _figures(evidence: Evidence, begun: Mapping[str, Any], best: Mapping[str, Any]) -> list[tuple[Markup, str]]:
    """(drawing, caption) of each figure."""
    bench_of = {spec: bench["name"] for bench in evidence.testbenches for spec in bench["specs"]}
    worst = worst_corners(begun["specs"], best["specs"], bench_of, best.get("evaluation", {}).get("values", {}))
    return [
        # the texts in a drawing are escaped where it is drawn
        (Markup(stacked(figure.plots[0].title, figure.plots)), figure.caption)  # noqa: S704  # as above
        for figure in figures(evidence.waveforms, evidence.labels, worst)
    ]


def _score_curve(state: RunState) -> Markup:
    line = Line("score", list(range(len(state.curve))), state.curve)
    plot = Plot("best score so far", Axis("turn", whole=True), Axis("score"), [line], width=640, height=220)
    return Markup(line_plot(plot))  # noqa: S704  # as above


def _line_kind(line: str) -> str:
    if line.startswith(("+++", "---", "@@")):
        return "meta"
    return {"+": "ins", "-": "del"}.get(line[:1], "")
