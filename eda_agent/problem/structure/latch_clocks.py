"""The clocks of a latch are the ports that switch it, whatever their names: they drive gates alone, and every device
behind them is a tail, or resets the latch's nets to a rail or to each other.

A pair of inputs whose loads are a cross-coupled pair and resets has no operating point to amplify from.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from eda_agent.problem.structure.circuit import Fet
from eda_agent.problem.structure.wiring import Wiring

Pair = tuple[Fet, Fet]


def latch_clocks(wiring: Wiring, cross_pairs: Sequence[Pair], behind: Mapping[str, str]) -> tuple[str, ...]:
    """The ports that switch a latch between inputs, () if nothing resets one; with the nets of `behind` that do.

    `behind`: net → the port that drives it through inverters.
    """
    found: set[str] = set()
    for tails, resets in _switched(wiring, cross_pairs, {*wiring.circuit.ports, *behind}):
        if resets:
            found |= {fet.gate for fet in (*tails, *resets)}
    nets = [net for net in behind if net in found]
    driving = {behind[net] for net in nets}
    return tuple(
        port
        for port in wiring.circuit.ports
        if port in driving or (port in found and _drives_gates_alone(wiring, port))
    ) + tuple(nets)


def only_latched(wiring: Wiring, cross_pairs: Sequence[Pair], inputs: Pair) -> bool:
    """Whether a cross-coupled pair and resets are all that loads a pair of inputs: it decides, it does not amplify."""
    drains = {fet.drain for fet in inputs}
    crossed = {fet.name for pair in cross_pairs for fet in pair}
    return any(
        drains == {fet.drain for fet in pair} and _loads(wiring, drains, crossed, inputs) is not None
        for pair in cross_pairs
    )


def _switched(
    wiring: Wiring, cross_pairs: Sequence[Pair], driven: Collection[str]
) -> Iterator[tuple[list[Fet], list[Fet]]]:
    """(tails, resets) of every latch that a pair of inputs feeds: the gates of the resets are driven nets, and those of
    all tails or of none.
    """
    crossed = {fet.name for pair in cross_pairs for fet in pair}
    for pair in cross_pairs:
        nets = {fet.drain for fet in pair}
        beside = [fet for other in cross_pairs for fet in other if {one.drain for one in other} == nets]
        nets |= {fet.source for fet in beside} - wiring.rails
        for inputs in _inputs(wiring, nets, crossed):
            resets = _loads(wiring, nets, crossed, inputs)
            if resets is None:
                continue
            foot = inputs[0].source
            tails = [fet for fet in wiring.by_drain[foot] if fet.source in wiring.rails]
            # a tail may be a current source inside: then what resets the latch alone is the clock
            outside = [fet.gate in driven for fet in tails]
            if (all(outside) or not any(outside)) and all(fet.gate in driven for fet in resets):
                yield tails, resets


def _inputs(wiring: Wiring, nets: set[str], crossed: set[str]) -> Iterator[Pair]:
    """The pairs of one type with a common source and gates of their own whose drains are two of the nets."""
    ends = [fet for net in sorted(nets) for fet in wiring.by_drain[net] if fet.name not in crossed]
    for number, one in enumerate(ends):
        for other in ends[number + 1 :]:
            alike = one.type == other.type and one.source == other.source and one.source not in wiring.rails | nets
            if alike and one.gate != other.gate and one.drain != other.drain:
                yield one, other


def _loads(wiring: Wiring, nets: set[str], crossed: set[str], inputs: Pair) -> list[Fet] | None:
    """The devices that join these nets to a rail or to each other, beside latch and inputs; None if something else
    stands there: a diode, a resistor, a coil, a further stage.
    """
    found = []
    if any(passive.kind != "c" for net in nets for passive in wiring.by_passive[net]):
        return None
    for fet in {one.name: one for net in nets for one in (*wiring.by_drain[net], *wiring.by_source[net])}.values():
        if fet.name in crossed or fet.name in {one.name for one in inputs}:
            continue
        if fet.gate in nets or not {fet.drain, fet.source} <= nets | wiring.rails:
            return None
        found.append(fet)
    return found


def _drives_gates_alone(wiring: Wiring, port: str) -> bool:
    channel = wiring.by_drain[port] or wiring.by_source[port]
    return port not in wiring.rails and not channel and not wiring.by_passive[port]
