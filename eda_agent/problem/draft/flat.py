"""A flat netlist is a circuit with its sources and without ports, as a schematic that is simulated directly.

Sources to ground are removed, and the nets that they drove become ports. Nets that only drains touch become ports too
(outputs), and so does ground. The rest is a subcircuit that any testbench can hold.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from eda_agent.problem.deck_numbers import parameters, valued
from eda_agent.problem.draft.ammeters import without_ammeters
from eda_agent.problem.draft.cells_of_deck import apart, connects_cells, forms_ring, has_transistors
from eda_agent.problem.draft.port_names import named
from eda_agent.problem.draft.pulse import middle_of, peak_of, period_of
from eda_agent.problem.draft.simulation_cards import measured_nets
from eda_agent.problem.logical_line import is_title
from eda_agent.spice_numbers import parse_spice_number

_GROUNDS = frozenset(["0", "gnd", "gnd!"])
_NODES = {"m": 4, "r": 2, "c": 2, "l": 2, "v": 2, "i": 2, "d": 2, "q": 3, "j": 3, "e": 4, "g": 4}
"""Element letter → number of nodes. An X calls a PDK's device or a cell: its nodes are all words before the last."""
_NAMED_OUTPUT = re.compile(r"/?v?(?:out\w*|o|ref\w*|bg\w*|bgr)", re.IGNORECASE)
_PMOS = re.compile(r"pfet|pmos|pch", re.IGNORECASE)
_BIAS = re.compile(r"[iv]?_?b(?:ias)?_?[np]?\d*|iref\d*", re.IGNORECASE)


def _nodes_of(card: str) -> list[str]:
    plain = [word for word in card.split() if "=" not in word]
    kind = card[0].lower()
    return plain[1:-1] if kind == "x" else plain[1 : 1 + _NODES.get(kind, 0)]


def without_sources(lines: Sequence[str], notes: list[str], measured: Collection[str] = ()) -> list[str]:
    """The lines as a subcircuit with ports; unchanged if there is one already, if nothing drives it, or if a device is
    unknown.

    `measured`: the nets that the deck prints, in lower case: those named as an output become ports if no net is one by
    its devices.
    """
    if not is_flat(lines) and not is_made_of_cells(lines):
        return list(lines)
    inner, outer = ([], list(lines)) if is_flat(lines) else apart(lines)
    cards, others, name = _split(outer)
    others = [*others, *inner]
    cards = without_ammeters(cards, _GROUNDS, notes)
    kinds = [card[0].lower() for card in cards]
    nodes = [_nodes_of(card) for card in cards]
    if not set(kinds) <= {*_NODES, "x"} or any(
        len(found) < _NODES.get(kind, 2) for found, kind in zip(nodes, kinds, strict=True)
    ):
        return list(lines)
    driven: list[str] = []
    kept: list[int] = []
    inside = _nets_of_devices(kinds, nodes)
    for number, (kind, found) in enumerate(zip(kinds, nodes, strict=True)):
        # what stands behind a source between two stimuli is a stimulus too
        live = [net for net in found[:2] if net in inside]
        if kind not in "vieg" or set(found[2:]) & inside or len(live) == 2:
            kept.append(number)
        else:
            driven += live
    if not driven:
        driven = _named_ports(nodes, cards)
        # a source between such a port and ground is what a testbench brings
        shown = {*(net.lower() for net in driven), "vss", *_GROUNDS}
        kept = [number for number in kept if kinds[number] != "v" or not {n.lower() for n in nodes[number]} <= shown]
        notes += ["nothing drives the circuit: nets that are named as ports became ports"] if driven else []
    if not driven or not kept:
        return list(lines)
    outputs = outputs_of(cards, measured)
    # the testbench brings the load
    shown = {net.lower() for net in outputs}
    loads = [
        number
        for number in kept
        if kinds[number] == "c"
        and {net.lower() for net in nodes[number]} & shown
        and any(net.lower() in _GROUNDS for net in nodes[number])
    ]
    kept = [number for number in kept if number not in loads]
    if loads:
        notes.append(f"{', '.join(cards[number].split()[0] for number in loads)} became the load of the testbenches")
    # a net vss that a source of 0 V holds is ground; without sources it is the rail
    ports = [port for port in dict.fromkeys([*driven, *outputs]) if port.lower() != "vss"]
    taken = any(net.lower() == "vss" for net in driven) and conditions_of(lines).volts.get("vss", 0.0) != 0.0
    ground = "gnd" if taken else "vss"
    grounded = any(net.lower() in _GROUNDS for number in kept for net in nodes[number])
    body = [_grounded(cards[number], len(nodes[number]), ground) for number in kept]
    ends = ["vss", *(["gnd"] if taken and grounded else [])]
    notes.append(f"sources were removed, and {', '.join(ports)} and ground ({' and '.join(ends)}) became ports")
    return [*others, f".subckt {name} {' '.join([*ports, *ends])}", *body, f".ends {name}"]


