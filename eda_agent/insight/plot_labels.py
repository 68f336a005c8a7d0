"""Plot labels are the name and sign of a testbench's transfer, the noise of the specs, the swept quantity, and the
units.

ac      what: gain, loop gain, or a rejection in dB, with the sign of its metric (−20 log |out|)
noise   roles: input, output, as in the specs; unit: of the input density
ac, noise   at: the frequency (Hz) at which a spec is measured, in the first corner; absent without one
dc      axis: the swept quantity; unit: V, A or °C; windows: corner → supplies of a line regulation
marks   metrics: those of the specs that have a mark (`insight.wave_marks`); settings: corner → what they need
limits  lowest and highest voltage of a circuit between its rails; an ideal source that cannot be supplied exceeds them
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from eda_agent.insight.wave_marks import MARKED, NEEDED
from eda_agent.metrics import METRICS
from eda_agent.problem.settings import work_out
from eda_agent.problem.spec import Problem, Testbench

BEYOND = 0.5
"""V outside the rails: the drop of a junction is less."""
_REJECTIONS = {
    "cmrr": "common-mode rejection",
    "psrr_plus": "rejection of the positive supply",
    "psrr_minus": "rejection of the negative supply",
}
_INPUT_NOISE = {"input_noise", "integrated_noise", "input_noise_current"}
_SWEPT = {
    "temp": "temperature",
    "vvdd": "supply",
    "iload": "load current",
    "vinp": "input",
    "vin": "input",
    "iin": "input current",
    "vsweep": "output of an ideal amplifier",
    "vhold": "voltage at the output",
}
_UNITS = {"v": "V", "i": "A", "t": "°C"}
DEFAULT: Mapping[str, Any] = {
    "ac": {"what": "gain", "sign": 1},
    "noise": {"roles": ["input", "output"], "unit": "V/√Hz"},
    "dc": {"axis": "swept", "unit": "V"},
    "limits": None,
}
"""Labels of waveforms with an unknown testbench."""


def plot_labels(problem: Problem, testbench: str) -> dict[str, Any]:
    """The labels of a testbench's plots, as plain data; see the module."""
    bench = problem.testbenches[testbench]
    asked = {spec.metric.name for spec in problem.specs if spec.testbench == testbench}
    rejection = next((what for metric, what in _REJECTIONS.items() if metric in asked), "")
    gain = "transimpedance" if "transimpedance" in bench.sources else "gain"
    roles = [role for role, metrics in (("input", _INPUT_NOISE), ("output", {"output_noise"})) if metrics & asked]
    sweep = next((analysis.command.split() for analysis in bench.analyses if analysis.kind == "dc"), [])
    source = sweep[1].lower() if len(sweep) > 1 else "v"
    axis, unit = swept(source)
    highest = max(corner.vdd for corner in problem.corners)
    return {
        "ac": {
            "what": rejection or gain,
            "sign": -1 if rejection else 1,
            **_spot(problem, bench, asked & _REJECTIONS.keys()),
        },
        "noise": {
            "roles": roles or ["input", "output"],
            "unit": "A/√Hz" if "input_noise_current" in bench.sources else "V/√Hz",
            **_spot(problem, bench, asked & (_INPUT_NOISE | {"output_noise"})),
        },
        "dc": {
            "axis": axis,
            "unit": unit,
            **({"windows": windows} if source == "vvdd" and (windows := _windows(problem, bench)) else {}),
        },
        "marks": _marks(problem, bench, asked),
        "limits": [-BEYOND, highest + BEYOND],
    }


def _spot(problem: Problem, bench: Testbench, asked: Collection[str]) -> dict[str, float]:
    """{"at": Hz} of the metrics that are measured at one frequency; {} if there is none, or more than one."""
    named = {METRICS[name].at[0] for name in asked if len(METRICS[name].at) == 1}
    if len(named) != 1 or not named <= bench.settings.keys():
        return {}
    return {"at": work_out(bench.settings, problem.corners[0])[named.pop()]}


def _marks(problem: Problem, bench: Testbench, asked: Collection[str]) -> dict[str, Any]:
    metrics = [name for name in MARKED if name in asked]
    if not metrics:
        return {"metrics": [], "settings": {}}
    found = {corner.name: {"vdd": corner.vdd, **work_out(bench.settings, corner)} for corner in problem.corners}
    needed = {name: {key: values[key] for key in NEEDED if key in values} for name, values in found.items()}
    return {"metrics": metrics, "settings": needed}


def swept(source: str) -> tuple[str, str]:
    """(what a source of a testbench stands for, its unit)."""
    name = source.lower()
    return _SWEPT.get(name, f"swept {name}"), _UNITS.get(name[:1], "V")


def _windows(problem: Problem, bench: Testbench) -> dict[str, list[float]]:
    """Corner → the supplies between which a line regulation is measured; {} for a testbench without one."""
    if not {"line_low", "line_high"} <= bench.settings.keys():
        return {}
    found = {corner.name: work_out(bench.settings, corner) for corner in problem.corners}
    return {name: [values["line_low"], values["line_high"]] for name, values in found.items()}


def clipped(values: Sequence[float], limits: Sequence[float] | None) -> tuple[list[float], bool]:
    """(the values, clipped to the limits; whether one was clipped)."""
    if limits is None:
        return list(values), False
    low, high = limits
    inside = [min(max(value, low), high) for value in values]
    return inside, inside != list(values)
