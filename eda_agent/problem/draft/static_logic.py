"""Static logic is a circuit in which an input alone moves an output from rail to rail: gates, level shifters, Schmitt
triggers, latches that are transparent.

What it computes is found by a switch-level model (`structure.switching`); the other inputs are held at the levels at
which the chosen one decides.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from eda_agent.problem.draft.port_names import named
from eda_agent.problem.structure import Structure
from eda_agent.problem.structure.switching import sensitised, stages

_LEVELS = {0: "low", 1: "high"}


@dataclass(frozen=True)
class StaticLogic:
    """`kind`: gate, level shifter or Schmitt trigger. `ports`: role → port. `held`: other port → low, high or open."""

    kind: str
    ports: Mapping[str, str]
    held: Mapping[str, str]

    @property
    def words(self) -> tuple[str, ...]:
        """What a user should know of the ports that are held."""
        sides = [f"{port.upper()} {level}" for port, level in self.held.items() if level != "open"]
        source, target = self.ports["in"].upper(), self.ports["out"].upper()
        said = (
            [f"{source} decides {target} with {', '.join(sides)}: --port in=… measures another input"] if sides else []
        )
        free = [port.upper() for port, level in self.held.items() if level == "open"]
        return (*said, *([f"{', '.join(free)} is left open: {target} is measured"] if free else []))


def static_logic(structure: Structure, source: str = "", target: str = "") -> StaticLogic | None:
    """The logic of a circuit, None if it is none.

    Args:
        structure: the circuit.
        source: the input that the user names.
        target: the output that the user names.
    """
    if structure.mirrors or any(fet.diode for fet in structure.fets):
        # a bias current flows: what is switched is analog
        return None
    rest = [port for port in structure.ports if port not in structure.rails]
    supplies = _supplies(structure, rest)
    gates = {fet.gate for fet in structure.fets}
    driven = {net for fet in structure.fets for net in (fet.drain, fet.source)}
    inputs = [port for port in rest if port in gates - driven and port not in supplies]
    outputs = sorted((port for port in rest if port in driven and port not in supplies), key=lambda port: port in gates)
    outputs.sort(key=lambda port: not named("out", port))
    if len(inputs) + len(outputs) + len(supplies) != len(rest):
        return None
    if any(
        "bias" in port.lower() and len({fet.type for fet in structure.fets if fet.gate == port}) == 1 for port in inputs
    ):
        # a current flows: a switched current cell has the connections of a gate
        return None
    for out in [target] if target else outputs:
        for one in [source] if source else inputs:
            others = [port for port in inputs if port != one]
            found = sensitised(structure, one, out, others, supplies)
            if found is not None:
                held = {port: _LEVELS[level] for port, level in found.items()}
                held |= {port: "open" for port in outputs if port != out}
                return _of_kind(structure, {"in": one, "out": out}, held, supplies)
    return None


def _supplies(structure: Structure, rest: Sequence[str]) -> dict[str, int]:
    """Port beside the rails → its level: sources and bulks of one type alone stand on it."""
    result = {}
    for port in rest:
        touching = [fet for fet in structure.fets if port in (fet.drain, fet.gate, fet.source, fet.bulk)]
        types = {fet.type for fet in touching}
        feeds = all(port not in (fet.drain, fet.gate) for fet in touching)
        if touching and feeds and len(types) == 1:
            result[port] = 1 if types == {"pmos"} else 0
    return result


def _of_kind(
    structure: Structure, ports: Mapping[str, str], held: Mapping[str, str], supplies: Mapping[str, int]
) -> StaticLogic:
    rails = {"vdd": structure.vdd, "vss": structure.vss}
    sources = {fet.source for fet in structure.fets if fet.type == "pmos"}
    high = [port for port, level in supplies.items() if level == 1 and port in sources]
    plain = {port: _LEVELS[level] for port, level in supplies.items()}
    if len(high) == 1:
        # the rail of the output is the upper supply, the other that of the input
        own = next((fet.source for fet in structure.fets if fet.type == "pmos" and fet.drain == ports["out"]), "")
        upper, lower = (high[0], structure.vdd) if own == high[0] else (structure.vdd, high[0])
        rest = {port: level for port, level in plain.items() if port != high[0]}
        return StaticLogic("level shifter", {**ports, **rails, "vdd": upper, "vddl": lower}, {**held, **rest})
    kind = "Schmitt trigger" if _feeds_back(structure) else "gate"
    return StaticLogic(kind, {**ports, **rails}, {**held, **plain})


def _feeds_back(structure: Structure) -> bool:
    """Whether a stage drives one of its own devices, whose other end is on the opposite rail, as a Schmitt trigger."""
    place = stages(structure)
    opposite = {"nmos": structure.vdd, "pmos": structure.vss}
    behind = {
        net
        for passive in structure.passives
        if passive.kind == "r" and set(passive.nets) & structure.rails
        for net in passive.nets
    }
    return any(
        fet.gate in place
        and place[fet.gate] in {place.get(fet.source), place.get(fet.drain)}
        and (fet.drain == opposite[fet.type] or fet.drain in behind)
        for fet in structure.fets
        if not fet.diode
    )
