"""Loading turns spec.yaml into a `Problem`, or reports all its faults at once."""

from __future__ import annotations

import dataclasses
import difflib
import re
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Literal, cast

from eda_agent.errors import Finding, InputError
from eda_agent.metrics import METRICS, Metric
from eda_agent.problem.bias import BIAS_METRICS
from eda_agent.problem.drawn import Drawn
from eda_agent.problem.layout import load_layout
from eda_agent.problem.load_bias import Circuit, biased_testbench, circuit_of, devices_of, is_bias, rated_bound, region_of
from eda_agent.problem.load_corners import load_corners
from eda_agent.problem.load_measures import load_measures
from eda_agent.problem.load_space import load_space, start_notes
from eda_agent.problem.load_testbench import check_template, load_testbench
from eda_agent.problem.located_node import LocatedNode, read_marked
from eda_agent.problem.names import check_name, name_from
from eda_agent.problem.netlist import Netlist, parse_netlist
from eda_agent.problem.pdk import Pdk, find_pdk
from eda_agent.problem.shadow import hidden_sizes, netlist_shadows
from eda_agent.problem.source import Line, read_source
from eda_agent.problem.spec import Budget, Corner, Problem, Spec, Testbench
from eda_agent.units import QuantityError, parse_quantity, read_unit

KEYS = [
    "name",
    "circuit",
    "subckt",
    "pdk",
    "include",
    "parameters",
    "match",
    "mirrors",
    "ratios",
    "ports",
    "bias",
    "layout",
    "testbenches",
    "measures",
    "specs",
    "corners",
    "budget",
]
MOST_SECONDS = 86_400
"""Maximum time limit of one simulation: a day."""
MOST_SIMULATIONS = 1_000_000_000
_NO_TESTBENCH = {"gate_area"}


def load_problem(path: Path | str) -> Problem:
    """Read a spec.yaml (or the folder that holds one). Raises `InputError` with every finding, never `MissingError`."""
    path = Path(path)
    if path.is_dir():
        path = path / "spec.yaml"
    top = read_marked(path)
    if not isinstance(top.value, dict):
        top.wrong("a spec is a mapping", "start with  name: …")
        top.report.raise_if_any()
    elif not top.value.keys() & set(KEYS):
        raise InputError(Finding(f"this is not a spec: it has none of the keys {', '.join(KEYS[:4])} …", path, fix="see docs/spec.md"))
    top.only(*KEYS)
    fields = top.mapping("the spec")
    for key in ("circuit", "subckt", "pdk", "parameters", "testbenches", "specs"):
        if key not in fields:
            top.report.add(Finding(f"key {key!r} is missing", path, 1, key, fix="see docs/spec.md"))
    pdk = _pdk(fields.get("pdk"), path.parent)
    left_out: list[Line] = []
    netlist = _netlist(path, fields, pdk, left_out)
    corners = load_corners(fields.get("corners"), pdk)
    subckt = fields["subckt"].text("subckt").lower() if "subckt" in fields else ""
    scope = netlist.subcircuits.get(subckt) if netlist is not None else None
    if netlist is not None and subckt and scope is None:
        fields["subckt"].wrong(
            f"the netlist has no subcircuit {subckt!r}",
            f"it has: {', '.join(netlist.subcircuits) or 'none; wrap the circuit in .subckt … .ends'}",
        )
    if netlist is None or scope is None or pdk is None or "parameters" not in fields:
        _check_without_circuit(fields, [corner.name for corner in corners])
        top.report.raise_if_any()
    assert netlist is not None and scope is not None and pdk is not None
    space, groups = load_space(fields, netlist, subckt, pdk)
    errors, notes = netlist_shadows(netlist, pdk.devices.keys() if pdk.subcircuits else (), left_out, corners, pdk.corners)
    for finding in errors:
        top.report.add(finding)
    notes += hidden_sizes(netlist, [*space.edits(space.initial)])
    sized = {edit.attribute for edit in space.edits(space.initial) if not edit.scope and not edit.device}
    if not top.report.findings:
        notes = [*start_notes(fields, space, netlist, subckt), *notes]
    testbenches = {}
    for name, node in (fields["testbenches"].mapping("testbenches") if "testbenches" in fields else {}).items():
        check_name(node, name, "a testbench")
        bench = load_testbench(name, node, fields, scope, corners, path.parent, netlist, sized, notes)
        if bench is not None:
            testbenches[name] = bench
    notes += _unused_settings(fields, testbenches, corners)
    metrics = {**METRICS, **BIAS_METRICS, **load_measures(fields.get("measures"), testbenches, path.parent)}
    circuit = circuit_of(netlist, subckt, pdk, groups)
    specs = _specs(fields.get("specs"), testbenches, fields, [corner.name for corner in corners], metrics, circuit, pdk.name)
    budget = _budget(fields.get("budget"))
    called = _name(fields.get("name"), path)
    layout = load_layout(fields.get("layout"), pdk)
    top.report.raise_if_any()
    for name, bench in testbenches.items():
        testbenches[name] = _only_needed(bench, specs)
    problem = Problem(
        name=called,
        path=path, text=path.read_text(encoding="utf-8"), netlist=netlist, subckt=subckt, pdk=pdk, space=space, groups=groups,
        testbenches={name: bench for name, bench in testbenches.items() if bench.analyses}, specs=specs, corners=corners, budget=budget,
        notes=tuple(dict.fromkeys(notes)), layout=layout,
    )  # fmt: skip
    return problem if layout is None else dataclasses.replace(problem, notes=(*problem.notes, *Drawn(problem).notes))


