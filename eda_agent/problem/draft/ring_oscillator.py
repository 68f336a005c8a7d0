"""A ring oscillator is a ring of an odd number of inverting stages: with or without an enable, starved, or tuned."""

from __future__ import annotations

from collections.abc import Sequence

from eda_agent.problem.draft.port_names import named
from eda_agent.problem.draft.port_roles import biases
from eda_agent.problem.structure import Structure
from eda_agent.problem.structure.switching import levels, ring, virtual_rails

_LEVELS = ("low", "high")


def ring_oscillator(
    structure: Structure, rest: Sequence[str], outputs: Sequence[str]
) -> tuple[str, dict[str, str], dict[str, str]] | None:
    """(kind, role → port, port → how it is held) of a ring oscillator; None if the circuit has no ring.

    Args:
        structure: the circuit.
        rest: the ports beside the rails.
        outputs: those that devices drive.
    """
    nets = ring(structure, rest)
    if not nets:
        return None
    ends = [port for port in outputs if not any(fet.gate == port for fet in structure.fets)] or list(outputs)
    out = next((port for port in ends if named("out", port)), ends[0])
    gates = {fet.gate for fet in structure.fets}
    inputs = [port for port in rest if port in gates and port not in outputs]
    bias = {**biases(structure, rest, {out}), **{port: "open" for port in outputs if port != out}}
    runs = {port: _runs_at(structure, port, nets) for port in inputs}
    bias |= {port: level for port, level in runs.items() if level}
    # a port that drives gates of both types, such as a multiplexer's, has a level by its name alone
    left = [port for port in rest if port not in bias and port != out]
    bias |= {port: next((level for level in _LEVELS if named(level, port)), "voltage") for port in left}
    told = {"source", "sink", "low", "high"}
    controls = [port for port in inputs if not runs[port] and bias.get(port) not in told]
    named_so = [port for port in controls if named("vctrl", port)]
    if len(controls) == 1 or len(named_so) == 1:
        [control] = named_so if len(named_so) == 1 else controls
        bias.pop(control, None)
        return "voltage-controlled oscillator", {"out": out, "vctrl": control}, bias
    return "oscillator", {"out": out}, bias


def _runs_at(structure: Structure, port: str, nets: Sequence[str]) -> str:
    """The level of a port at which the ring is free, if it is stuck at the other; "" if the port does not stop it."""
    # what starves the stages conducts
    fed = virtual_rails(structure)
    stuck = [any(net in levels(structure, {**fed, port: level}) for net in nets) for level in (0, 1)]
    return _LEVELS[stuck.index(False)] if sorted(stuck) == [False, True] else ""


def frees_ring(structure: Structure, port: str) -> str:
    """The level of a port at which a ring runs that stops at the other one; "" for other ports and circuits."""
    nets = ring(structure)
    return _runs_at(structure, port, nets) if nets else ""


def hidden_output(structure: Structure) -> str:
    """The net to measure of a ring without an output port: behind a buffer, else of the ring itself; "" without a ring.

    Only a net of the top level can become a port.
    """
    nets = ring(structure)
    if not nets:
        return ""
    gates = {fet.gate for fet in structure.fets}
    ends = [fet.drain for fet in structure.fets if fet.gate in nets and fet.drain not in gates | structure.rails]
    top = [net for net in (*dict.fromkeys(ends), *nets) if net.count(".") == 1 and net.startswith("xdut.")]
    plain = [net.removeprefix("xdut.") for net in top]
    return next((net for net in plain if named("out", net)), plain[0] if plain else "")
