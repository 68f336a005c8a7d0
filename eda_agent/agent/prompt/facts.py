"""Facts are the part of a prompt that stays the same in a run: circuit, testbenches with their specs, corners, size
ranges.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from eda_agent.agent.prompt.circuit import circuit_text
from eda_agent.agent.prompt.sizes import sizes_text
from eda_agent.agent.prompt.values import bound_text
from eda_agent.problem.load_testbench import read_template
from eda_agent.problem.settings import work_out
from eda_agent.problem.spec import Corner, Problem, Spec, Testbench
from eda_agent.units import QuantityError, format_quantity, parse_quantity

CONTROL = frozenset(["f_start", "f_stop", "time_step", "edge", "noise_start", "noise_stop", "hold", "points"])
"""Settings of the simulation alone, which say nothing about the circuit."""
_NO_LOAD = 1e11
"""Ohm: a resistive load above this is none."""
_CARDS = 30
"""Lines of a user's own deck that are shown."""


_OF_A_TOOL = re.compile(
    r"^(?:sch_path|sym_path|expanding|created|extracted|ngspice file|generated|written)\b|^\W*(?:pininfo|global)\b"
    r"|(?:^|[\s'\"=:])(?:~?/|[A-Za-z]:\\)\S",
    re.IGNORECASE,
)
"""Comments that a program writes, or that name a file of someone's machine."""


def facts_text(problem: Problem, *, netlist: bool = True) -> str:
    """The facts of a problem. `netlist`: whether the circuit's netlist is among them."""
    title = _title(problem)
    parts = [f"# {problem.name}{f': {title}' if title else ''} ({problem.pdk.title})"]
    circuit = circuit_text(problem) if netlist else ""
    if circuit:
        parts.append(f"## Circuit (w=NAME: the size of that name)\n{circuit}")
    parts += [_testbenches(problem), _corners(problem), sizes_text(problem, circuit)]
    return "\n\n".join(part for part in parts if part)


def _title(problem: Problem) -> str:
    """The circuit's purpose, as the first comment of its netlist says; files and tools tell nothing of it."""
    for line in problem.netlist.lines:
        for raw in line.raw:
            text = raw.strip().strip("*").strip()
            if text and raw.lstrip().startswith("*") and not _OF_A_TOOL.search(text):
                return text[:120]
        if line.text:
            return ""
    return ""


def _testbenches(problem: Problem) -> str:
    """Each testbench with what differs from the common settings, and the specs that it measures below it."""
    benches = list(problem.testbenches.values())
    settings = {bench.name: _settings(bench, problem.corners[0]) for bench in benches}
    common = _common(list(settings.values()))
    lines = ["## Testbenches, each with its specs (the worst corner counts)"]
    if common:
        lines.append(f"Where a testbench says nothing else: {', '.join(common.values())}")
    titles: dict[str, str] = {}
    meanings: dict[str, str] = {}
    weighted = len({spec.weight for spec in problem.specs}) > 1
    for bench in benches:
        own = [text for key, text in settings[bench.name].items() if common.get(key) != text]
        lines.append(f"{bench.name}: {'; '.join([_setup(bench, titles), *own])}")
        measured = [spec for spec in problem.specs if spec.testbench == bench.name and not spec.devices]
        lines += [_spec(problem, spec, weighted, meanings) for spec in measured]
    rest = [spec for spec in problem.specs if spec.devices or spec.testbench not in problem.testbenches]
    if rest:
        lines += ["Of the devices:", *(_spec(problem, spec, weighted, meanings) for spec in rest)]
    return "\n".join(lines)


def _common(settings: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """The settings that several testbenches have, each with the value that most of them have."""
    found = {}
    for key in dict.fromkeys(key for one in settings for key in one):
        text, count = Counter(one[key] for one in settings if key in one).most_common(1)[0]
        if count > 1:
            found[key] = text
    return found


def _setup(bench: Testbench, titles: dict[str, str]) -> str:
    """What a testbench does: the title of its template, or the cards of the user's deck.

    `titles`: template → the first testbench made from it; grows.
    """
    if bench.template in titles:
        return f"like {titles[bench.template]}"
    if bench.template:
        titles[bench.template] = bench.name
        return str(read_template(bench.template)["title"])
    cards = bench.deck.strip().splitlines()
    return "own deck:\n" + "\n".join(f"    {card}" for card in cards[:_CARDS])


def _settings(bench: Testbench, corner: Corner) -> dict[str, str]:
    """A testbench's settings in a corner, such as `load 3 pF`, and the sources at bias ports, each by its name."""
    if not bench.template:
        return {}
    values = work_out(bench.settings, corner)
    shown = {}
    for name, entry in read_template(bench.template)["settings"].items():
        number = values.get(name)
        if number is None or name in CONTROL or (name == "resistive_load" and number >= _NO_LOAD):
            continue
        shown[name] = f"{name} {format_quantity(number, entry['unit'])}"
    return shown | _bias(bench)


def _bias(bench: Testbench) -> dict[str, str]:
    """The sources at bias ports, as they were written into the deck by `load_testbench`."""
    found = {}
    for port, value in re.findall(r"^I\S+ vdd bias_(\S+) dc \{max\((.+), 0\)\}$", bench.deck, re.MULTILINE):
        out = value.strip().startswith("-")
        amount = _quantity(value.strip().lstrip("-"), "A")
        found[f"port {port}"] = f"{amount} {'out of' if out else 'into'} {port}"
    for port, value in re.findall(r"^V\S+ bias_(\S+) 0 dc \{(.+)\}$", bench.deck, re.MULTILINE):
        found[f"port {port}"] = f"{_quantity(value, 'V')} at {port}"
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
        lines.append(f"{corner.name}: {corner.process}, {vdd}, {corner.temperature:g} °C{settings}")
    return "\n".join(["## Corners (operating points are shown in the first)", *lines])


def _spec(problem: Problem, spec: Spec, weighted: bool, meanings: dict[str, str]) -> str:
    """One spec with its bounds and what it means. `meanings`: definition → the first spec that has it; grows."""
    extra = f", weight {spec.weight:g}" if weighted else ""
    if spec.objective and problem.budget.until == "spent":
        extra += f", then {spec.objective}"
    if spec.corners:
        extra += f", in {', '.join(spec.corners)} only"
    meaning = re.split("[:;]", spec.metric.definition)[0]
    first = meanings.setdefault(meaning, spec.name)
    return f"- {spec.name} {bound_text(spec)}{extra}: {meaning if first == spec.name else f'like {first}'}"