def _unused_settings(fields: Mapping[str, LocatedNode], testbenches: Mapping[str, Testbench], corners: Sequence[Corner]) -> list[Finding]:
    """Settings of corners that no testbench has: a misspelt one would silently change nothing."""
    known = {name for bench in testbenches.values() for name in bench.settings}
    words = {word for bench in testbenches.values() for word in re.findall(r"\w+", bench.deck.lower())}
    result = []
    for name in dict.fromkeys(name for corner in corners for name in corner.settings):
        if testbenches and name not in known and name.lower() not in words:
            near = difflib.get_close_matches(name, known, 1)
            hint = f"; did you mean {near[0]}?" if near else ""
            result.append(fields["corners"].noted(f"{name} is not used: no testbench has such a setting{hint}"))
    return result


def _check_without_circuit(fields: Mapping[str, LocatedNode], corners: Sequence[str]) -> None:
    """Report the faults of a spec whose circuit or PDK is missing, so that one pass finds them all."""
    for node in (fields["testbenches"].mapping("testbenches") if "testbenches" in fields else {}).values():
        check_template(node)
    own = fields["measures"].mapping("measures") if "measures" in fields else {}
    metrics = {**METRICS, **BIAS_METRICS, **{name: Metric(name, "", "log", None, "") for name in own}}
    _specs(fields.get("specs"), {}, fields, corners, metrics)
    _budget(fields.get("budget"))


def _name(node: LocatedNode | None, path: Path) -> str:
    """The name of a spec; its folder's name by default."""
    return name_from(path.resolve().parent.name) if node is None else check_name(node, node.text("name"), "a spec")


def quantity(node: LocatedNode, unit: str, what: str, default: float = 1.0) -> float:
    """A number in SI units; reports an invalid one and returns `default`."""
    try:
        return parse_quantity(node.text(what), unit)
    except QuantityError as error:
        node.wrong(f"{what}: {error}")
        return default


def _pdk(node: LocatedNode | None, folder: Path) -> Pdk | None:
    if node is None:
        return None
    try:
        return find_pdk(node.text("pdk"), folder)
    except InputError as error:
        for finding in error.findings:
            key = finding.where.removeprefix("pdk").removeprefix(": ")
            node.wrong(f"{key}: {finding.message}" if key else finding.message, finding.fix)
        return None


