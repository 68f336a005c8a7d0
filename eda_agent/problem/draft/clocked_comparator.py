"""A clocked comparator compares its two inputs once in each period of its clock, and a latch holds the decision: with
one clock or two (a double tail), at the latch's own outputs or behind a second stage.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from eda_agent.problem.draft.benches import COMPARATOR, SINGLE_COMPARATOR, Bench
from eda_agent.problem.draft.port_names import named
from eda_agent.problem.load_testbench import NO_PORT
from eda_agent.problem.structure import Fet, Structure, polarity
from eda_agent.problem.structure.carried import carried
from eda_agent.problem.structure.grounded_inputs import latch_above
from eda_agent.problem.structure.switching import levels
from eda_agent.problem.structure.wiring import Wiring


@dataclass(frozen=True)
class ClockedComparator:
    """`ports`: role → port. `doubts`: uncertain decisions; without `benches` it is not complete."""

    name: str
    ports: Mapping[str, str]
    benches: tuple[Bench, ...]
    doubts: tuple[str, ...] = ()


def clocked_comparator(
    structure: Structure, pair: tuple[Fet, Fet], rest: Sequence[str], outputs: Sequence[str]
) -> ClockedComparator:
    """The comparator with this input pair.

    Args:
        structure: the circuit.
        pair: its input pair.
        rest: the ports beside the rails.
        outputs: the ports that devices drive.
    """
    gates = [pair[0].gate, pair[1].gate]
    outputs = [port for port in outputs if port not in gates and port not in structure.clocks]
    clocks = [port for port in rest if port not in gates and (port in structure.clocks or named("clk", port))]
    if clocks:
        clocks += [port for port in rest if port not in clocks and _switches_latch(structure, pair, port)]
    phases = {port: decides_at(structure, pair, port) for port in clocks}
    known = [level for level in phases.values() if level]
    decided = _decisions(structure, pair, {port: int(level == "high") for port, level in phases.items()}, outputs)
    if len(outputs) > 2:
        # the latch holds the decision, or a latch behind it; other drains are probes, or tell that it has decided
        held = [port for port in outputs if _is_latched(structure, port)]
        held = held if len(held) == 2 else list(decided)
        outputs = held if len(held) == 2 else outputs
    if len(clocks) > 2 or len(known) < len(clocks) or len(set(known)) < len(known):
        doubt = f"how to drive {' and '.join(clocks)}: one clock and its complement were tried"
        return ClockedComparator("", {}, (), (doubt,))
    if len(outputs) not in {1, 2} or not clocks:
        return ClockedComparator("", {}, (), ("which ports are the outputs and the clock of the comparator",))
    timing = {"clk": NO_PORT} | {"clk" if level == "high" else "clkb": port for port, level in phases.items()}
    if len(outputs) == 2 and {*decided} == {*outputs}:
        positive, negative = sorted(outputs, key=lambda port: -decided[port])
        if named("inn", gates[0]) or named("inp", gates[1]):
            # both sides are alike: the names say which is which
            gates, positive, negative = gates[::-1], negative, positive
        ports = {"inp": gates[0], "inn": gates[1], "outp": positive, "outn": negative, **timing}
        return ClockedComparator("comparator", ports, COMPARATOR)
    if len(outputs) == 1:
        positive, negative = gates if polarity(structure, gates[0], outputs[0]) > 0 else gates[::-1]
        ports = {"inp": positive, "inn": negative, "out": outputs[0], **timing}
        return ClockedComparator("comparator with one output", ports, SINGLE_COMPARATOR)
    # each half of the latch stands on one input's device: its output is the one that this input pulls
    first = _side(structure, pair[0])
    side = [out for out in outputs if polarity(structure, first, out) != 0] if first else []
    nearest = min(outputs, key=lambda out: _distance(structure, first, out)) if first and side else outputs[0]
    doubts = () if first else (f"which output belongs to which input: {nearest} was assumed for {gates[0]}",)
    sign = polarity(structure, gates[0], nearest)
    positive = nearest if sign > 0 else next(out for out in outputs if out != nearest)
    other = next(out for out in outputs if out != positive)
    ports = {"inp": gates[0], "inn": gates[1], "outp": positive, "outn": other, **timing}
    return ClockedComparator("comparator", ports, COMPARATOR, doubts)


def _decisions(
    structure: Structure, pair: tuple[Fet, Fet], clocks: Mapping[str, int], outputs: Sequence[str]
) -> dict[str, int]:
    """Output → its level while the first input is the higher one, for those that the decision moves.

    The nets of the latch get the two decisions, and the switch-level model tells what is behind: inverters, and the
    gates of a second latch. {} without two such nets.
    """
    nets = [_side(structure, fet) for fet in pair]
    if not all(nets) or nets[0] == nets[1]:
        return {}
    high = int(polarity(structure, pair[0].gate, nets[0]) > 0)
    ways = [levels(structure, {**clocks, nets[0]: level, nets[1]: 1 - level}) for level in (high, 1 - high)]
    ends = {port: [way.get(port) for way in ways] for port in outputs}
    return {port: found[0] for port, found in ends.items() if found[0] is not None and found[1] == 1 - found[0]}


def _switches_latch(structure: Structure, pair: tuple[Fet, Fet], port: str) -> bool:
    """Whether a port drives gates alone, and with the type other than that of the inputs a tail of the latch, or ties
    nothing but the latch's nets to a rail: the complement of the clock, whatever its name is.
    """
    on = [fet for fet in structure.fets if port in (fet.drain, fet.gate, fet.source)]
    tails = _feet(structure)
    held = {fet.drain for fet in structure.fets if _is_latched(structure, fet.drain)}
    resets = bool(on) and all(fet.drain in held and fet.source in structure.rails for fet in on)
    tail = any(fet.type != pair[0].type and {fet.drain, fet.source} & tails for fet in on)
    return (tail or resets) and all(fet.gate == port and port not in (fet.drain, fet.source) for fet in on)


def _feet(structure: Structure) -> set[str]:
    """The nets below the devices of the latch, without the rails."""
    latch = [fet for fet in structure.fets if structure.roles.get(fet.name, "").startswith("latch")]
    return {fet.source for fet in latch} - structure.rails


def decides_at(structure: Structure, pair: tuple[Fet, Fet], clock: str) -> str:
    """The level of a clock ("high" or "low") at which the circuit decides; "" if it does not tell.

    It switches the tail of the input pair on, else a tail of the latch, else the devices that reset the nets or
    make them equal off.
    """
    other = {"high": "low", "low": "high", "": ""}
    feet, tails = {pair[0].source, pair[1].source} - structure.rails, _feet(structure)
    nets = {net: "high" if sign > 0 else "low" for net, sign in carried(structure.fets, structure.rails, clock).items()}
    votes: dict[int, set[str]] = defaultdict(set)
    for fet in structure.fets:
        if fet.gate not in nets or fet.drain in nets:
            continue
        on = "high" if fet.type == "nmos" else "low"
        on = on if nets[fet.gate] == "high" else other[on]
        ends = {fet.drain, fet.source}
        if ends & feet:
            # a device of the other type between a tail and a rail resets the tail
            votes[0].add(on if fet.type == pair[0].type or not ends & structure.rails else other[on])
        elif ends & tails:
            votes[1].add(on)
        elif ends & structure.rails:
            votes[2].add(other[on])
        else:
            # it makes two nets equal
            votes[3].add(other[on])
    found = votes[min(votes)] if votes else set()
    return next(iter(found)) if len(found) == 1 else ""


def _is_latched(structure: Structure, port: str) -> bool:
    return any(fet.drain == port and structure.roles.get(fet.name, "").startswith("latch") for fet in structure.fets)


def _side(structure: Structure, fet: Fet) -> str:
    """The net of the latch that an input moves; "" if it is not seen."""
    if found := _latched(structure, fet.drain) or _behind(structure, fet.drain):
        return found
    held = frozenset(one.drain for one in structure.fets if _is_latched(structure, one.drain))
    return latch_above(Wiring(structure), fet.drain, held, fet.type)


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


def _behind(structure: Structure, net: str) -> str:
    """The net that a device drives whose gate is on a net, if the latch holds it: the second stage of a double tail."""
    found = {fet.drain for fet in structure.fets if fet.gate == net and _is_latched(structure, fet.drain)}
    found |= {_latched(structure, fet.drain) for fet in structure.fets if fet.gate == net} - {""}
    return found.pop() if len(found) == 1 else ""


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
