"""A circuit class is the purpose of a circuit: the testbenches that fit it, and the role of each port in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from eda_agent.problem.draft.enable import enables_of, words_of
from eda_agent.problem.structure import Structure, polarity


@dataclass(frozen=True)
class Bench:
    """A testbench template with the settings to write, and its metrics: metric → sense."""

    name: str
    template: str
    settings: Mapping[str, str]
    metrics: Mapping[str, str]


@dataclass(frozen=True)
class CircuitClass:
    """The purpose of a circuit.

    Attributes:
        ports: role in the testbenches → port.
        bias: port → how it is held (`biases`).
        doubts: uncertain decisions, one sentence each.
        noticed: observations worth reporting.
        switches: devices that an enable drives or that start the circuit; they are not sized.
    """

    name: str
    ports: Mapping[str, str]
    bias: Mapping[str, str]
    benches: tuple[Bench, ...]
    doubts: tuple[str, ...] = field(default_factory=tuple)
    noticed: tuple[str, ...] = field(default_factory=tuple)
    switches: tuple[str, ...] = field(default_factory=tuple)


MIN, MAX, NEAR = "minimum", "maximum", "near"
"""`NEAR`: a value to keep, between two bounds."""

_OPAMP = (
    Bench(
        "loop",
        "opamp_open_loop",
        {"load": "1p"},
        {"dc_gain": MIN, "gbw": MIN, "phase_margin": MIN, "input_noise": MAX, "power": MAX},
    ),
    Bench("step", "opamp_step", {"load": "1p"}, {"slew_rate_up": MIN, "slew_rate_down": MIN, "settling_time": MAX}),
)
_COMPARATOR = (Bench("clock", "comparator", {"load": "10f", "frequency": "100M"}, {"delay": MAX, "power": MAX}),)
_REGULATOR = (
    Bench("full", "ldo_loop", {"load_current": "1m", "load": "100p"}, {"phase_margin": MIN}),
    Bench("ac", "ldo_ac", {"load_current": "1m", "load": "100p"}, {"psrr_plus": MIN, "quiescent_current": MAX}),
    Bench("load", "ldo_load", {"load_current": "1m"}, {"load_regulation": MAX}),
    Bench("line", "ldo_line", {"load_current": "1m"}, {"line_regulation": MAX, "dropout": MAX}),
)
_TIA = (
    Bench(
        "main",
        "transimpedance",
        {"source": "100f", "load": "20f"},
        {"transimpedance": MIN, "bandwidth": MIN, "peaking": MAX, "input_noise_current": MAX, "power": MAX},
    ),
)
_OSCILLATOR = (Bench("run", "oscillator", {"frequency": "500M"}, {"oscillation_frequency": MIN, "power": MAX}),)
_VCO = (Bench("run", "vco", {"frequency": "500M", "control": "vdd/2"}, {"oscillation_frequency": MIN, "power": MAX}),)
_REFERENCE = (
    Bench("drift", "reference", {}, {"temperature_coefficient": MAX, "power": MAX}),
    Bench("line", "reference_line", {}, {"line_regulation": MAX}),
)

_CURRENT_REFERENCE = (
    Bench("drift", "current_reference", {}, {"output_current": NEAR, "temperature_coefficient": MAX, "power": MAX}),
    Bench("line", "current_reference_line", {}, {"line_sensitivity": MAX}),
    Bench("compliance", "current_reference_compliance", {}, {"compliance_range": MIN}),
)


def classify(structure: Structure) -> CircuitClass:
    """Classify a circuit; `name` is "" if its purpose is unknown."""
    enables = enables_of(structure, [port for port in structure.ports if port not in structure.rails])
    kind = _tell(structure, set(enables))
    bias = {**kind.bias, **{port: enable.level for port, enable in enables.items()}}
    switches = tuple(name for enable in enables.values() for name in enable.members)
    starting = tuple(name for name, role in structure.roles.items() if role == "start-up")
    noticed = [words_of(enable) for enable in enables.values()]
    if starting:
        names = " ".join(name.upper() for name in starting)
        noticed.append(
            f"{names} start the circuit: they are not sized, because no testbench shows whether the circuit starts"
        )
    return replace(kind, bias=bias, noticed=tuple(noticed), switches=(*switches, *starting))


def _tell(structure: Structure, enables: set[str]) -> CircuitClass:
    rails = {"vdd": structure.vdd, "vss": structure.vss}
    doubts = [f"no port is the {role} rail" for role, net in rails.items() if net not in structure.ports]
    rest = [port for port in structure.ports if port not in structure.rails and port not in enables]
    pair = structure.input_pair
    outputs = outputs_of(structure, rest)
    if pair is not None and structure.clocks:
        return _comparator(structure, rails, rest, outputs, doubts)
    if pair is not None:
        return _amplifier(structure, rails, rest, outputs, doubts)
    inputs = [port for port in rest if any(fet.gate == port for fet in structure.fets) and port not in outputs]
    feedback = any(role == "feedback resistor" for role in structure.roles.values())
    if feedback and len(rest) == 2:
        sides = [port for port in rest if any(fet.gate == port for fet in structure.fets)]
        out = next((port for port in rest if any(fet.drain == port for fet in structure.fets)), "")
        if len(sides) == 1 and out and out != sides[0]:
            return CircuitClass(
                "transimpedance amplifier", {"in": sides[0], "out": out, **rails}, {}, _TIA, tuple(doubts)
            )
    if gate := _common_gate(structure, rest):
        ports = {"in": gate[0], "out": gate[1], **rails}
        return CircuitClass("transimpedance amplifier", ports, biases(structure, rest, set(gate)), _TIA, tuple(doubts))
    if _rings(structure) and len(outputs) == 1:
        ports = {"out": outputs[0], **rails}
        if len(inputs) == 1:
            return CircuitClass("voltage-controlled oscillator", {**ports, "vctrl": inputs[0]}, {}, _VCO, tuple(doubts))
        return CircuitClass("oscillator", ports, biases(structure, rest, {outputs[0]}), _OSCILLATOR, tuple(doubts))
    if len(rest) == 1 and not inputs and _gives_current(structure, rest[0]):
        return CircuitClass("current reference", {"out": rest[0], **rails}, {}, _CURRENT_REFERENCE, tuple(doubts))
    if len(rest) == 1 and not inputs:
        return CircuitClass("reference", {"out": rest[0], **rails}, {}, _REFERENCE, tuple(doubts))
    doubts.append(
        _divided(structure)
        or "the purpose of the circuit: no input pair, ring of inverters or feedback resistor was recognised"
    )
    return CircuitClass("", rails, {}, (), tuple(doubts))


def _common_gate(structure: Structure, rest: Sequence[str]) -> tuple[str, str] | None:
    """(input, output) of a common-gate stage: a current into a source leaves at the drain, into a load; None if there
    is none.

    The gate is a port that is neither, so that an amplifier's cascode or a follower is none.
    """
    found = {
        (fet.source, fet.drain)
        for fet in structure.fets
        if {fet.source, fet.drain, fet.gate} <= set(rest) and len({fet.source, fet.drain, fet.gate}) == 3
        and any(fet.drain in passive.nets and passive.kind == "r" for passive in structure.passives)
    }  # fmt: skip
    return found.pop() if len(found) == 1 else None


def _divided(structure: Structure) -> str:
    """How to open the loop of a regulator with an internal divider, "" for other circuits."""
    resistors = [passive for passive in structure.passives if passive.kind == "r"]
    for pair in structure.pairs:
        for gate in {pair[0].gate, pair[1].gate} - set(structure.ports):
            ends = {
                end: passive.name
                for passive in resistors
                if gate in passive.nets
                for end in passive.nets
                if end != gate
            }
            out = next((end for end in ends if end in structure.ports and end not in structure.rails), "")
            if out and structure.vss in ends and _has_no_sink(structure, out):
                names = f"{ends[out].upper()} and {ends[structure.vss].upper()}"
                return (
                    f"how to open the loop of this regulator: its divider is internal. Remove {names} and make"
                    f" {gate.removeprefix('xdut.')} a port: the testbenches of regulators have a divider (r_top,"
                    " r_bottom)"
                )
    return ""


def _amplifier(
    structure: Structure, rails: dict[str, str], rest: Sequence[str], outputs: Sequence[str], doubts: list[str]
) -> CircuitClass:
    pair = structure.input_pair
    assert pair is not None
    gates = [pair[0].gate, pair[1].gate]
    outputs = [port for port in outputs if port not in gates]
    if len(outputs) == 2:
        doubts.append("what sets the common mode of the outputs: the inputs are held at vdd/2 without feedback")
        return CircuitClass("differential amplifier", rails, {}, (), tuple(doubts))
    if len(outputs) != 1:
        doubts.append(
            f"which port is the output: {' or '.join(outputs) or 'none is driven'}; only templates for one output were"
            " tried"
        )
        return CircuitClass("", rails, {}, (), tuple(doubts))
    out = outputs[0]
    signs = {gate: polarity(structure, gate, out) for gate in gates}
    inverting = next((gate for gate in gates if signs[gate] < 0), "")
    plain = next((gate for gate in gates if gate != inverting), "")
    if not inverting or sorted(signs.values()) != [-1, 1]:
        inverting, plain = gates
        doubts.append(f"which of {gates[0]} and {gates[1]} is the inverting input: {inverting} was assumed")
    bias = biases(structure, rest, {out, *gates})
    if _has_no_sink(structure, out):
        # no device inside pulls the output: the load does, as in a regulator
        return CircuitClass(
            "regulator", {"vref": plain, "fb": inverting, "out": out, **rails}, bias, _REGULATOR, tuple(doubts)
        )
    return CircuitClass("op-amp", {"inp": plain, "inn": inverting, "out": out, **rails}, bias, _OPAMP, tuple(doubts))


def _comparator(
    structure: Structure, rails: dict[str, str], rest: Sequence[str], outputs: Sequence[str], doubts: list[str]
) -> CircuitClass:
    pair = structure.input_pair
    assert pair is not None
    gates = [pair[0].gate, pair[1].gate]
    outputs = [port for port in outputs if port not in gates and port not in structure.clocks]
    if len(outputs) != 2 or len(structure.clocks) != 1:
        doubts.append("which ports are the two outputs and the clock of the comparator")
        return CircuitClass("", rails, {}, (), tuple(doubts))
    # each half of the latch stands on one input's device: its output is the one that this input pulls
    first = _latched(structure, pair[0].drain)
    side = [out for out in outputs if polarity(structure, first, out) != 0] if first else []
    nearest = min(outputs, key=lambda out: _distance(structure, first, out)) if first and side else outputs[0]
    if not first:
        doubts.append(f"which output belongs to which input: {nearest} was assumed for {gates[0]}")
    sign = polarity(structure, gates[0], nearest)
    positive = nearest if sign > 0 else next(out for out in outputs if out != nearest)
    negative = next(out for out in outputs if out != positive)
    ports = {"inp": gates[0], "inn": gates[1], "outp": positive, "outn": negative, "clk": structure.clocks[0], **rails}
    return CircuitClass("comparator", ports, {}, _COMPARATOR, tuple(doubts))


def _latched(structure: Structure, net: str) -> str:
    """The drain of the latch device on a net."""
    return next(
        (
            fet.drain
            for fet in structure.fets
            if fet.source == net and structure.roles.get(fet.name, "").startswith("latch")
        ),
        "",
    )


def _distance(structure: Structure, start: str, goal: str) -> int:
    """The number of gates between two nets, not through the other half of the latch."""
    steps, seen, front = 0, {start}, {start}
    while front and goal not in front:
        front = {
            fet.drain
            for fet in structure.fets
            if fet.gate in front
            and fet.drain not in structure.rails
            and not structure.roles.get(fet.name, "").startswith("latch")
        } - seen
        seen |= front
        steps += 1
    return steps if front else 1_000


def outputs_of(structure: Structure, ports: Sequence[str]) -> list[str]:
    """The ports that devices drive."""
    return [port for port in ports if _drives(structure, port)]


def _gives_current(structure: Structure, port: str) -> bool:
    """Whether only drains of one type are on a port, and nothing that converts their current to a voltage."""
    fets = [fet for fet in structure.fets if port in (fet.drain, fet.gate, fet.source)]
    loads = [passive for passive in structure.passives if passive.kind != "c" and port in passive.nets]
    return (
        bool(fets)
        and not loads
        and len({fet.type for fet in fets}) == 1
        and all(fet.drain == port != fet.gate for fet in fets)
    )


def _drives(structure: Structure, port: str) -> bool:
    """Whether devices drive a port: a drain that is not also the diode of a bias."""
    drains = [fet for fet in structure.fets if fet.drain == port]
    return bool(drains) and not any(fet.diode for fet in drains)


def _has_no_sink(structure: Structure, out: str) -> bool:
    fets = [fet for fet in structure.fets if out in (fet.drain, fet.source)]
    # a pair with resistive loads is an amplifier
    loaded = any(structure.roles.get(fet.name) == "input pair" for fet in fets)
    return not loaded and bool(fets) and all(fet.type == "pmos" and fet.drain == out for fet in fets)


def biases(structure: Structure, rest: Sequence[str], taken: set[str]) -> dict[str, str]:
    """Port → how it is held: "source" (a current into the port), "sink" (out of it) or "voltage"; an enable is "low" or
    "high".
    """
    result = {}
    for port in rest:
        if port in taken or port in structure.clocks:
            continue
        diodes = [fet for fet in structure.fets if fet.gate == port and fet.drain == port]
        tops = [mirror.reference for mirror in structure.mirrors if mirror.reference.gate == port]
        found = next(iter(diodes + tops), None)
        result[port] = "voltage" if found is None else "source" if found.type == "nmos" else "sink"
    return result


def _rings(structure: Structure) -> bool:
    """Whether inverting stages form a ring of odd length, at least three."""
    links: dict[str, set[str]] = {}
    for fet in structure.fets:
        if structure.roles.get(fet.name, "").startswith("inverter"):
            links.setdefault(fet.gate, set()).add(fet.drain)
    for start in links:
        net, length, seen = start, 0, set()
        while net not in seen and net in links:
            seen.add(net)
            # a stage may also drive a buffer: follow the branch that leads back
            net = next((other for other in links[net] if other in links), "")
            length += 1
            if net == start:
                return length >= 3 and length % 2 == 1
    return False
