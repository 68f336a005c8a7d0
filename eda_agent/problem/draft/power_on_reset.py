"""A power-on reset drives its output by gates that its own supply decides: no input reaches them, and no way leads from
the output back to them with an odd number of inversions, as in an oscillator.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from eda_agent.problem.draft.benches import Bench, reset_benches
from eda_agent.problem.draft.driven_path import is_gated
from eda_agent.problem.draft.port_names import named
from eda_agent.problem.structure import Structure


@dataclass(frozen=True)
class PowerOnReset:
    """`out`: the port of the reset. `others`: further outputs. `benches`: its testbenches."""

    out: str
    others: tuple[str, ...]
    benches: tuple[Bench, ...]


def power_on_reset(structure: Structure, rest: Sequence[str]) -> PowerOnReset | None:
    """The power-on reset that a circuit is, None if it is none. `rest`: the ports beside the rails."""
    outs = [port for port in rest if is_gated(structure, port)]
    channels = {net for fet in structure.fets for net in (fet.drain, fet.source)}
    # another port that no device drives is an input
    if not outs or any(port not in channels for port in rest):
        return None
    nets = {fet.gate for fet in structure.fets if fet.drain in outs}
    if not nets or any(_inverts_itself(structure, net) for net in nets | {*outs}):
        return None
    out = next((port for port in outs if named("reset", port)), outs[0])
    return PowerOnReset(out, tuple(port for port in rest if port != out), reset_benches(_has_threshold(structure)))


def _inverts_itself(structure: Structure, start: str) -> bool:
    """Whether a way through gates and channels leads from a net back to it with an odd number of inversions."""
    links: dict[str, list[tuple[str, int]]] = {}
    for fet in structure.fets:
        if fet.gate not in structure.rails:
            links.setdefault(fet.gate, []).extend([(fet.drain, -1), (fet.source, 1)] if not fet.diode else [])
        links.setdefault(fet.source, []).append((fet.drain, 1))
    for one in structure.passives:
        if one.kind == "r":
            for net, other in (one.nets, one.nets[::-1]):
                links.setdefault(net, []).append((other, 1))
    seen, waiting = {(start, 1)}, deque([(start, 1)])
    while waiting:
        net, sign = waiting.popleft()
        for other, step in links.get(net, ()):
            if other == start and sign * step < 0:
                return True
            if other not in structure.rails and (other, sign * step) not in seen:
                seen.add((other, sign * step))
                waiting.append((other, sign * step))
    return False


def _has_threshold(structure: Structure) -> bool:
    """Whether a DC current from rail to rail tells the supply's voltage: a divider, diodes, mirrors, or devices that
    their gate on a rail turns on.

    Without one, a resistor or a device charges a capacitor: a delay without a threshold.
    """
    mirrored = {fet.name for mirror in structure.mirrors for fet in mirror.members}
    links = [set(one.nets) for one in structure.passives if one.kind == "r"]
    links += [
        {fet.drain, fet.source}
        for fet in structure.fets
        if fet.diode or fet.name in mirrored or fet.gate in structure.rails
    ]
    reached = {structure.vdd}
    for _ in links:
        reached |= {net for ends in links if ends & reached for net in ends}
    return bool(reached & {structure.vss, "0"})