def _nets_of_devices(kinds: Sequence[str], nodes: Sequence[Sequence[str]]) -> set[str]:
    """The nets on which a device stands that is no source, without ground."""
    nets = {net for kind, found in zip(kinds, nodes, strict=True) if kind not in "vieg" for net in found}
    return {net for net in nets if net.lower() not in _GROUNDS}


def _named_ports(nodes: Sequence[Sequence[str]], cards: Sequence[str]) -> list[str]:
    """The nets that are named as ports are, with a supply by its name, else by the wells of most PMOS transistors."""
    nets = dict.fromkeys(net for found in nodes for net in found if net.lower() not in _GROUNDS)
    roles = ("vdd", "vss", "inp", "inn", "in", "out", "outp", "outn", "clk", "vref", "fb", "vctrl", "low", "high")
    found = [net for net in nets if any(named(role, net) for role in roles) or _BIAS.fullmatch(net)]
    if any(named("vdd", net) for net in found):
        return found
    wells = Counter(
        one[3] for one, card in zip(nodes, cards, strict=True) if len(one) == 4 and _PMOS.search(_model(card))
    )
    supply = next((net for net, _ in wells.most_common(1) if net.lower() not in _GROUNDS), "")
    return list(dict.fromkeys([supply, *found])) if supply and found else []


def _model(card: str) -> str:
    return next((word for word in reversed(card.split()) if "=" not in word), "")


def is_made_of_cells(lines: Sequence[str]) -> bool:
    """Whether the top level of a deck connects several of its cells with each other: it is the circuit itself."""
    return not is_flat(lines) and (connects_cells(*_cells(lines)) or has_own_transistors(lines))


def has_own_transistors(lines: Sequence[str]) -> bool:
    """Whether the top level of a deck has transistors around a cell."""
    if is_flat(lines):
        return False
    inner, _, held = _cells(lines)
    return has_transistors(inner, _split(apart(lines)[1])[0], held)


def is_ring_of_cells(lines: Sequence[str]) -> bool:
    """Whether cells at the top level of a deck form a loop."""
    return not is_flat(lines) and forms_ring(*_cells(lines))


def _cells(lines: Sequence[str]) -> tuple[list[str], list[list[str]], set[str]]:
    """(lines of subcircuits, words of each X line of the top level without parameters, nets that sources hold)."""
    inner, outer = apart(lines)
    cards = _split(outer)[0]
    held = {net for card in cards if card[0].lower() in "vi" for net in _nodes_of(card)}
    held |= {net for card in cards for net in _nodes_of(card) if net.lower() in _GROUNDS}
    calls = [[word for word in card.split() if "=" not in word] for card in cards if card[0].lower() == "x"]
    return inner, calls, held


@dataclass(frozen=True)
class FlatConditions:
    """What the sources and loads of a flat netlist say of its use, by net.

    Attributes:
        volts: DC value of a voltage source to ground, V.
        amps: DC value of a current source, A into the net.
        loads: capacitor from an output to ground, F.
        periods: of a pulse that repeats, s.
        middles: middle of both levels of a pulse to ground, V, where the source has no DC value.
        resistances: resistor from a port to ground, Ohm.
        peaks: highest level of a pulse or a ramp to ground, V: of a supply that is switched on.
    """

    volts: Mapping[str, float] = field(default_factory=dict)
    amps: Mapping[str, float] = field(default_factory=dict)
    loads: Mapping[str, float] = field(default_factory=dict)
    peaks: Mapping[str, float] = field(default_factory=dict)
    periods: Mapping[str, float] = field(default_factory=dict)
    middles: Mapping[str, float] = field(default_factory=dict)
    resistances: Mapping[str, float] = field(default_factory=dict)

    def above(self, net: str) -> FlatConditions:
        """The same with voltages counted from a net, the negative rail of a split supply."""
        base = self.volts.get(net, 0.0)
        volts = {name: volts - base for name, volts in self.volts.items()}
        middles = {name: middle - base for name, middle in self.middles.items()}
        return replace(self, volts=volts, middles=middles) if base else self


def is_flat(lines: Sequence[str]) -> bool:
    """Whether no subcircuit with ports is in the lines."""
    return not any(re.match(r"\s*\.subckt\s+\S+\s+[^\s=]", line, re.IGNORECASE) for line in lines)


