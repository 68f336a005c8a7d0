"""Evidence is what a report shows beside the journal: the circuit, its testbenches, and what was simulated for it."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from eda_agent.errors import InputError, MissingError
from eda_agent.insight.drawing import parts
from eda_agent.insight.plot_labels import plot_labels
from eda_agent.problem.load_testbench import read_template
from eda_agent.problem.settings import work_out
from eda_agent.problem.spec import Problem, Testbench
from eda_agent.record.export import netlist_diff, sized_netlist
from eda_agent.record.report.analysis_words import analysis_words
from eda_agent.record.report.bias_words import bias_texts
from eda_agent.record.schematic import schematic
from eda_agent.units import format_quantity

Waves = Mapping[tuple[str, str], Mapping[str, Any]]
"""(testbench, corner) → kind → {axis, probes}, as workers send them."""


@dataclass(frozen=True)
class Evidence:
    """Everything is optional: a report is also written where the circuit cannot be read or simulated.

    Attributes:
        author: who writes the report.
        circuit: the netlist's file, subcircuit and PDK, for people.
        models: the source of the device models, with versions.
        netlist, diff: the sized netlist, and its difference from the original.
        schematic: the drawing of the circuit as SVG (`record.schematic`).
        testbenches: a row each (`testbench_rows`).
        bias: the sources at the circuit's bias ports, as texts.
        labels: testbench → plot labels (`insight.plot_labels`).
        waveforms: of the best design.
        points: corner → device → operating point.
        points_bench: the testbench of the operating points.
        monte_carlo: the output of `mc --json`.
    """

    author: str = ""
    circuit: str = ""
    models: str = ""
    netlist: str = ""
    diff: str = ""
    schematic: str = ""
    testbenches: Sequence[Mapping[str, Any]] = ()
    bias: Sequence[str] = ()
    labels: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    waveforms: Waves = field(default_factory=dict)
    points: Mapping[str, Mapping[str, Mapping[str, Any]]] = field(default_factory=dict)
    points_bench: str = ""
    monte_carlo: Mapping[str, Any] | None = None


def circuit_evidence(problem: Problem, sizing: Mapping[str, float]) -> dict[str, Any]:
    """The fields of `Evidence` that a problem and a sizing give without a simulation."""
    try:
        netlist = sized_netlist(problem, sizing)
    except MissingError:
        netlist = ""
    try:
        drawn = schematic(parts(problem, sizing), f"schematic of {problem.subckt}")
    except InputError:
        drawn = ""
    files = dict.fromkeys(line.file.name for line in problem.netlist.lines)
    return {
        "circuit": f"{', '.join(files)}, subcircuit {problem.subckt}",
        "models": models_text(problem),
        "netlist": netlist,
        "diff": netlist_diff(problem, sizing),
        "schematic": drawn,
        "testbenches": testbench_rows(problem),
        "bias": bias_texts(problem),
        "labels": {name: plot_labels(problem, name) for name in problem.testbenches},
    }


def models_text(problem: Problem) -> str:
    """The PDK and the version of the packages that its models come from."""
    pdk = problem.pdk
    packages = [str(location["package"]) for location in pdk.locations if "package" in location]
    try:
        library = pdk.library()
    except (InputError, MissingError):
        return pdk.title
    found = [name for name in packages if f"/{name}/" in library.as_posix()]
    versions = [f"package {name} {importlib.metadata.version(name)}" for name in found if _installed(name)]
    return f"{pdk.title} ({', '.join(versions) or library.name})"


def _installed(package: str) -> bool:
    try:
        return bool(importlib.metadata.version(package))
    except importlib.metadata.PackageNotFoundError:
        return False


def testbench_rows(problem: Problem) -> list[dict[str, Any]]:
    """Of each testbench: name, title, settings and analyses in the first corner as texts, and the names of the specs
    measured in it.
    """
    return [_bench_row(problem, name, bench) for name, bench in problem.testbenches.items()]


def _bench_row(problem: Problem, name: str, bench: Testbench) -> dict[str, Any]:
    corner = problem.corners[0]
    values = {"vdd": corner.vdd, "temperature": corner.temperature, **work_out(bench.settings, corner)}
    return {
        "name": name,
        "title": read_template(bench.template)["title"] if bench.template else "the user's own deck",
        "settings": _settings(bench, values),
        "analyses": [analysis_words(analysis.command, values) for analysis in bench.analyses if analysis.kind != "op"],
        "specs": [spec.name for spec in problem.specs if spec.testbench == name],
    }


def _settings(bench: Testbench, values: Mapping[str, float]) -> list[str]:
    units = {}
    if bench.template:
        units = {name: str(entry["unit"]) for name, entry in read_template(bench.template)["settings"].items()}
    return [
        f"{name} = {format_quantity(values[name], units.get(name, ''))}{_formula(text)}"
        for name, text in bench.settings.items()
    ]


def _formula(text: str) -> str:
    """The expression of a setting that is not a number."""
    try:
        float(text)
    except ValueError:
        return f" ({text})"
    return ""
