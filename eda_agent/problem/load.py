"""Loading turns spec.yaml into a `Problem`, or reports all its faults at once."""

from __future__ import annotations

import dataclasses
import difflib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from eda_agent.errors import Finding, InputError
from eda_agent.metrics import METRICS, Metric
from eda_agent.problem.bench import circuit_of_deck, read_bench
from eda_agent.problem.bench.results import result_metrics, with_printed
from eda_agent.problem.bias import BIAS_METRICS
from eda_agent.problem.drawn import Drawn
from eda_agent.problem.drawn_steps import with_drawn_steps
from eda_agent.problem.layout import load_layout
from eda_agent.problem.load_bias import circuit_of
from eda_agent.problem.load_budget import load_budget
from eda_agent.problem.load_corners import load_corners
from eda_agent.problem.load_measures import load_measures
from eda_agent.problem.load_purpose import check_purpose
from eda_agent.problem.load_space import load_space
from eda_agent.problem.load_specs import load_specs
from eda_agent.problem.load_testbench import check_template, load_testbench
from eda_agent.problem.located_node import LocatedNode, read_marked
from eda_agent.problem.logical_line import Line
from eda_agent.problem.model_libraries import process_in
from eda_agent.problem.names import check_name, name_from
from eda_agent.problem.netlist import Netlist, parse_netlist
from eda_agent.problem.pdk import Pdk, find_pdk
from eda_agent.problem.rated import above_rating
from eda_agent.problem.shadow import hidden_sizes, netlist_shadows
from eda_agent.problem.shipped import spec_place
from eda_agent.problem.source import read_source
from eda_agent.problem.spec import Corner, Problem, Spec, Testbench
from eda_agent.problem.start_notes import start_notes

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
NEEDED = ("circuit", "subckt", "pdk", "parameters", "testbenches", "specs")


def load_problem(path: Path | str) -> Problem:
    """Read a spec.yaml, the one in a folder, or that of a shipped circuit by its name.

    Raises:
        InputError: with every finding; never `MissingError`.
    """
    path = spec_place(Path(path))
    if path.is_dir():
        path = path / "spec.yaml"
    top = read_marked(path)
    if not isinstance(top.value, dict):
        top.wrong("a spec is a mapping", "start with  name: …")
        top.report.raise_if_any()
    elif not top.value.keys() & set(KEYS):
        raise InputError(
            Finding(
                f"this is not a spec: it has none of the keys {', '.join(KEYS[:4])} …", path, fix="see docs/spec.md"
            )
        )
    top.only(*KEYS)
    fields = top.mapping("the spec")
    for key in NEEDED:
        if key not in fields:
            top.report.add(Finding(f"key {key!r} is missing", path, 1, key, fix="see docs/spec.md"))
    check_purpose(top, fields)
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
    errors, notes = netlist_shadows(
        netlist, pdk.devices.keys() if pdk.subcircuits else (), left_out, corners, pdk.corners
    )
    for finding in errors:
        top.report.add(finding)
    notes += hidden_sizes(netlist, [*space.edits(space.initial)])
    folders = _folders(path, fields)
    sized = {
        f"{edit.scope}.{edit.attribute}" if edit.scope else edit.attribute
        for edit in space.edits(space.initial)
        if not edit.device
    }
    if not top.report.findings:
        notes = [*start_notes(fields, space, netlist, subckt), *notes]
    testbenches = {}
    for name, node in (fields["testbenches"].mapping("testbenches") if "testbenches" in fields else {}).items():
        check_name(node, name, "a testbench")
        bench = load_testbench(
            name, node, fields, scope, corners, path.parent, netlist, sized, notes, library_names(pdk), folders
        )
        if bench is not None:
            testbenches[name] = bench
    notes += _unused_settings(fields, testbenches, corners)
    notes += above_rating(netlist, subckt, pdk, corners, fields.get("corners", top))
    testbenches = with_printed(fields.get("specs"), testbenches)
    own = result_metrics(fields.get("specs"), testbenches)
    metrics = {**METRICS, **BIAS_METRICS, **own, **load_measures(fields.get("measures"), testbenches, path.parent)}
    circuit = circuit_of(netlist, subckt, pdk, groups)
    specs = load_specs(
        fields.get("specs"), testbenches, fields, [corner.name for corner in corners], metrics, circuit, pdk.name
    )
    budget = load_budget(fields.get("budget"))
    called = _name(fields.get("name"), path)
    layout = load_layout(fields.get("layout"), pdk, path.parent)
    top.report.raise_if_any()
    for name, bench in testbenches.items():
        testbenches[name] = _only_needed(bench, specs)
    problem = Problem(
        name=called,
        path=path,
        text=path.read_text(encoding="utf-8"),
        netlist=netlist,
        subckt=subckt,
        pdk=pdk,
        space=space,
        groups=groups,
        testbenches={name: bench for name, bench in testbenches.items() if bench.analyses},
        specs=specs,
        corners=corners,
        budget=budget,
        notes=tuple(dict.fromkeys(notes)),
        layout=layout,
    )
    if layout is None:
        return problem
    return with_drawn_steps(dataclasses.replace(problem, notes=(*problem.notes, *Drawn(problem).notes)))