def conditions_of(lines: Sequence[str]) -> FlatConditions:
    """The conditions of a flat netlist; empty ones if it tests a subcircuit with ports."""
    if not is_flat(lines) and not is_made_of_cells(lines):
        return FlatConditions()
    cards = _split(lines if is_flat(lines) else apart(lines)[1])[0]
    volts: dict[str, float] = {}
    amps: dict[str, float] = {}
    loads: dict[str, float] = {}
    peaks: dict[str, float] = {}
    periods: dict[str, float] = {}
    middles: dict[str, float] = {}
    outputs = {net.lower() for net in outputs_of(cards, measured_nets("\n".join(lines)))}
    held, known = held_nets(cards), parameters(lines)
    for card in (valued(card, known) if card[0].lower() in "vic" else card for card in cards):
        words = card.split()
        kind = card[0].lower()
        value, peak = _value(words[3:]), peak_of(words[3:]) if kind == "v" else None
        if kind not in "vic" or len(words) < 4 or value is peak is None:
            continue
        plus, minus = (net.lower() for net in words[1:3])
        # a bias current may come from the supply as well as from ground
        fixed = _GROUNDS | held if kind == "i" else _GROUNDS
        if (plus in fixed) == (minus in fixed):
            continue
        net = minus if plus in fixed else plus
        if kind == "c":
            if net in outputs and value is not None:
                loads[net] = loads.get(net, 0.0) + value
            continue
        # SPICE counts a source's current from its plus terminal through the source to its minus terminal
        sign = 1.0 if (minus in fixed) == (kind == "v") else -1.0
        if value is not None:
            (volts if kind == "v" else amps)[net] = sign * value
        if peak is not None:
            peaks[net] = sign * peak
        if kind == "v" and (period := period_of(words[3:])):
            periods[net] = period
        if kind == "v" and (middle := middle_of(words[3:])) is not None:
            middles[net] = sign * middle
    return FlatConditions(volts, amps, loads, peaks, periods, middles)


def held_nets(cards: Iterable[str]) -> frozenset[str]:
    """The nets that a voltage source holds against ground, in lower case: a current from one of them is a bias."""
    found: set[str] = set()
    for card in cards:
        nets = [net.lower() for net in card.split()[1:3]]
        if card[:1].lower() == "v" and len(set(nets) & _GROUNDS) == 1:
            found |= set(nets) - _GROUNDS
    return frozenset(found)


def _value(words: Sequence[str]) -> float | None:
    """The DC value of a source, or the value of a capacitor: the first number; that of a waveform is its start."""
    text = " ".join(words).replace("=", " ")
    text = re.sub(r"(?i)^dc\s+", "", text)
    waveform = re.match(r"(?i)(pulse|sine?|exp|sffm|am)\s*\(?\s*([^\s,()]+)", text)
    first = waveform[2] if waveform else next(iter(text.split()), "")
    return parse_spice_number(first)


def outputs_of(cards: Sequence[str], measured: Collection[str] = ()) -> list[str]:
    """Nets on which drains stand and no gate or source; else those that the deck prints and that are named so."""
    devices = [(card[0].lower(), _nodes_of(card)) for card in cards]
    devices = [(kind, nodes) for kind, nodes in devices if nodes]
    ends = [(kind, [net for net in nodes if net.lower() not in _GROUNDS]) for kind, nodes in devices]
    driven = {net for kind, live in ends if kind in "vi" and len(live) == 1 for net in live}
    fets = [nodes for kind, nodes in devices if kind == "m" or (kind == "x" and len(nodes) == 4)]
    drains = Counter(nodes[0] for nodes in fets)
    elsewhere = {net for nodes in fets for net in nodes[1:]}
    elsewhere |= {net for kind, nodes in devices if kind not in "mxcrvi" for net in nodes}
    free = [net for net, count in drains.items() if net not in driven and net not in _GROUNDS]
    found = [net for net in free if drains[net] > 1 and net not in elsewhere]
    if found:
        return found
    nets = dict.fromkeys(net for kind, nodes in devices if kind not in "vi" for net in nodes if net not in driven)
    named = [net for net in nets if _NAMED_OUTPUT.fullmatch(net) and net.lower() not in _GROUNDS]
    printed = [net for net in named if net.lower() in measured]
    if printed or len(named) == 1:
        return printed or named
    seen = [net for net in nets if net.lower() in measured and net.lower() not in _GROUNDS]
    return seen if len(seen) == 1 else []


def _split(lines: Sequence[str]) -> tuple[list[str], list[str], str]:
    """(device lines, joined; all other lines; the name of the empty subcircuit around them)."""
    cards: list[str] = []
    others: list[str] = []
    name, joining = "circuit", others
    for number, line in enumerate(lines):
        text = line.strip()
        if number == 0 and text and is_title(text):
            others.append(f"* {text}")
            continue
        header = re.match(r"\.subckt\s+(\S+)", text, re.IGNORECASE)
        if header:
            name = header[1]
        elif text.startswith("+") and joining is cards and cards:
            cards[-1] += " " + text[1:].strip()
        elif text[:1].isalpha():
            cards.append(text)
            joining = cards
        elif not re.match(r"\.(ends|end)\b", text, re.IGNORECASE):
            others.append(line)
            joining = others if text and not text.startswith("*") else joining
    return cards, others, name


def _grounded(card: str, count: int, ground: str) -> str:
    words = card.split()
    return " ".join(
        [words[0], *(ground if net.lower() in _GROUNDS else net for net in words[1 : 1 + count]), *words[1 + count :]]
    )
