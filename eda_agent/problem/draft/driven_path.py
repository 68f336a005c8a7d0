"""A driven path leads from an input's gate to the output without a pair: a follower, or gates in series."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from eda_agent.problem.draft.resonator import behind_resistors
from eda_agent.problem.structure import Structure, polarity
from eda_agent.problem.structure.switching import ring

_MOST_GATES = 8
"""Gates in series between an input and an output."""


def driven_path(structure: Structure, rest: Sequence[str], outputs: Sequence[str]) -> tuple[str, str, str] | None:
    """("buffer" or "gate", input, output), or None if there is no such path or more than one."""
    found = [("buffer", source, out) for source, out in _followers(structure, rest)]
    if not found and not ring(structure):
        steered = _steered(structure)
        links = _gates(structure, steered)
        gates = {fet.gate for fet in structure.fets}
        # what the circuit drives itself is no input of it
        driven = {net for fet in structure.fets for net in (fet.drain, fet.source)}
        entries = {
            port: net
            for port in rest
            if port not in outputs and (net := _entry(structure, port)) in gates and net not in driven
        }
        if steered:
            # a delay cell: what sets the current of its inverter is no input
            entries = {port: net for port, net in entries.items() if net in links}
        # a gate with several inputs needs the others at levels that nobody told
        if len(entries) == 1:
            [(source, net)] = entries.items()
            found = [("gate", source, out) for out in outputs if _leads(links, net, out)]
    return found[0] if len(found) == 1 else None


def _entry(structure: Structure, port: str) -> str:
    """The net behind a port: its own, or that behind the only resistor on it."""
    behind = [passive for passive in structure.passives if port in passive.nets]
    touched = any(port in (fet.gate, fet.drain, fet.source) for fet in structure.fets)
    if touched or len(behind) != 1 or behind[0].kind != "r":
        return port
    one, other = behind[0].nets
    return other if one == port else one


def decides(structure: Structure, out: str) -> bool:
    """Whether an amplifier's output is that of a comparator: a gate drives it, or cross-coupled loads stand before it,
    and no compensation reaches it. Latches that the inputs do not reach are control logic, as in a level shifter.
    """
    compensated = any(role.startswith("compensation") for role in structure.roles.values())
    driver = is_gated(structure, out)
    gates = [fet.gate for fet in structure.input_pair or ()]
    latches = [fet for fet in structure.fets if structure.roles.get(fet.name, "").startswith("latch")]
    crossed = any(polarity(structure, gate, fet.drain) for gate in gates for fet in latches)
    return (driver or crossed) and not compensated


def is_gated(structure: Structure, out: str) -> bool:
    """Whether an inverter between the rails drives a port."""
    return any(out in outs for outs in _gates(structure).values())


def leads_to_gates(structure: Structure, port: str) -> bool:
    """Whether resistors lead from a port to gates and to no channel: it is an input."""
    found = behind_resistors(structure, port)
    channels = {net for fet in structure.fets for net in (fet.drain, fet.source)}
    return bool(found & {fet.gate for fet in structure.fets}) and not found & channels


def _followers(structure: Structure, rest: Sequence[str]) -> list[tuple[str, str]]:
    """(input, output) of every device between the opposite rail and a port, with its gate on another port."""
    opposite = {"nmos": structure.vdd, "pmos": structure.vss}
    found = {
        (fet.gate, fet.source)
        for fet in structure.fets
        if fet.drain == opposite[fet.type] and {fet.gate, fet.source} <= set(rest) and fet.gate != fet.source
    }
    return list(found) if len(found) == 1 else []


def _steered(structure: Structure) -> set[str]:
    """The nets from which starving devices, and nothing else, feed an inverter."""
    return {fet.drain for fet in structure.fets if structure.roles.get(fet.name, "").startswith("starving")}


def _gates(structure: Structure, steered: Collection[str] = ()) -> dict[str, set[str]]:
    """Input net → output nets of the inverters. `steered`: nets that feed some of them in the place of a rail."""
    names = {fet.name for fet in structure.fets if structure.roles.get(fet.name, "").startswith("inverter")}
    rails = {structure.vdd, structure.vss, "0", *steered}
    links: dict[str, set[str]] = {}
    for fet in structure.fets:
        if fet.name in names and fet.source in rails:
            links.setdefault(fet.gate, set()).add(fet.drain)
    return links


def _leads(links: dict[str, set[str]], start: str, goal: str) -> bool:
    """Whether gates lead from a net to another, and from no net back to itself."""
    front, seen = {start}, {start}
    for _ in range(_MOST_GATES):
        front = {net for one in front for net in links.get(one, ())}
        if goal in front:
            return True
        if front & seen:
            return False
        seen |= front
    return False