def _unused_settings(
    fields: Mapping[str, LocatedNode], testbenches: Mapping[str, Testbench], corners: Sequence[Corner]
) -> list[Finding]:
    """Settings of corners that no testbench has: a misspelt one would silently change nothing."""
    known = {name for bench in testbenches.values() for name in bench.settings}
    words = {word for bench in testbenches.values() for word in re.findall(r"\w+", bench.deck.lower())}
    result = []
    for name in dict.fromkeys(name for corner in corners for name in corner.settings):
        if testbenches and name not in known and name.lower() not in words:
            able = ("process", "vdd", "temperature", *known)
            near = [one for one in able if len(name) > 2 and one.startswith(name.lower())]
            near += difflib.get_close_matches(name, able, 1)
            hint = f"; did you mean {near[0]}?" if near else ""
            result.append(fields["corners"].noted(f"{name} is not used: no testbench has such a setting{hint}"))
    return result


def _check_without_circuit(fields: Mapping[str, LocatedNode], corners: Sequence[str]) -> None:
    """Report the faults of a spec whose circuit or PDK is missing, so that one pass finds them all."""
    for node in (fields["testbenches"].mapping("testbenches") if "testbenches" in fields else {}).values():
        check_template(node)
    own = fields["measures"].mapping("measures") if "measures" in fields else {}
    metrics = {**METRICS, **BIAS_METRICS, **{name: Metric(name, "", "log", None, "") for name in own}}
    load_specs(fields.get("specs"), {}, fields, corners, metrics)
    load_budget(fields.get("budget"))


def _name(node: LocatedNode | None, path: Path) -> str:
    """The name of a spec; its folder's name by default."""
    return name_from(path.resolve().parent.name) if node is None else check_name(node, node.text("name"), "a spec")


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
    folders = _folders(path, fields)
    file = path.parent / node.text("circuit")
    if not file.is_file():
        node.wrong("the netlist does not exist", f"no file {file}")
        return None
    files = library_names(pdk) if pdk else set()
    try:
        if file.resolve() in _decks(path.parent, fields):
            # a designer's deck: circuit and bench in one file
            text = read_bench(file, folders, files)
            left_out += [line for line in text.left_out if process_in(line.text)]
            return circuit_of_deck(text)
        return parse_netlist(read_source(file, folders, library_files=files, left_out=left_out))
    except InputError as error:
        for finding in error.findings:
            node.report.add(finding)
        return None


def _folders(path: Path, fields: Mapping[str, LocatedNode]) -> list[Path]:
    """Where a netlist's includes may lie: the spec's folder, and those of `include:`."""
    entries = fields["include"].items("include") if "include" in fields else []
    return [path.parent, *(path.parent / entry.text("include") for entry in entries)]


def library_names(pdk: Pdk) -> set[str]:
    """The names of a PDK's own library files."""
    places = {location.get("root") or location.get("file") or location.get("path", "") for location in pdk.locations}
    return {Path(place).name for place in places} | set(pdk.include)


def _decks(folder: Path, fields: Mapping[str, LocatedNode]) -> set[Path]:
    """The decks that the testbenches name."""
    benches = fields["testbenches"].mapping("testbenches") if "testbenches" in fields else {}
    named = (bench.value.get("deck") for bench in benches.values() if isinstance(bench.value, dict))
    return {(folder / str(node.value)).resolve() for node in named if node is not None}


def _only_needed(bench: Testbench, specs: tuple[Spec, ...]) -> Testbench:
    """Leave out the analyses that no spec asks for; the operating point stays, since every turn shows it."""
    if bench.program is not None:
        asked = any(spec.testbench == bench.name for spec in specs)
        return bench if asked else dataclasses.replace(bench, analyses=())
    kinds = {
        "op" if spec.devices else bench.sources[spec.metric.name] for spec in specs if spec.testbench == bench.name
    }
    analyses = tuple(analysis for analysis in bench.analyses if analysis.kind in kinds)
    if analyses and kinds != {"op"}:
        analyses = tuple(analysis for analysis in bench.analyses if analysis.kind in kinds | {"op"})
    return dataclasses.replace(bench, analyses=analyses)
