"""Loading of one testbench: a template with settings, or the user's own deck."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from eda_agent.errors import Finding, InputError
from eda_agent.metrics import METRICS
from eda_agent.metrics.waveform import LOOP
from eda_agent.problem.allow_list import ANALYSIS_CARDS
from eda_agent.problem.bench import read_bench
from eda_agent.problem.bench.loading import load_bench
from eda_agent.problem.inner_net import with_inner_nets
from eda_agent.problem.located_node import LocatedNode
from eda_agent.problem.loop_probe import LoopProbeError, injection, with_injection
from eda_agent.problem.netlist import Netlist, Subcircuit
from eda_agent.problem.outside_resistor import resistor_card
from eda_agent.problem.rising_bias import rise
from eda_agent.problem.settings import check_settings, read_default, read_setting
from eda_agent.problem.shadow import read_deck
from eda_agent.problem.source import read_source
from eda_agent.problem.spec import Analysis, Corner, Testbench

NO_PORT = "none"
"""Says under `ports` that the circuit has no such rail."""
OPTIONAL = frozenset({"vdd", "vss", "en", "enb", "clk", "clkb", "vocm", "control"})
"""Roles of templates that a circuit may lack."""
BIAS_KEYS = ("current", "voltage", "resistance", "to", "from")
_OWN_SETTINGS = {
    "step": "1",
    "hold": "1u",
    "edge": "1n",
    "tolerance": "1",
    "linearity": "0.9",
    "noise_frequency": "10k",
    "noise_start": "10",
    "noise_stop": "100MEG",
    "frequency": "100MEG",
    "at_frequency": "1k",
    "average_from": "0.2/frequency",
    "average_to": "2.2/frequency",
    "load_low": "load_current/100",
    "load_current": "1m",
    "line_low": "0.95*vdd",
    "line_high": "1.05*vdd",
    "ripple": "0",
    "ripple_frequency": "frequency/7",
    "vcm": "vdd/2",
}

_BAND = ("noise_start", "noise_stop")


@lru_cache
def template_names() -> list[str]:
    """The valid values of `template:`."""
    folder = resources.files("eda_agent.problem") / "templates"
    return sorted(entry.name.removesuffix(".yaml") for entry in folder.iterdir() if entry.name.endswith(".yaml"))


@lru_cache
def read_template(name: str) -> dict[str, Any]:
    """A packaged testbench template as plain data."""
    data: dict[str, Any] = yaml.safe_load(
        (resources.files("eda_agent.problem") / "templates" / f"{name}.yaml").read_text(encoding="utf-8")
    )
    return data


def load_testbench(
    name: str,
    node: LocatedNode,
    fields: Mapping[str, LocatedNode],
    scope: Subcircuit,
    corners: tuple[Corner, ...],
    folder: Path,
    netlist: Netlist,
    sized: Collection[str] = (),
    notes: list[Finding] | None = None,
    library_files: Collection[str] = (),
    folders: Sequence[Path] = (),
) -> Testbench | None:
    """Build a testbench around subcircuit `scope` of `netlist`; None after findings.

    `sized`: parameters of the netlist that spec.yaml sizes, those of a subcircuit as `SUBCIRCUIT.NAME`.
    `notes` receives remarks that are not faults.
    `folders`: where the includes of a deck may lie, beside `folder`.
    """
    values = node.mapping("a testbench")
    if "deck" in values:
        file, said = folder / values["deck"].text("deck"), [] if notes is None else notes
        return _own(name, node, values, scope, corners, file, [folder, *folders], netlist, sized, said, library_files)
    template = check_template(node)
    if not template:
        return None
    data = read_template(template)
    known = data["settings"]
    node.only("template", *known)
    settings = {key: read_default(entry["default"]) for key, entry in known.items()}
    for key, child in values.items():
        if key in known:
            settings[key] = read_setting(child, key, known[key]["unit"], {"vdd", "temperature", *known})
    check_settings(node, settings, corners)
    absent = {role for role in data.get("optional", ()) if role not in scope.ports}
    nets, sources = _wire(node, data["ports"], data.get("nets", {}), fields, scope, absent)
    if nets is None:
        return None
    deck = with_injection(data["deck"], data["probes"][LOOP]) if LOOP in data["probes"] else data["deck"]
    if "inner" in data:
        given = fields["ports"].mapping("ports") if "ports" in fields else {}
        deck = with_inner_nets(deck, data["inner"], given, scope, netlist, nets)
    return Testbench(
        name=name,
        template=template,
        deck=deck + sources,
        nets=nets,
        settings=settings,
        analyses=tuple(Analysis(kind, command) for kind, command in data["analyses"].items()),
        probes=data["probes"],
        sources=data["metrics"],
        grows={key: tuple(map(float, factors)) for key, factors in data.get("grows", {}).items()},
    )


def check_template(node: LocatedNode) -> str:
    """The name of a testbench's template; "" without one, with a finding unless it is the user's deck."""
    values = node.mapping("a testbench")
    if "deck" in values:
        return ""
    template = values["template"].text("template") if "template" in values else ""
    if template in template_names():
        return template
    fix = f"template: {' or '.join(template_names())}; or deck: file.spice"
    (values.get("template") or node).wrong("a testbench needs a template or a deck", fix)
    return ""


def _wire(
    node: LocatedNode,
    roles: list[str],
    template_nets: Mapping[str, str],
    fields: Mapping[str, LocatedNode],
    scope: Subcircuit,
    absent: Collection[str] = (),
) -> tuple[dict[str, str] | None, str]:
    """Connect every port: by its role in the template, or to a source named under `bias`.

    `absent`: roles that the circuit lacks unless the spec names a port for them.
    """
    nets: dict[str, str] = {}
    given = {
        role: child.text("a port").lower()
        for role, child in (fields["ports"].mapping("ports") if "ports" in fields else {}).items()
    }
    for role in roles:
        if role in absent and role not in given:
            continue
        port = given.get(role, role)
        if port == NO_PORT and role in OPTIONAL and port not in scope.ports:
            # a mirror that stands on the other rail alone, a switch with one control
            continue
        if port not in scope.ports:
            node.wrong(f"no port has the role {role}", f"write  ports: {{{role}: <one of {', '.join(scope.ports)}>}}")
            return None, ""
        nets[port] = template_nets.get(role, role)
    cards = []
    bias = fields["bias"].mapping("bias") if "bias" in fields else {}
    for port, child in bias.items():
        if port.lower() not in scope.ports:
            child.wrong(f"the subcircuit has no port {port!r}", f"it has: {', '.join(scope.ports)}")
            continue
        child.only(*BIAS_KEYS)
        values = child.mapping("a bias")
        net = nets[port.lower()] = f"bias_{port.lower()}"
        if "current" in values:
            current = read_setting(values["current"], "current", "A", {"vdd", "temperature"})
            # current into the port comes from the positive supply, and current out of it goes to the negative one: a
            # sink that returned its current to vdd would hide it from the supply current
            cards.append(
                f"I{net} vdd {net} dc {{max({current}, 0)}}\nIsink_{net} {net} vss dc {{max(-({current}), 0)}}\n"
            )
        elif "voltage" in values:
            level = read_setting(values["voltage"], "voltage", "V", {"vdd", "temperature"})
            cards.append(f"V{net} {net} 0 dc {{{level}}}{rise(values, str(level))}\n")
        elif "resistance" in values:
            cards.append(resistor_card(net, values))
        else:
            child.wrong(
                "a bias is a current, a voltage or a resistance",
                "write {current: 10u} (from the supply into the port; -10u: out of it to vss), {voltage: 0.6} or"
                " {resistance: 10k} (to vss; with to: vdd, to the supply)",
            )
    for port in scope.ports:
        if port not in nets:
            node.wrong(
                f"port {port!r} of {scope.name} is not connected", f"name it under ports: ({', '.join(roles)}) or bias:"
            )
    return nets, "".join(cards)


def _own(
    name: str,
    node: LocatedNode,
    values: Mapping[str, LocatedNode],
    scope: Subcircuit,
    corners: tuple[Corner, ...],
    file: Path,
    folders: Sequence[Path],
    netlist: Netlist,
    sized: Collection[str],
    notes: list[Finding],
    library_files: Collection[str],
) -> Testbench | None:
    try:
        text = read_bench(file, folders, library_files)
    except InputError as error:
        for finding in error.findings:
            node.report.add(finding)
        return None
    if text.measures_itself:
        return load_bench(name, node, text, scope, corners, netlist, sized, notes)
    probes = {
        role: child.text("a probe").lower()
        for role, child in (values["probes"].mapping("probes") if "probes" in values else {}).items()
    }
    settings = {key: read_default(value) for key, value in _OWN_SETTINGS.items()}
    given = [key for key in values if key not in {"deck", "probes"}]
    for key in given:
        settings[key] = read_setting(values[key], key, "", {"vdd", "temperature", *settings, *values})
    try:
        lines = [line for line in read_source(file, folders, analyses=True) if line.text]
    except InputError as error:
        for finding in error.findings:
            node.report.add(finding)
        return None
    analyses = tuple(Analysis(line.card[1:], line.text.strip()[1:]) for line in lines if line.card in ANALYSIS_CARDS)
    body = [line for line in lines if line.card not in ANALYSIS_CARDS and line.card != ".end"]
    read = read_deck(body, netlist, sized, settings, given, corners)
    for finding in read.errors:
        node.report.add(finding)
    notes += read.notes
    settings |= read.settings
    check_settings(node, settings, corners)
    words = set(re.findall(r"\w+", " ".join(line.text for line in lines).lower()))
    for key in _BAND:
        # the deck has its own band: noise is integrated over its whole sweep
        if key not in given and key not in words:
            del settings[key]
    for key in given:
        if key not in _OWN_SETTINGS and key.lower() not in words:
            notes.append(values[key].noted(f"{key} is not used: {file.name} does not name it"))
    _check_deck(node, values["deck"], read.cards, scope, analyses, probes)
    kinds = {analysis.kind for analysis in analyses}
    sources: dict[str, str] = {metric.name: metric.analysis for metric in METRICS.values() if metric.analysis in kinds}
    deck = "\n".join(read.cards) + "\n"
    if LOOP in probes:
        try:
            deck = with_injection(deck, probes[LOOP])
            injection(deck, probes[LOOP])
        except LoopProbeError as error:
            values["probes"].wrong(
                str(error), "write  loop: the name of a voltage source of 0 V that stands in the loop"
            )
        sources = {metric: kind for metric, kind in sources.items() if kind != "ac" or METRICS[metric].loop}
    return Testbench(name, "", deck, {}, settings, analyses, probes, sources)


def _check_deck(
    node: LocatedNode,
    deck: LocatedNode,
    cards: Sequence[str],
    scope: Subcircuit,
    analyses: Sequence[Analysis],
    probes: Mapping[str, str],
) -> None:
    """Check the required parts of a user's deck."""
    calls = [card for card in cards if re.match(rf"x\S*\s+.*\s{re.escape(scope.name)}(\s|$)", card, re.IGNORECASE)]
    if not calls:
        deck.wrong(f"the deck has no instance of {scope.name}", f"add  Xdut … {scope.name}")
    under_test = next((card for card in cards if card.lower().startswith("xdut ")), "")
    if not under_test:
        deck.wrong("the instance under test must be called Xdut", f"write  Xdut … {scope.name}")
    elif under_test.split()[-1].lower() != scope.name and calls:
        deck.wrong(
            f"Xdut sets parameters: {under_test.strip()[:80]}",
            f"end the line after {scope.name}; the netlist and spec.yaml size the circuit",
        )
    if not analyses:
        deck.wrong("the deck has no analysis", "add .op, .ac, .dc, .tran or .noise")
    if not probes:
        node.wrong("probes are missing", "write  probes: {out: node, supply: name of the supply source}")
    if len({analysis.kind for analysis in analyses}) < len(analyses):
        deck.wrong("each kind of analysis may occur once", "use a second testbench for the other")
