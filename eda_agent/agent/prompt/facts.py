"""Facts are the part of a prompt that stays the same in a run: circuit, testbenches, corners, specs, ranges."""

from __future__ import annotations

import re

from eda_agent.agent.prompt.circuit import circuit_text
from eda_agent.agent.prompt.values import bound_text
from eda_agent.problem.load_testbench import read_template
from eda_agent.problem.settings import work_out
from eda_agent.problem.spec import Corner, Problem, Testbench
from eda_agent.units import QuantityError, format_quantity, parse_quantity

CONTROL = frozenset(["f_start", "f_stop", "time_step", "edge", "noise_start", "noise_stop", "hold"])
"""Settings of the simulation alone, which say nothing about the circuit."""
_NO_LOAD = 1e11
"""Ohm: a resistive load above this is none."""
_CARDS = 30
"""Lines of a user's own deck that are shown."""


def facts_text(problem: Problem, *, netlist: bool = True) -> str:
    """The facts of a problem. `netlist`: whether the circuit's netlist is among them."""
    title = _title(problem)
    parts = [f"# {problem.name}{f': {title}' if title else ''} ({problem.pdk.title})"]
    if netlist:
        parts.append(f"## Circuit\n{circuit_text(problem)}")
    parts += [_testbenches(problem), _corners(problem), _specs(problem), _parameters(problem)]
    return "\n\n".join(part for part in parts if part)


def _title(problem: Problem) -> str:
    """The circuit's purpose, as the first comment of its netlist says."""
    for line in problem.netlist.lines:
        for raw in line.raw:
            text = raw.strip().lstrip("*").strip()
            if text and raw.lstrip().startswith("*"):
                return text[:120]
        if line.text:
            return ""
    return ""


def _testbenches(problem: Problem) -> str:
    benches = problem.testbenches.values()
    settings = {bench.name: _settings(bench, problem.corners[0]) for bench in benches}
    common = (
        [text for text in next(iter(settings.values()), []) if all(text in rows for rows in settings.values())]
        if len(settings) > 1
        else []
    )
    lines = [f"In all: {', '.join(common)}"] if common else []
    for bench in benches:
        measured = [spec.name for spec in problem.specs if spec.testbench == bench.name and not spec.devices]
        what = f" (measures {', '.join(measured)})" if measured else ""
        own = [text for text in settings[bench.name] if text not in common]
        lines.append(f"- {bench.name}{what}: {'; '.join([_setup(bench), *own])}")
    return "\n".join(["## Testbenches", *lines]) if lines else ""


def _setup(bench: Testbench) -> str:
    """What a testbench does: the title of its template, or the cards of the user's deck."""
    if bench.template:
        return str(read_template(bench.template)["title"])
    cards = bench.deck.strip().splitlines()
    return "own deck:\n" + "\n".join(f"    {card}" for card in cards[:_CARDS])


def _settings(bench: Testbench, corner: Corner) -> list[str]:
    """A testbench's settings in a corner, such as `load 3 pF`, and the sources at bias ports."""
    if not bench.template:
        return []
    values = work_out(bench.settings, corner)
    shown = []
    for name, entry in read_template(bench.template)["settings"].items():
        number = values.get(name)
        if number is None or name in CONTROL or (name == "resistive_load" and number >= _NO_LOAD):
            continue
        shown.append(f"{name} {format_quantity(number, entry['unit'])}")
    return shown + _bias(bench)


def _bias(bench: Testbench) -> list[str]:
    """The sources at bias ports, as they were written into the deck by `load_testbench`."""
    found = []
    for port, value in re.findall(r"^I\S+ vdd bias_(\S+) dc \{max\((.+), 0\)\}$", bench.deck, re.MULTILINE):
        out = value.strip().startswith("-")
        amount = _quantity(value.strip().lstrip("-"), "A")
        found.append(f"{amount} {'out of' if out else 'into'} {port}")
    for port, value in re.findall(r"^V\S+ bias_(\S+) 0 dc \{(.+)\}$", bench.deck, re.MULTILINE):
        found.append(f"{_quantity(value, 'V')} at {port}")
    return found


def _quantity(text: str, unit: str) -> str:
    try:
        return format_quantity(parse_quantity(text, unit), unit)
    except QuantityError:
        return text


def _corners(problem: Problem) -> str:
    lines = []
    for corner in problem.corners:
        settings = "".join(f", {name} {format_quantity(value)}" for name, value in corner.settings.items())
        vdd = format_quantity(corner.vdd, "V")
        lines.append(f"- {corner.name}: {corner.process}, {vdd}, {corner.temperature:g} °C{settings}")
    return "\n".join(["## Corners (operating points are shown in the first)", *lines])


def _specs(problem: Problem) -> str:
    weights = {spec.weight for spec in problem.specs}
    lines = []
    for spec in problem.specs:
        extra = f", weight {spec.weight:g}" if len(weights) > 1 else ""
        if spec.objective and problem.budget.until == "spent":
            extra += f", then {spec.objective}"
        if spec.corners:
            extra += f", in {', '.join(spec.corners)} only"
        meaning = re.split(r"[:;]", spec.metric.definition)[0]
        lines.append(f"- {spec.name} {bound_text(spec)}{extra}: {meaning}")
    return "\n".join(["## Specs, each in its worst corner", *lines])


def _parameters(problem: Problem) -> str:
    lines, kind = ["## Sizes, with their ranges"], ""
    for one in problem.space.parameters:
        grid = f", grid {format_quantity(one.step)}" if one.step else ""
        head = f"In {one.unit}{grid}:" if one.unit else "Numbers, whole:" if one.step == 1.0 else f"Numbers{grid}:"
        if head != kind:
            lines.append(head)
            kind = head
        span = f"{format_quantity(one.minimum)} to {format_quantity(one.maximum)}"
        span = f"fixed at {format_quantity(one.minimum)}" if one.minimum == one.maximum else span
        lines.append(f"- {one.name} {span}{f': {one.role}' if one.role else ''}")
    if problem.groups:
        lines.append("Matched: " + "; ".join(" = ".join(group) for group in problem.groups))
    return "\n".join(lines)
