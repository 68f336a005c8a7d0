"""Waveforms as plots: the gain and phase of a testbench on one page with the marks of its margins, noise, sweeps and
transients.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from eda_agent.insight.bode import bode_marks
from eda_agent.insight.plot_labels import DEFAULT, clipped
from eda_agent.insight.transfer import decibels, transfer, unwrapped
from eda_agent.metrics.waveform import LOOP
from eda_agent.record.axis import Axis
from eda_agent.record.plot_data import Line, Mark, Plot
from eda_agent.record.report.evidence import Waves
from eda_agent.record.report.line_window import alone, marked
from eda_agent.record.report.sweep_marks import same_lines, sweep_marks
from eda_agent.record.report.worst_corners import Worst
from eda_agent.units import format_quantity

Corners = Mapping[str, Mapping[str, Any]]
"""corner → waveform"""


@dataclass(frozen=True)
class Figure:
    """One plot, or several over the same axis, with a sentence below."""

    plots: Sequence[Plot]
    caption: str = ""


FEW = 5
"""Corners that are shown until another name is clicked."""
_WIDTH, _HEIGHT = 640, 300
_FREQUENCY = Axis("frequency", "Hz", log=True)


def figures(waveforms: Waves, labels: Mapping[str, Mapping[str, Any]], worst: Worst) -> list[Figure]:
    """The figures of every testbench and analysis.

    Args:
        labels: testbench → plot labels (`insight.plot_labels`).
        worst: of each plot (`report.worst_corners`).
    """
    found: dict[tuple[str, str], dict[str, Mapping[str, Any]]] = {}
    for (bench, corner), kinds in waveforms.items():
        for kind, wave in kinds.items():
            if kind != "op":
                found.setdefault((bench, kind), {})[corner] = wave
    return [
        figure
        for (bench, kind), corners in found.items()
        for figure in wave_figures(bench, kind, corners, labels.get(bench, DEFAULT), worst.get((bench, kind), ()))
    ]


def wave_figures(
    testbench: str, kind: str, corners: Corners, about: Mapping[str, Any], worst: Sequence[str] = ()
) -> list[Figure]:
    """The figures of one analysis, with the corners as lines."""
    shown = shown_corners(list(corners), worst)
    corners = {name: corners[name] for name in dict.fromkeys([*shown, *corners])}
    if kind == "ac":
        return [_bode(testbench, corners, about, shown, worst)]
    if kind == "noise":
        return [Figure([plot]) for plot in _noise(testbench, corners, about, shown)]
    return _sweep(testbench, kind, corners, about, shown)


def shown_corners(corners: Sequence[str], worst: Sequence[str], most: int = FEW) -> Collection[str]:
    """At most `most` corners: the first, then the worst ones; without a worst one, the first few. Up to `most` corners
    are all shown.
    """
    known = [one for one in worst if one in corners]
    others = corners if len(corners) <= most or not known else ()
    return list(dict.fromkeys([*corners[:1], *known, *others]))[:most]


def _bode(
    testbench: str, corners: Corners, about: Mapping[str, Any], shown: Collection[str], worst: Sequence[str]
) -> Figure:
    sign = about["ac"]["sign"]
    gain, phase = [], []
    for corner, wave in corners.items():
        found, hidden = transfer(wave), corner not in shown
        gain.append(Line(corner, wave["axis"], [sign * value for value in decibels(found)], hidden=hidden))
        phase.append(Line(corner, wave["axis"], unwrapped(found), hidden=hidden))
    looped = any(LOOP in wave["probes"] for wave in corners.values())
    what = "loop gain" if looped else about["ac"]["what"]
    unit = "dBOhm" if what == "transimpedance" else "dB"
    title = f"{testbench}: {what}"
    if sign < 0:
        # the phase of a rejection has no meaning
        return Figure(
            [replace(_plot(title, _FREQUENCY, Axis(unit, unit, step=20), gain), verticals=_spot(about["ac"]))]
        )
    marked = next((corner for corner in worst if corner in corners), next(iter(corners)))
    marks = _Marks(corners[marked], list(corners).index(marked), looped, about)
    gains = _plot(title, Axis("", "Hz", log=True), Axis(unit, unit, step=20), gain, {"": 0.0}, marks.gain)
    phases = _plot(f"{testbench}: phase of the {what}", _FREQUENCY, Axis("deg", "deg", step=45), phase, {}, marks.phase)
    said = ", ".join(marks.texts)
    caption = f"In {marked}: {said}." if len(corners) > 1 else f"{said[:1].upper()}{said[1:]}."
    return Figure([gains, phases], caption if said else "")


class _Marks:
    """The marks of one corner, as points of the gain and of the phase, and as texts."""

    def __init__(self, wave: Mapping[str, Any], line: int, looped: bool, about: Mapping[str, Any]) -> None:
        margins = looped or about["ac"].get("margins", False)
        self.gain: list[Mark] = []
        self.phase: list[Mark] = []
        self.texts: list[str] = []
        for mark in bode_marks(wave, margins=margins, passband=not looped):
            at = format_quantity(mark.frequency, "Hz", 3)
            x, gain = mark.frequency, mark.gain
            if mark.kind == "phase margin":
                turn = 360.0 * round((mark.phase - 180.0) / 360.0) + 180.0
                self.phase.append(Mark(x, mark.phase, f"PM {mark.value:.1f} deg", to=turn, line=line, left=True))
                self.texts.append(f"phase margin {mark.value:.1f} deg at {at}")
            elif mark.kind == "gain margin":
                self.gain.append(Mark(x, gain, f"GM {mark.value:.1f} dB", to=0.0, line=line))
                self.texts.append(f"gain margin {mark.value:.1f} dB at {at}")
            else:
                self.gain.append(Mark(x, gain, at if mark.kind == "crossover" else f"−3 dB, {at}", line=line))
                self.texts.append(f"{mark.kind} at {at}")


def _noise(testbench: str, corners: Corners, about: Mapping[str, Any], shown: Collection[str]) -> list[Plot]:
    plots = [
        _plot(
            f"{testbench}: {role} noise",
            _FREQUENCY,
            Axis("density", about["noise"]["unit"] if role == "input" else "V/√Hz", log=True),
            [
                Line(corner, wave["axis"], wave["probes"][role], hidden=corner not in shown)
                for corner, wave in corners.items()
            ],
        )
        for role in about["noise"]["roles"]
        if all(role in wave["probes"] for wave in corners.values())
    ]
    return [replace(plot, verticals=_spot(about["noise"])) for plot in plots]


def _spot(about: Mapping[str, Any]) -> dict[str, float]:
    """The frequency at which a spec is measured, as a vertical line."""
    at = about.get("at")
    return {format_quantity(at, "Hz", 3): at} if at else {}


def _sweep(
    testbench: str, kind: str, corners: Corners, about: Mapping[str, Any], shown: Collection[str]
) -> list[Figure]:
    """A transient or a DC sweep. A stimulus that is the same in every corner is drawn once. The window of a line
    regulation has a figure of its own.
    """
    roles = [role for role in next(iter(corners.values()))["probes"] if role != "supply"]
    unit = "A" if roles == ["current"] else "V"
    axis = Axis("time", "s") if kind == "tran" else Axis(about["dc"]["axis"], about["dc"]["unit"])
    lines, cut = [], False
    corner_of: list[str] = []
    for role in roles:
        once = len({tuple(wave["probes"][role]) for wave in corners.values()}) == 1 and len(corners) > 1
        for corner, wave in list(corners.items())[: 1 if once else None]:
            values, beyond = clipped(wave["probes"][role], about["limits"] if unit == "V" else None)
            cut = cut or beyond
            name = role if once else corner if len(roles) == 1 else f"{corner} {role}"
            corner_of.append(corner)
            lines.append(Line(name, wave["axis"], values, hidden=not once and corner not in shown))
    title = f"{testbench}: {', '.join(roles)} versus {axis.label}"
    caption = "Cut where an ideal source pulls it beyond the rails." if cut else ""
    windows = about["dc"].get("windows", {}) if kind == "dc" else {}
    whole, first = _plot(title, axis, Axis(unit, unit), lines), next(iter(corners))
    window = alone(whole, windows, corner_of)
    places = {corner: place for place, corner in enumerate(corner_of) if roles[0] == "out"}
    marks, told = sweep_marks(kind, {corner: corners[corner] for corner in shown}, about, places)
    whole = replace(whole, marks=marks)
    said = [caption, told, same_lines(whole)]
    if window is None:
        return [Figure([whole], " ".join(filter(None, said)))]
    said.append(f"line_low and line_high are those of {first}." if len(corners) > 1 else "")
    return [Figure([marked(whole, windows, first)], " ".join(filter(None, said))), Figure([window])]


def _plot(
    title: str,
    x: Axis,
    y: Axis,
    lines: Sequence[Line],
    levels: Mapping[str, float] | None = None,
    marks: Sequence[Mark] = (),
) -> Plot:
    return Plot(title, x, y, lines, levels or {}, width=_WIDTH, height=_HEIGHT, marks=marks)
