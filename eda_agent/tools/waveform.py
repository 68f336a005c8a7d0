"""`waveform` gives a simulated waveform of a turn as numbers, thinned out to what a reader needs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from eda_agent.errors import InputError
from eda_agent.metrics.gain import transfer_of
from eda_agent.metrics.landmarks import landmarks
from eda_agent.metrics.measurable import Unmeasurable
from eda_agent.metrics.waveform import CURRENTS, LOOP, Waveform
from eda_agent.problem.spec import Problem
from eda_agent.simulation.inspection import waveform_of
from eda_agent.tools.tool import CORNER, TURN, Context, Result, Schema, Tool, arguments_schema
from eda_agent.units import QuantityError, format_quantity, parse_quantity

POINTS = 25
MOST_POINTS = 200
_AXES = {"ac": ("frequency", "Hz"), "noise": ("frequency", "Hz"), "tran": ("time", "s"), "dc": ("sweep", "V")}


def choices(problem: Problem) -> list[str]:
    """What a waveform may be taken of: `TESTBENCH ANALYSIS`."""
    return [
        f"{bench.name} {analysis.kind}"
        for bench in problem.testbenches.values()
        for analysis in bench.analyses
        if analysis.kind in _AXES
    ]


def _parameters(problem: Problem) -> Schema:
    what = {"type": "string", "enum": choices(problem), "description": "testbench and analysis"}
    points = {"type": "integer", "minimum": 2, "maximum": MOST_POINTS, "description": f"default: {POINTS}"}
    end = {
        "type": ["string", "number"],
        "description": 'part of the axis, such as "1M" or "2.5u" (Hz, s or V); default: all',
    }
    return arguments_schema(
        {"what": what, "turn": TURN, "corner": CORNER, "points": points, "start": end, "stop": end}, ["what"]
    )


def _run(context: Context, arguments: Mapping[str, Any]) -> Result:
    found = context.look(context.sizing(arguments.get("turn")), arguments.get("corner"))
    bench, _, kind = arguments["what"].partition(" ")
    if bench in found.failures:
        raise InputError(f"waveform: {bench} failed in {found.corner}: {found.failures[bench].kind}")
    if kind not in found.waves.get(bench, {}):
        raise InputError(f"waveform: {arguments['what']} has no waveform")
    wave = waveform_of(kind, found.waves[bench][kind])
    columns, remark = _columns(wave)
    name, unit = _AXES[kind]
    axis = _places(wave.axis, kind, arguments)
    rows = {
        key: [float(number) for number in _at(axis, wave.axis, column, kind)] for key, (column, _) in columns.items()
    }
    lines = [f"{arguments['what']} in {found.corner}{remark}", " | ".join([name, *columns])]
    for index, place in enumerate(axis):
        cells = [format_quantity(rows[key][index], unit_, 4) for key, (_, unit_) in columns.items()]
        lines.append(" | ".join([format_quantity(float(place), unit, 4), *cells]))
    units = {name: unit, **{key: unit_ for key, (_, unit_) in columns.items()}}
    return Result({"corner": found.corner, name: axis.tolist(), **rows, "units": units}, "\n".join(lines))


def _columns(wave: Waveform) -> tuple[dict[str, tuple[Any, str]], str]:
    """Name → (numbers, unit), and a remark for the heading."""
    if wave.kind == "noise":
        return {role: (wave.real(role), "V/√Hz") for role in wave.probes}, ""
    if wave.kind != "ac":
        units = {role: "A" if role in CURRENTS else "V" for role in wave.probes}
        return {role: (wave.real(role), units[role]) for role in wave.probes}, ""
    try:
        frequency, transfer = transfer_of(wave)
    except (Unmeasurable, KeyError):
        return {role: (20 * np.log10(np.maximum(np.abs(row), 1e-300)), "dB") for role, row in wave.probes.items()}, ""
    marks = landmarks(frequency, transfer)
    remark = f"; {'loop gain' if LOOP in wave.probes else 'out / in'}"
    if marks.crossover is not None and marks.phase is not None:
        remark += f", crossover {format_quantity(marks.crossover, 'Hz', 3)} at {marks.phase:.1f}°"
    phase = np.degrees(np.unwrap(np.angle(transfer)))
    return {"gain": (20 * np.log10(np.maximum(np.abs(transfer), 1e-300)), "dB"), "phase": (phase, "deg")}, remark


def _places(axis: Any, kind: str, arguments: Mapping[str, Any]) -> Any:
    """The points to show: evenly spaced, over log frequency for spectra."""
    unit = _AXES[kind][1]
    low, high = float(axis.min()), float(axis.max())
    try:
        start = parse_quantity(arguments["start"], unit) if "start" in arguments else low
        stop = parse_quantity(arguments["stop"], unit) if "stop" in arguments else high
    except QuantityError as error:
        raise InputError(f"waveform: {error}") from None
    start, stop = max(start, low), min(stop, high)
    if start >= stop:
        ends = f"{format_quantity(low, unit)} to {format_quantity(high, unit)}"
        raise InputError(f"waveform: the axis reaches from {ends}")
    count = arguments.get("points", POINTS)
    return np.geomspace(start, stop, count) if kind in {"ac", "noise"} else np.linspace(start, stop, count)


def _at(places: Any, axis: Any, values: Any, kind: str) -> Any:
    if kind in {"ac", "noise"}:
        return np.interp(np.log(places), np.log(axis), values)
    order = np.argsort(axis)
    return np.interp(places, axis[order], values[order])


TOOL: Tool = Tool(
    "waveform",
    "A waveform of a turn as numbers: gain and phase over frequency, a step response over time, a noise spectrum."
    " Costs no simulation of the budget.",
    _parameters,
    _run,
)
