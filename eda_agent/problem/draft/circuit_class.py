"""A circuit class is the purpose of a circuit: the testbenches that fit it, and the role of each port in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from eda_agent.problem.draft.analog_switch import analog_switch
from eda_agent.problem.draft.benches import (
    BUFFER,
    CURRENT_REFERENCE,
    GATE,
    LEVEL_SHIFTER,
    OPAMP,
    OPEN_COMPARATOR,
    OSCILLATOR,
    OWN_DIVIDER,
    REFERENCE,
    REGULATOR,
    SCHMITT,
    TIA,
    VCO,
    Bench,
    charge_pump_benches,
)
from eda_agent.problem.draft.charge_pump import charge_pump
from eda_agent.problem.draft.chosen_output import last_driven, named_output
from eda_agent.problem.draft.clocked_comparator import clocked_comparator
from eda_agent.problem.draft.converter import unnamed_bits
from eda_agent.problem.draft.cross_coupled import cross_coupled, crossed
from eda_agent.problem.draft.driven_path import decides, driven_path, is_gated, leads_to_gates
from eda_agent.problem.draft.enable import enables_of, words_of
from eda_agent.problem.draft.fully_differential import NAME as FULLY_DIFFERENTIAL
from eda_agent.problem.draft.fully_differential import fully_differential
from eda_agent.problem.draft.kinds import STATIC
from eda_agent.problem.draft.own_divider import own_divider, own_dividers
from eda_agent.problem.draft.plain_kinds import plain_kind
from eda_agent.problem.draft.port_roles import (
    biases,
    gives_current,
    has_no_sink,
    levels_of,
    loaded_stages,
    mirror_bank,
    outputs_of,
)
from eda_agent.problem.draft.power_on_reset import power_on_reset
from eda_agent.problem.draft.released_level import released_level
from eda_agent.problem.draft.resonator import resonator_ports
from eda_agent.problem.draft.resonator import words_of as resonator_words
from eda_agent.problem.draft.ring_oscillator import ring_oscillator
from eda_agent.problem.draft.sample_hold import sample_hold
from eda_agent.problem.draft.static_logic import static_logic
from eda_agent.problem.load_testbench import NO_PORT
from eda_agent.problem.structure import Structure, polarity
from eda_agent.problem.structure.latch_clocks import only_latched
from eda_agent.problem.structure.wiring import Wiring


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

    @property
    def static(self) -> bool:
        """Whether its devices are switches, whose function the kind says."""
        return self.name in STATIC


KIND_BENCHES = {"gate": GATE, "level shifter": LEVEL_SHIFTER, "Schmitt trigger": SCHMITT}
"""Kind of static logic → its testbenches."""


def classify(structure: Structure) -> CircuitClass:
    """Classify a circuit; `name` is "" if its purpose is unknown."""
    rest = [port for port in structure.ports if port not in structure.rails]
    if structure.input_pair is None and (pump := charge_pump(structure, rest)) is not None:
        rails = {"vdd": structure.vdd or NO_PORT, "vss": structure.vss or NO_PORT}
        # a load inside is the circuit's own
        benches = charge_pump_benches("0" if pump.loaded else "1u")
        return CircuitClass("charge pump", {**pump.ports, **rails}, pump.bias, benches)
    if (plain := plain_kind(structure, rest)) is not None:
        return CircuitClass(*plain)
    if (sampled := sample_hold(structure, rest)) is not None:
        said = ("a capacitor lifts the gate of the switch: it is bootstrapped",) if sampled.boosted else ()
        return CircuitClass("sample and hold", sampled.ports, sampled.bias, sampled.benches, noticed=said)
    if structure.input_pair is None and (pads := resonator_ports(structure, rest)) is not None:
        return CircuitClass("", {"vdd": structure.vdd, "vss": structure.vss}, {}, (), (resonator_words(pads),))
    if structure.input_pair is None and (logic := static_logic(structure)) is not None:
        benches = KIND_BENCHES[logic.kind]
        return CircuitClass(logic.kind, logic.ports, logic.held, benches, noticed=logic.words)
    if structure.input_pair is None and (switch := analog_switch(structure)) is not None:
        return CircuitClass("switch", switch.ports, {}, switch.benches)
    enables = enables_of(structure, rest)
    kind = _tell(structure, set(enables))
    bias = {**kind.bias, **{port: enable.level for port, enable in enables.items()}}
    switches = tuple(name for enable in enables.values() for name in enable.members)
    starting = tuple(name for name, role in structure.roles.items() if role == "start-up")
    noticed = [*kind.noticed, *(words_of(enable) for enable in enables.values())]
    if starting:
        names = " ".join(name.upper() for name in starting)
        noticed.append(f"{names} start the circuit: they are not sized")
    return replace(kind, bias=bias, noticed=tuple(noticed), switches=(*switches, *starting))


def _tell(structure: Structure, enables: set[str]) -> CircuitClass:
    rails = {"vdd": structure.vdd, "vss": structure.vss}
    doubts = [f"no port is the {role} rail" for role, net in rails.items() if net not in structure.ports]
    rest = [port for port in structure.ports if port not in structure.rails and port not in enables]
    levels = levels_of(structure, rest)
    rest = [port for port in rest if port not in levels]
    found = _purpose(structure, rails, rest, doubts)
    levels = {port: how for port, how in levels.items() if port not in found.ports.values()}
    return replace(found, bias={**found.bias, **levels}) if found.name or found.benches else found


def _purpose(structure: Structure, rails: dict[str, str], rest: Sequence[str], doubts: list[str]) -> CircuitClass:
    pair = structure.input_pair
    outputs = outputs_of(structure, rest)
    if len(regulated := dict.fromkeys(one.out for one in own_dividers(structure))) > 1:
        doubts.append(
            f"which output is meant: each of {', '.join(regulated)} is regulated; name one:"
            f" --kind ldo-with-divider --port out={next(iter(regulated))}"
        )
        return CircuitClass("", rails, {}, (), tuple(doubts))
    if (divider := own_divider(structure)) is not None:
        bias = {
            **biases(structure, rest, {divider.out}),
            **({divider.tap: "open"} if divider.tap in {*rest} - {divider.out} else {}),
        }
        ports = {"out": divider.out, **rails}
        said = (divider.words,)
        return CircuitClass("regulator with its divider", ports, bias, OWN_DIVIDER, tuple(doubts), said)
    if pair is not None and structure.clocks:
        found_one = clocked_comparator(structure, pair, rest, outputs)
        ports = {**found_one.ports, **rails}
        bias = biases(structure, rest, set(ports.values())) if found_one.benches else {}
        return CircuitClass(found_one.name, ports, bias, found_one.benches, (*doubts, *found_one.doubts))
    if pair is not None:
        return _amplifier(structure, rails, rest, outputs, doubts)
    inputs = [port for port in rest if any(fet.gate == port for fet in structure.fets) and port not in outputs]
    feedback = any(role == "feedback resistor" for role in structure.roles.values())
    if feedback and len(rest) == 2:
        sides = [port for port in rest if any(fet.gate == port for fet in structure.fets)]
        out = next((port for port in rest if any(fet.drain == port for fet in structure.fets)), "")
        if len(sides) == 1 and out and out != sides[0]:
            return CircuitClass(
                "transimpedance amplifier", {"in": sides[0], "out": out, **rails}, {}, TIA, tuple(doubts)
            )
    if driven := driven_path(structure, rest, outputs):
        kind, source, out = driven
        taken = {"in": source, "out": out, **rails}
        benches = BUFFER if kind == "buffer" else GATE
        return CircuitClass(kind, taken, biases(structure, rest, {source, out}), benches, tuple(doubts))
    if gate := _common_gate(structure, rest):
        ports = {"in": gate[0], "out": gate[1], **rails}
        return CircuitClass("transimpedance amplifier", ports, biases(structure, rest, set(gate)), TIA, tuple(doubts))
    if (found := ring_oscillator(structure, rest, outputs) if outputs else None) is None:
        found = cross_coupled(structure, rest, outputs)
    if found is not None:
        name, ports, bias = found
        swings = OSCILLATOR if name == "oscillator" else VCO
        return CircuitClass(name, {**ports, **rails}, bias, swings, tuple(doubts))
    if (reset := power_on_reset(structure, rest)) is not None:
        held = dict.fromkeys(reset.others, "open")
        if not released_level(structure, reset.out):
            doubts.append(
                f"the level of {reset.out} when it is released: the setting released of its testbenches says it"
            )
        return CircuitClass("power-on reset", {"out": reset.out, **rails}, held, reset.benches, tuple(doubts))
    if len(rest) == 1 and outputs and not inputs and is_gated(structure, rest[0]):
        # nothing drives it, and a gate drives its output: what else could it do
        doubts.append("whether this circuit oscillates: no ring of inverters was recognised")
        return CircuitClass("oscillator", {"out": rest[0], **rails}, {}, OSCILLATOR, tuple(doubts))
    if len(rest) == 1 and not inputs and gives_current(structure, rest[0]):
        return CircuitClass("current reference", {"out": rest[0], **rails}, {}, CURRENT_REFERENCE, tuple(doubts))
    if (bias_of := mirror_bank(structure, rest)) is not None:
        return _mirrors(rails, *bias_of)
    if len(rest) == 1 and not inputs and structure.fets and not leads_to_gates(structure, rest[0]):
        return CircuitClass("reference", {"out": rest[0], **rails}, {}, REFERENCE, tuple(doubts))
    if (ladder := unnamed_bits(structure, rest)) is not None:
        out, bits = ladder
        doubts.append(
            f"which bit is which: {', '.join(bits)} switch a ladder of resistors at {out}; name each, the least first:"
            f" --kind dac --port out={out} --port b0=…"
        )
        return CircuitClass("", rails, {}, (), tuple(doubts))
    doubts.append("the purpose of the circuit: no input pair, ring of inverters or feedback resistor was recognised")
    return CircuitClass("", rails, {}, (), tuple(doubts))


def _mirrors(rails: Mapping[str, str], out: str, held: Mapping[str, str]) -> CircuitClass:
    """Mirrors with several ports: a rail that they do not have is none. Those fed from outside do not start alone."""
    alone = not {"source", "sink"} & set(held.values())
    left = set() if alone else {"current_reference_startup"}
    # a current from an ideal source hardly follows a supply that is not there
    left |= set() if rails["vdd"] else {"current_reference_line"}
    asked = tuple(bench for bench in CURRENT_REFERENCE if bench.template not in left)
    ports = {"out": out, **{role: net or NO_PORT for role, net in rails.items()}}
    return CircuitClass("current reference", ports, held, asked)


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


def _amplifier(
    structure: Structure, rails: dict[str, str], rest: Sequence[str], outputs: Sequence[str], doubts: list[str]
) -> CircuitClass:
    pair = structure.input_pair
    assert pair is not None
    if only_latched(Wiring(structure), crossed(structure), pair):
        # loads that hold a decision
        doubts.append("whether it compares or amplifies: a latch alone loads its input pair (--kind, and its clock)")
        return CircuitClass("", rails, {}, (), tuple(doubts))
    gates = [pair[0].gate, pair[1].gate]
    outputs = outputs or [port for port in loaded_stages(structure, rest) if polarity(structure, gates[0], port)]
    looped = [gate for gate in gates if gate in outputs]
    outputs = [port for port in outputs if port not in gates]
    source = next(gate for gate in gates if gate not in looped[:1])
    if len(looped) == 1 and not outputs and polarity(structure, source, looped[0]) > 0:
        # the output is the inverting input: a follower
        taken = {"in": source, "out": looped[0], **rails}
        return CircuitClass("buffer", taken, biases(structure, rest, {source, *looped}), BUFFER, tuple(doubts))
    last = last_driven(structure, gates, outputs)
    if len(last) != 1 and (pair_of := fully_differential(structure, gates, outputs, rest)) is not None:
        name, ports = (FULLY_DIFFERENTIAL, {**pair_of.ports, **rails}) if pair_of.benches else ("", rails)
        return CircuitClass(name, ports, pair_of.bias, pair_of.benches, (*doubts, *pair_of.doubts))
    if len(outputs) > 1 and len(chosen := named_output(last)) == 1:
        left = " ".join(port.upper() for port in outputs if port not in chosen)
        doubts.append(f"whether {chosen[0].upper()} is the output: {left} is driven too and left open (--port out=…)")
        outputs = chosen
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
    if decides(structure, out):
        ports = {"inp": plain, "inn": inverting, "out": out, **rails}
        return CircuitClass("comparator without clock", ports, bias, OPEN_COMPARATOR, tuple(doubts))
    if has_no_sink(structure, out):
        # no device inside pulls the output: the load does, as in a regulator
        return CircuitClass(
            "regulator", {"vref": plain, "fb": inverting, "out": out, **rails}, bias, REGULATOR, tuple(doubts)
        )
    return CircuitClass("op-amp", {"inp": plain, "inn": inverting, "out": out, **rails}, bias, OPAMP, tuple(doubts))
