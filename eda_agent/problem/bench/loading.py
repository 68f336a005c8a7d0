"""Loading of a designer's deck as a testbench: its circuit is the problem's, everything else stays as it is."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from eda_agent.errors import Finding
from eda_agent.metrics import METRICS
from eda_agent.problem.bench.call_values import copies_that_differ, with_values_of_calls
from eda_agent.problem.bench.cards import write_cards
from eda_agent.problem.bench.program_of import program_of
from eda_agent.problem.bench.reading import BenchText, bench_part
from eda_agent.problem.bench.script_loading import load_script
from eda_agent.problem.bias import BIAS_METRICS
from eda_agent.problem.line_edit import assignments
from eda_agent.problem.located_node import LocatedNode
from eda_agent.problem.netlist import Netlist, Subcircuit
from eda_agent.problem.own_script import CONDITION
from eda_agent.problem.script import Program, all_steps
from eda_agent.problem.script.vocabulary import MODELS
from eda_agent.problem.settings import check_settings, read_setting
from eda_agent.problem.spec import Analysis, Corner, Testbench
from eda_agent.spice_numbers import parse_spice_number

KEYS = ("deck", "probes", "supply", "script")
RESULT = "result"
"""Method of a metric that the deck's own script or `.meas` line gives."""
SCRIPT = "script"
"""Method of a metric that a program of the designer's computes from those."""
_TAKEN = frozenset(BIAS_METRICS) | {metric.name for metric in METRICS.values() if metric.measure is None}
"""Metrics that come from the devices, not from a testbench."""


def load_bench(
    name: str,
    node: LocatedNode,
    text: BenchText,
    scope: Subcircuit,
    corners: tuple[Corner, ...],
    netlist: Netlist,
    sized: Collection[str],
    notes: list[Finding],
) -> Testbench | None:
    """The testbench of a deck with results of its own; None after findings."""
    values = node.mapping("a testbench")
    deck_node = values["deck"]
    given = {
        key: read_setting(child, key, "", {"vdd", "temperature", *values})
        for key, child in values.items()
        if key not in KEYS
    }
    probes = {
        role: child.text("a probe").lower()
        for role, child in (values["probes"].mapping("probes") if "probes" in values else {}).items()
    }
    findings: list[Finding] = []
    program = program_of(text, findings, named=True)
    calls = text.instances(scope.name)
    if not calls:
        deck_node.wrong(
            f"the deck has no instance of {scope.name}", f"it calls {', '.join(text.called()) or 'no subcircuit'}"
        )
        return None
    if not program.steps:
        deck_node.wrong("the deck has no analysis", "add .op, .ac, .dc, .tran or .noise, or a .control block")
    notes += copies_that_differ(text, netlist, scope, deck_node)
    text = with_values_of_calls(text, scope, sized, deck_node, notes)
    supply = values["supply"].text("supply").lower() if "supply" in values else _supply_parameter(text)
    files = {line.file.resolve() for line in netlist.lines} - {text.lines[0].file.resolve()}
    bench = bench_part(text.lines, netlist.subcircuits, files, netlist.top.params)
    runs = any(step["do"] == "run" for step in all_steps(program.steps))
    changed = {setting for corner in corners for setting in corner.settings}
    cards = write_cards(bench, netlist, given, supply, analyses=runs, changed=changed)
    for finding in (*findings, *cards.errors):
        node.report.add(finding)
    notes += [*cards.notes, *_notes(text, program, given, cards.settings, corners, supply, values)]
    check_settings(node, cards.settings, corners)
    program = _completed(program, cards.saved)
    script = None
    if "script" in values:
        condition = supply.removeprefix(CONDITION)
        script = load_script(values["script"], node.report.file.parent, program.results, condition, notes)
    further = dict.fromkeys(script.results if script is not None else (), SCRIPT)
    return Testbench(
        name=name,
        template="",
        deck="\n".join(cards.text) + "\n",
        nets={},
        settings=cards.settings,
        analyses=_analyses(program, text),
        probes=probes,
        sources={**_sources(program, probes), **further},
        measures={**dict.fromkeys(program.results, RESULT), **further},
        program=replace(program, parameters=_numbers(netlist, sized)),
        instance=calls[0][0].lower(),
        script=script,
    )


def _supply_parameter(text: BenchText) -> str:
    """`vdd`, if the deck has a parameter of that name: the corners set it."""
    names = {name for line in text.lines if line.card in {".param", ".params"} for name in assignments(line.text)}
    return "vdd" if "vdd" in names else ""


def _notes(
    text: BenchText,
    program: Program,
    given: Mapping[str, str],
    settings: Mapping[str, str],
    corners: Sequence[Corner],
    supply: str,
    values: Mapping[str, LocatedNode],
) -> list[Finding]:
    result = []
    deck = values["deck"]
    if skipped := [command for command in program.skipped if command not in MODELS]:
        result.append(deck.noted(f"skipped, because no result depends on them: {', '.join(skipped)}"))
    if loads := [command for command in program.skipped if command in MODELS]:
        result.append(deck.noted(f"skipped: {', '.join(loads)}; compiled models come from the PDK"))
    for key in given:
        if key not in settings:
            result.append(values[key].noted(f"{key} is not used: the deck has no parameter of that name"))
    if not supply and not any(re.search(r"\bvdd\b", setting) for setting in settings.values()):
        several = len({corner.vdd for corner in corners}) > 1
        said = "the supply is the same in every corner" if several else "vdd of the corners reaches nothing in the deck"
        result.append(deck.noted(f"{said}: name the source or the parameter of the supply, as in  supply: vdd"))
    temperature = text.temperature
    if temperature is not None and all(corner.temperature != temperature for corner in corners):
        shown = ", ".join(dict.fromkeys(f"{corner.temperature:g}" for corner in corners))
        result.append(
            deck.noted(f"the deck's {temperature:g} °C are not used: the corners of spec.yaml have {shown} °C")
        )
    return result


def _completed(program: Program, saved: Sequence[str]) -> Program:
    """The program with what `.save` cards ask for, without results that have the name of another metric."""
    words = [["all"], *([name] for name in saved)]
    first = [{"do": "save", "words": words, "line": step["line"]} for step in program.steps[:1] if saved]
    results = {name: what for name, what in program.results.items() if name not in _TAKEN}
    return replace(program, steps=(*first, *program.steps), results=results)


def _analyses(program: Program, text: BenchText) -> tuple[Analysis, ...]:
    """The kinds of analyses, for people, and `op`, which is read behind the script."""
    steps = list(all_steps(program.steps))
    found = [step["kind"] for step in steps if step["do"] == "analysis"]
    if any(step["do"] == "run" for step in steps):
        found += [line.card[1:] for line in text.analyses]
    return tuple(Analysis(kind, kind) for kind in dict.fromkeys([*found, "op"]))


def _sources(program: Program, probes: Mapping[str, str]) -> dict[str, str]:
    """Metric → where it comes from: the deck's own results, and with probes the metrics of its analyses."""
    own: dict[str, str] = dict.fromkeys(program.results, RESULT)
    if not probes:
        return own
    kinds = {step["kind"] for step in all_steps(program.steps) if step["do"] == "analysis"}
    return {metric.name: metric.analysis for metric in METRICS.values() if metric.analysis in kinds} | own


def _numbers(netlist: Netlist, sized: Collection[str]) -> dict[str, float]:
    """The circuit's parameters that are numbers and not sized: `.meas` lines may use them."""
    found = {name: parse_spice_number(text) for name, text in netlist.top.params.items() if name not in sized}
    return {name: value for name, value in found.items() if value is not None}
