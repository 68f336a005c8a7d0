"""Values of a deck's calls, checked against the circuit that a spec sizes, which may come from another file."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from eda_agent.errors import Finding
from eda_agent.problem.bench.calls import plain_words
from eda_agent.problem.bench.reading import BenchText, circuit_of_deck, outside
from eda_agent.problem.expression import ExpressionError, parse
from eda_agent.problem.located_node import LocatedNode
from eda_agent.problem.netlist import Netlist, Subcircuit


def with_values_of_calls(
    text: BenchText, scope: Subcircuit, sized: Collection[str], deck: LocatedNode, notes: list[Finding]
) -> BenchText:
    """The deck, whose calls keep the values that the circuit does not have as its defaults.

    Args:
        text: the deck.
        scope: the circuit.
        sized: what the spec sizes; a default of the circuit is `SUBCIRCUIT.NAME`.
        deck: the spec's entry; it receives an error for a sized default that the calls replace by different values.
        notes: receives a remark for a sized default that starts at another value than the calls give.
    """
    kept: dict[str, str] = {}
    for name, shown in text.calls.differing.get(scope.name, {}).items():
        if f"{scope.name}.{name}" in sized:
            deck.wrong(
                f"{name} of {scope.name} is sized without effect: the deck's calls give it ({shown})",
                f"remove {name} from parameters, or from the calls",
            )
    for name, value in text.calls.moved.get(scope.name, {}).items():
        own = scope.defaults.get(name)
        if own is None or _same(own, value):
            continue
        if f"{scope.name}.{name}" in sized:
            said = f"the deck calls {scope.name} with {name}={value}; {name} is sized, from {own} in the circuit"
            notes.append(deck.noted(said))
        else:
            kept[name] = value
    if not kept:
        return text
    calls = {
        id(line)
        for line in outside(text.lines)
        if line.card.startswith("x") and plain_words(line.text)[-1].lower() == scope.name
    }
    added = "".join(f" {name}={value}" for name, value in kept.items())
    lines = tuple(replace(line, text=line.text + added) if id(line) in calls else line for line in text.lines)
    return replace(text, lines=lines)


def _same(one: str, other: str) -> bool:
    try:
        return parse(one) == parse(other)
    except ExpressionError:
        return one.strip() == other.strip()


def copies_that_differ(text: BenchText, netlist: Netlist, scope: Subcircuit, deck: LocatedNode) -> list[Finding]:
    """A remark if the deck has a circuit of its own of that name, other than the one that is sized."""
    own = {line.file.resolve() for line in text.lines if line.card == ".subckt"} - {
        line.file.resolve() for line in netlist.lines
    }
    defined = [line for line in text.lines if line.card == ".subckt" and line.text.split()[1:2] != []]
    if not any(line.text.split()[1].lower() == scope.name and line.file.resolve() in own for line in defined):
        return []
    copy = circuit_of_deck(text).subcircuits[scope.name]
    if _content(copy) == _content(scope):
        return []
    said = f"the deck has its own copy of {scope.name}, which differs from the circuit: the circuit is simulated"
    return [deck.noted(f"{said}. A line  .include FILE  in both keeps them equal")]


def _content(scope: Subcircuit) -> tuple[object, ...]:
    devices = sorted((one.name, one.nodes, one.value.lower(), sorted(one.params.items())) for one in scope.devices)
    return scope.ports, dict(scope.defaults), dict(scope.params), devices