def _netlist(path: Path, fields: Mapping[str, LocatedNode], pdk: Pdk | None, left_out: list[Line]) -> Netlist | None:
    if "circuit" not in fields:
        return None
    node = fields["circuit"]
    folders = [path.parent]
    for entry in fields["include"].items("include") if "include" in fields else []:
        folders.append(path.parent / entry.text("include"))
    file = path.parent / node.text("circuit")
    if not file.is_file():
        node.wrong("the netlist does not exist", f"no file {file}")
        return None
    libraries = (
        {Path(location.get("root") or location.get("file") or location.get("path", "")).name for location in pdk.locations}
        if pdk
        else set()
    )
    try:
        files = libraries | set(pdk.include if pdk else ())
        return parse_netlist(read_source(file, folders, library_files=files, left_out=left_out))
    except InputError as error:
        for finding in error.findings:
            node.report.add(finding)
        return None


def _specs(
    node: LocatedNode | None, testbenches: Mapping[str, Testbench], fields: Mapping[str, LocatedNode], corners: Sequence[str],
    metrics: Mapping[str, Metric], circuit: Circuit | None = None, pdk: str = "",
) -> tuple[Spec, ...]:  # fmt: skip
    result = []
    known = fields["testbenches"].mapping("testbenches") if "testbenches" in fields else {}
    for name, entry in node.mapping("specs").items() if node else ():
        check_name(entry, name, "a spec")
        values = entry.mapping("a spec")
        entry.only("metric", "testbench", "unit", "minimum", "maximum", "weight", "worst", "objective", "corners", "devices", "region")
        region = region_of(entry, values)
        metric_name = region[0] if region else values["metric"].text("metric") if "metric" in values else name
        metric = metrics.get(metric_name)
        if metric is None:
            near = difflib.get_close_matches(metric_name, metrics, 3)
            entry.wrong(f"unknown metric {metric_name!r}", f"did you mean {' or '.join(near)}?" if near else f"known: {', '.join(metrics)}")
            continue
        unit = values["unit"].text("unit") if "unit" in values else metric.unit
        unit = _spec_unit(values.get("unit"), unit, metric.unit)
        bounds: dict[str, float] = {key: quantity(values[key], unit, key) for key in ("minimum", "maximum", "worst") if key in values}
        bounds |= region[1] if region else {}
        bias = is_bias(values, metric.name)
        devices = devices_of(entry, values, circuit) if bias else ()
        if bias and not bounds.keys() & {"minimum", "maximum"}:
            bounds |= rated_bound(entry, metric, devices, circuit, pdk)
        low, high = bounds.get("minimum"), bounds.get("maximum")
        if low is None and high is None:
            entry.wrong("a spec needs minimum or maximum")
            continue
        if low is not None and high is not None and low > high:
            entry.wrong("minimum is above maximum", "exchange them")
        if bias and low is not None and high is not None:
            entry.wrong(
                "a spec on devices has one bound, because the worst device for a minimum is not the worst for a maximum", "write two specs"
            )
        if not bias and "devices" in values:
            values["devices"].wrong(f"{metric.name} is not a metric of devices", f"metrics of devices: {', '.join(BIAS_METRICS)}")
        if metric.ramp == "log" and min(bound for bound in (low, high) if bound is not None) <= 0:
            entry.wrong(f"{metric.name} is a positive quantity", "write a bound above 0")
        worst = bounds.get("worst")
        if worst is not None and (
            (low is not None and high is not None) or (low is not None and worst >= low) or (high is not None and worst <= high)
        ):
            values["worst"].wrong("worst is the value that scores 0: it must lie beyond the target, and it needs a single bound")
        testbench = (biased_testbench if bias else partial(_testbench_of, metric=metric.name))(
            entry, values, testbenches=testbenches, known=known
        )
        objective = values["objective"].text("objective") if "objective" in values else None
        if objective not in {None, "minimize", "maximize"}:
            values["objective"].wrong("unknown objective", "minimize or maximize")
        weight = quantity(values["weight"], "", "weight") if "weight" in values else 1.0
        if weight <= 0:
            values["weight"].wrong("a weight is positive")
        only = _spec_corners(values.get("corners"), corners)
        result.append(
            Spec(
                name,
                metric,
                testbench,
                low,
                high,
                weight,
                worst,
                cast(Literal["minimize", "maximize"] | None, objective),
                only,
                unit,
                devices=devices,
            )
        )
    if node is not None and not result and not node.report.findings:
        node.wrong("there is no spec", "name at least one metric and its target")
    return tuple(result)


