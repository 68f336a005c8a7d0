"""What the ports of a circuit are to the universal surrogate, and the load at its output: from the testbenches' own
names, otherwise from the connections.
"""

from __future__ import annotations

from collections.abc import Mapping

from eda_agent.problem.spec import Problem, Testbench
from eda_agent.problem.structure.circuit import Structure, polarity
from eda_agent.units import parse_quantity

_GROUNDS = frozenset(["0", "gnd"])


def port_words(problem: Problem, structure: Structure, words: tuple[str, ...]) -> dict[str, str]:
    """Port → its word, of the ports whose names are none of the `words`.

    A template's nets have the words as names. A deck's have not: there an input pair and the only output that follows
    it with opposite signs make an amplifier.
    """
    found = {
        port: net
        for bench in problem.testbenches.values()
        if bench.template
        for port, net in bench.nets.items()
        if net in words and port not in words
    }
    pair = structure.input_pair
    if found or pair is None:
        return found
    # a bias port feeds a diode
    gates, biases = [fet.gate for fet in pair], {fet.drain for fet in structure.fets if fet.diode}
    driven = {fet.drain for fet in structure.fets} - biases - structure.rails - set(gates)
    outputs = [port for port in structure.ports if port in driven]
    signs = {gate: polarity(structure, gate, outputs[0]) for gate in gates} if len(outputs) == 1 else {}
    if sorted(signs.values()) != [-1, 1]:
        return {}
    found = {outputs[0]: "out"} | {gate: "inp" if sign > 0 else "inn" for gate, sign in signs.items()}
    return {port: word for port, word in found.items() if port not in words}


def deck_load(bench: Testbench, subckt: str, place: int) -> float:
    """The capacitance (F) from the port at a place of the circuit's first instance to ground in a deck; 0 if it has
    none, or one that depends on more than a parameter.
    """
    lines = [line.lower().split() for line in bench.deck.splitlines() if line.strip()]
    calls = [line for line in lines if line[0].startswith("x") and subckt.lower() in line]
    if not calls or len(calls[0]) <= 1 + place or (net := calls[0][1 + place]) in _GROUNDS:
        return 0.0
    return sum(
        _value(line[3], bench.settings)
        for line in lines
        if line[0].startswith("c") and len(line) == 4 and net in line[1:3] and not _GROUNDS.isdisjoint(line[1:3])
    )


def _value(text: str, settings: Mapping[str, str]) -> float:
    name = text.strip("'{}")
    try:
        return float(parse_quantity(str(settings.get(name, name))))
    except ValueError:
        return 0.0