def _spec_corners(node: LocatedNode | None, known: Sequence[str]) -> tuple[str, ...]:
    """The corners in which a spec counts; () for all."""
    names = tuple(child.text("a corner") for child in node.items("the corners of a spec")) if node else ()
    for name in names:
        if name not in known and node is not None:
            node.wrong(f"no corner {name!r}", f"there are: {', '.join(known)}")
    return names


def _spec_unit(node: LocatedNode | None, unit: str, wanted: str) -> str:
    """The unit of a spec's numbers, of the metric's kind; reports another one and returns the metric's."""
    try:
        found = read_unit(unit)
        if found.base != read_unit(wanted).base:
            raise QuantityError(f"unit {unit!r} where {wanted or 'a plain number'!r} is expected")
    except QuantityError as error:
        if node is not None:
            node.wrong(str(error), f"the metric is in {wanted or 'plain numbers'}")
        return wanted
    return found.name


def _testbench_of(
    entry: LocatedNode,
    values: Mapping[str, LocatedNode],
    metric: str,
    testbenches: Mapping[str, Testbench],
    known: Mapping[str, LocatedNode],
) -> str:
    if metric in _NO_TESTBENCH:
        return ""
    able = [name for name, bench in testbenches.items() if metric in bench.sources]
    if "testbench" in values:
        name = values["testbench"].text("testbench")
        if name not in known:
            values["testbench"].wrong(f"no testbench {name!r}", f"there are: {', '.join(known) or 'none'}")
        elif name in testbenches and name not in able:
            values["testbench"].wrong(
                f"testbench {name!r} does not measure {metric}", f"it measures: {', '.join(testbenches[name].sources)}"
            )
        return name
    if len(able) != 1 and testbenches:
        entry.wrong(
            f"which testbench measures {metric}?",
            f"write testbench: {' or '.join(able)}" if able else f"add a testbench whose template measures {metric}",
        )
    return able[0] if able else ""


def _budget(node: LocatedNode | None) -> Budget:
    if node is None:
        return Budget()
    values = node.mapping("budget")
    node.only("simulations", "timeout", "patience", "until")
    simulations = quantity(values["simulations"], "", "simulations", 100) if "simulations" in values else 100
    timeout = quantity(values["timeout"], "s", "timeout", 30) if "timeout" in values else 30.0
    patience = quantity(values["patience"], "", "patience", 1) if "patience" in values else None
    until = values["until"].text("until") if "until" in values else "met"
    for key, value in (("simulations", simulations), ("patience", patience)):
        if value is not None and (not 1 <= value <= MOST_SIMULATIONS or value != int(value)):
            values[key].wrong(f"{key} is a whole number above 0, and at most {MOST_SIMULATIONS:,}")
    if not 0 < timeout <= MOST_SECONDS:
        values["timeout"].wrong(f"the timeout is above 0 s, and at most {MOST_SECONDS:,} s")
    if until not in {"met", "spent"}:
        values["until"].wrong("until is met or spent")
    return Budget(int(simulations), timeout, int(patience) if patience else None, cast(Literal["met", "spent"], until))


def _only_needed(bench: Testbench, specs: tuple[Spec, ...]) -> Testbench:
    """Leave out the analyses that no spec asks for; the operating point stays, since every turn shows it."""
    kinds = {"op" if spec.devices else bench.sources[spec.metric.name] for spec in specs if spec.testbench == bench.name}
    analyses = tuple(analysis for analysis in bench.analyses if analysis.kind in kinds)
    if analyses and kinds != {"op"}:
        analyses = tuple(analysis for analysis in bench.analyses if analysis.kind in kinds | {"op"})
    return dataclasses.replace(bench, analyses=analyses)
